"""Pay by hand: the worked manager of domain.md §1, ends of the factor, the pool, the cut into instalments."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance import scoring
from performance.scoring import DEFAULT_RULES, default_content


def pay_of(score, *, grade="intermediate", days=91, pool=None, line="sme"):
    k = scoring.factor(D(score), safety=D("83.7647"), rules=DEFAULT_RULES)
    full = scoring.full_pay(k, grade=grade, days=days, quarter=91, rules=DEFAULT_RULES)
    return k, scoring.split(full, shared=scoring.pool_factor([full], pool), line=line, rules=DEFAULT_RULES)


def test_the_worked_manager():
    k, pay = pay_of("77.92")
    assert (k, pay.amount, pay.now, pay.deferred) == (D("0.9376"), 1_406_400, 843_840, 562_560)
    assert pay.instalments == (187_520, 187_520, 187_520)


@pytest.mark.parametrize(
    ("score", "k"),
    [("100", "1.6000"), ("80", "1.0000"), ("60", "0.4000"), ("0", "0.4000"), ("80.01", "1.0003")],
)
def test_factor_has_no_cliffs_and_ends(score, k):
    assert scoring.factor(D(score), rules=DEFAULT_RULES) == D(k)


def test_weak_safety_caps_the_factor_at_one_and_a_veto_takes_it():
    assert scoring.factor(D(95), safety=D("59.99"), rules=DEFAULT_RULES) == 1
    assert scoring.factor(D(70), safety=D("59.99"), rules=DEFAULT_RULES) == D("0.7")
    assert scoring.factor(D(95), vetoed=True, rules=DEFAULT_RULES) == 0
    assert scoring.factor(None, vetoed=True, rules=DEFAULT_RULES) == 0


@pytest.mark.parametrize(("before", "k"), [(None, "1"), ("1.3", "1"), ("0.85", "0.85")])
def test_who_is_unrated_keeps_the_factor_before_but_at_most_one(before, k):
    before = None if before is None else D(before)
    assert scoring.factor(None, before=before, rules=DEFAULT_RULES) == D(k)


def test_days_in_post_count():
    _, pay = pay_of("80", days=45)
    assert pay.amount == 741_758  # 1,500,000 × 45/91 = 741,758.24


@pytest.mark.parametrize(("pool", "amount"), [(10_000_000, 1_406_400), (703_200, 703_200), (0, 0)])
def test_a_pool_too_small_is_shared_in_proportion(pool, amount):
    _, pay = pay_of("77.92", pool=pool)
    assert pay.amount == amount


def test_the_last_instalment_takes_the_rest():
    pay = scoring.split(D(250), line="sme", rules=DEFAULT_RULES)
    assert (pay.now, pay.instalments) == (150, (33, 33, 34))


def test_a_bank_may_set_an_uneven_schedule():
    content = default_content() | {"pay": default_content()["pay"] | {"schedule": ["30", "30", "40"]}}
    pay = scoring.split(D(1_000), line="sme", rules=scoring.rules_of(content))
    assert pay.instalments == (120, 120, 160)


@given(st.lists(st.decimals(1, 10**7, places=4), min_size=1, max_size=30), st.integers(0, 10**8))
def test_a_shared_pool_suffices_and_is_used_up_to_rounding(full, pool):
    shared = scoring.pool_factor(full, pool)
    paid = sum(scoring.split(one, shared=shared, line="sme", rules=DEFAULT_RULES).amount for one in full)
    if shared < 1:
        assert pool - len(full) - 1 <= paid <= pool


@given(st.decimals(0, 10**9, places=4), st.sampled_from(["retail", "sme"]))
def test_parts_are_the_whole(amount, line):
    pay = scoring.split(amount, line=line, rules=DEFAULT_RULES)
    assert pay.now + sum(pay.instalments) == pay.amount
    assert min(pay.now, *pay.instalments) >= 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"k": default_content()["pay"]["k"] | {"low": "2"}}, "must rise from its low"),
        ({"coefficients": {"trainee": "1"}}, "coefficient above 0 for exactly trainee"),
        ({"deferred": {"sme": "40"}}, "deferred share of 0 to 100"),
        ({"schedule": []}, "at least one part"),
        ({"base_fen": "much"}, "cannot be read"),
        ({"base_fen": "-1"}, "cannot be negative"),
    ],
)
def test_rules_of_pay_that_make_no_sense_are_refused(changes, said):
    content = default_content() | {"pay": default_content()["pay"] | changes}
    with pytest.raises(scoring.SchemeError, match=said):
        scoring.rules_of(content)
