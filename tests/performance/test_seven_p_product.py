"""Product on the worked figures: confidence 35%, lift 1.944, and every reason not to offer."""

import polars as pl
import pytest

from performance.seven_p import product
from tests.performance.worked import AS_OF, frame, settings, without

NOTHING = {
    "product_id": None,
    "because_id": None,
    "confidence_bp": None,
    "lift": None,
    "value_fen": None,
    "fallback": None,
}


def offer(number, **changes):
    return {
        "product_id": number,
        "risk": 3,
        "margin_fen": 38_000,
        "for_persons": True,
        "for_organisations": False,
        "holders_persons": 10,
        "holders_organisations": 0,
    } | changes


RULE = {"held": 2, "product_id": 9, "confidence": 0.35, "lift": 0.35 / 0.18}
RULES = pl.DataFrame(schema={"held": pl.Int64, "product_id": pl.Int64, "confidence": float, "lift": float})


def answer(*changes, rules=(RULE,), products=None):
    schema = {"product_id": pl.Int64, "risk": pl.Int64}
    fitted = {
        "rules": pl.DataFrame(list(rules), schema=RULES.schema),
        "products": pl.DataFrame(products or [offer(9)], schema_overrides=schema),
    }
    rows = product.compute(frame(*changes), AS_OF, settings("product", **fitted)).to_dicts()
    return [{name[8:]: row[name] for name in row if name[8:] in NOTHING} for row in rows]


def test_product_worked_customer():
    (row,) = answer()

    assert row["lift"] == pytest.approx(1.944, abs=5e-4)
    assert without(row, "lift") == {
        "product_id": 9,
        "because_id": 2,
        "confidence_bp": 3500,
        "value_fen": 13_300,
        "fallback": False,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"consent": False},
        {"risk": 2},  # R3 is above C2
        {"risk": None},  # never tested
        {"is_person": False},
        {"held": [2, 9]},
    ],
)
def test_product_is_not_offered(change):
    assert answer(change) == [NOTHING]


def test_product_unrated_needs_no_risk_test():
    (row,) = answer({"risk": None}, products=[offer(9, risk=None)])

    assert row["product_id"] == 9


def test_product_without_a_rule_falls_back_to_the_most_held():
    products = [
        offer(8, holders_persons=40),
        offer(9),
        offer(1, holders_persons=99),
        offer(4, holders_persons=0),
    ]
    rows = answer({}, {"held": [5]}, rules=[], products=products)

    assert rows == [
        NOTHING | {"product_id": 8, "fallback": True},
        NOTHING | {"product_id": 1, "fallback": True},
    ]


def test_product_takes_the_most_valuable_rule():
    rules = [RULE, RULE | {"product_id": 8, "confidence": 0.30}, RULE | {"held": 3, "confidence": 0.36}]
    (row,) = answer(rules=rules, products=[offer(9), offer(8, margin_fen=50_000)])
    (same,) = answer(rules=rules, products=[offer(9), offer(8)])

    assert (row["product_id"], row["because_id"], row["value_fen"]) == (8, 2, 15_000)
    assert (same["product_id"], same["because_id"], same["confidence_bp"]) == (9, 3, 3600)


def baskets(a, b, *, everyone: int) -> pl.DataFrame:
    """Product 1 held by the customers `a`, product 2 by `b`, of `everyone`."""
    both = len({*a} & {*b})
    counts = [both, len(a) - both, len(b) - both, everyone - len({*a} | {*b})]
    return pl.DataFrame({"held": [[1, 2], [1], [2], []], "customers": counts})


def test_rules_worked_figures():
    """1,200 hold A and 420 of them B; 1,800 of 10,000 hold B: confidence 35%, lift 1.944."""
    a, b = range(1200), [*range(420), *range(5000, 6380)]
    fitted = product.rules(baskets(a, b, everyone=10_000), settings("product")).to_dicts()

    assert fitted == [
        {
            "held": 1,
            "product_id": 2,
            "confidence": 0.35,
            "lift": pytest.approx(1.944, abs=5e-4),
        },
        {"held": 2, "product_id": 1, "confidence": 420 / 1800, "lift": pytest.approx(1.944, abs=5e-4)},
    ]


@pytest.mark.parametrize(("holders", "both", "kept"), [(99, 40, []), (100, 29, []), (100, 30, [2])])
def test_rules_need_100_holders_and_30_of_both(holders, both, kept):
    a, b = range(holders), range(both)
    fitted = product.rules(baskets(a, b, everyone=1000), settings("product"))

    assert fitted["product_id"].to_list() == kept


def test_rules_without_lift_are_dropped():
    everyone = range(200)

    assert product.rules(baskets(everyone, everyone, everyone=200), settings("product")).is_empty()
