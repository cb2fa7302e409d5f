"""The order of Today on a hand-worked table, and files of rules that cannot be used."""

import tomllib
from copy import deepcopy
from datetime import date, timedelta

import pytest

from customers import ranking

AS_OF = date(2026, 6, 30)
TOLD = tomllib.loads(ranking.DEFAULT.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        *((-40, 190), (-30, 190), (-10, 130), (-1, 103)),  # late: 100 + 3 a day, 30 days at most
        *((0, 100), (1, 100), (2, 80), (3, 80), (4, 60), (7, 60)),
        *((8, 40), (14, 40), (15, 25), (30, 25), (31, 15), (400, 15)),
    ],
)
def test_urgency(days, expected):
    assert ranking.urgency(AS_OF + timedelta(days=days), AS_OF) == expected


@pytest.mark.parametrize(
    ("kind", "value", "days", "likelihood", "expected"),
    [
        # 300,000 yuan that matures in 10 days, 14.48% likely to leave: 30,000,000 fen × .1448 × .40
        ("deposit_matures", 30_000_000, 10, 1448, 1_737_600),
        # a promise to a customer of 100 yuan, five days late: the floor of 300,000 yuan × .5 × 1.15
        ("promise", 10_000, -5, None, 17_250_000),
        # 2m yuan silent, a week to go: 200,000,000 × .05 × .60
        ("silent", 200_000_000, 7, None, 6_000_000),
        # 100,050 fen × .01 × .60 = 600.3
        ("birthday", 100_050, 5, None, 600),
    ],
)
def test_rank(kind, value, days, likelihood, expected):
    assert ranking.rank(kind, value, AS_OF + timedelta(days=days), AS_OF, likelihood) == expected


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda told: told["kinds"].pop("churn"), "churn"),
        (lambda told: told["urgency"].update(steps=[[3, 80], [1, 100]]), "rise"),
        (lambda told: told.update(version=""), "version"),
        (lambda told: told["kinds"]["churn"].pop("floor_yuan"), "floor_yuan"),
    ],
)
def test_rules_that_cannot_be_used_say_why(spoil, said, tmp_path, monkeypatch):
    told = deepcopy(TOLD)
    spoil(told)
    with pytest.raises((KeyError, ValueError), match=said):
        ranking.parsed(told)
    monkeypatch.setenv("GUANHU_TODAY", str(tmp_path / "none.toml"))
    ranking.rules.cache_clear()
    with pytest.raises(ranking.RulesError, match=r"none\.toml"):
        ranking.rules()
    monkeypatch.undo()
    ranking.rules.cache_clear()
