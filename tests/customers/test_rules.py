"""The rules of the profile: what a bank's own file must hold, and how long a risk test does."""

from datetime import date
from types import SimpleNamespace

import pytest

from customers import rules, suitability

GOOD = 'version = "1"\nsoon_days = 60\noutside_months = 12\nbeneficial_share = 25\nrisk_test_months = 12\n'


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Return a function that makes a text the bank's own file."""

    def write(text):
        path = tmp_path / "profile.toml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv("GUANHU_PROFILE", str(path))
        rules.profile.cache_clear()

    yield write
    rules.profile.cache_clear()


def test_a_banks_own_file_is_read(own):
    own(GOOD + '[fields.job]\ntopic = "work"\nentry = "amount"\n')
    assert rules.field("job") == {"topic": "work", "entry": "amount", "options": []}
    assert rules.field("unknown") == {"topic": "other", "entry": "text", "options": []}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "not TOML"),
        ("", "write version"),
        (GOOD.replace("60", '"60"'), "soon_days must be a whole number"),
        (GOOD + '[fields.job]\ntopic = "x"\n', "job has topic 'x'"),
        (GOOD + '[fields.job]\nentry = "x"\n', "job has entry 'x'"),
        (GOOD + '[fields.job]\nentry = "choice"\n', "a choice without options"),
    ],
)
def test_a_bad_file_says_what_to_correct(own, text, said):
    own(text)
    with pytest.raises(rules.RulesError, match=said):
        rules.profile()


def test_a_missing_file_is_named(own, monkeypatch):
    own(GOOD)
    monkeypatch.setenv("GUANHU_PROFILE", "nowhere.toml")
    with pytest.raises(rules.RulesError, match=r"nowhere\.toml"):
        rules.profile()


@pytest.mark.parametrize(
    ("tested", "until"),
    [
        (date(2025, 5, 1), date(2026, 5, 1)),
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2025, 12, 31), date(2026, 12, 31)),
        (None, None),
    ],
)
def test_a_risk_test_holds_for_a_year(tested, until):
    assert suitability.tested_until(SimpleNamespace(risk_tested_on=tested)) == until
