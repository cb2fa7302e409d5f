"""Fits against published figures (CDNOW, which the lifetimes package brings) and at the edges."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from performance.fitting import bgnbd, gamma_gamma

SUMMARY = "cdnow_customers_summary_with_transactions.csv"
PUBLISHED = bgnbd.BgNbd(0.2426, 4.4135, 0.7929, 2.4258, -9582.4256, 2357)


@pytest.fixture(scope="module")
def cdnow():
    """x, t_x, T in weeks and the mean worth of CDNOW's 2,357 customers."""
    [package] = find_spec("lifetimes").submodule_search_locations
    table = np.genfromtxt(Path(package) / "datasets" / SUMMARY, delimiter=",", names=True)
    return tuple(table[name] for name in ("x", "t_x", "T", "zbar"))


def test_cdnow_gives_the_published_parameters(cdnow):
    x, t_x, age, _ = cdnow
    found = bgnbd.fit(x, t_x, age)
    assert [round(value, 4) for value in (found.r, found.alpha, found.a, found.b)] == pytest.approx(
        [0.2426, 4.4135, 0.7929, 2.4258], abs=1e-4
    )
    assert found.log_likelihood == pytest.approx(-9582.4256, abs=1e-4)
    assert found.customers == 2357
    assert bgnbd.p_alive(found, [2], [30.43], [38.86])[0] == pytest.approx(0.7266, abs=5e-5)
    assert bgnbd.expected(found, [2], [30.43], [38.86], 39)[0] == pytest.approx(1.2259, abs=5e-5)


def test_cdnow_gives_the_published_worth(cdnow):
    x, _, _, mean = cdnow
    found = gamma_gamma.fit(x, mean)
    assert (found.p, found.q, found.v) == pytest.approx((6.2488, 3.7446, 15.4478), abs=1e-4)
    assert found.customers == 946


def test_rows_with_weights_are_the_customers_they_stand_for(cdnow):
    x, t_x, age = (np.floor(values) for values in cdnow[:3])
    one_by_one = bgnbd.fit(x, t_x, age)
    rows = bgnbd.binned(x, t_x, age)
    assert rows[3].sum() == 2357 and len(rows[0]) < 2357
    assert bgnbd.fit(*rows) == one_by_one


def test_order_of_customers_changes_nothing(cdnow):
    x, t_x, age, mean = cdnow
    mixed = np.random.default_rng(4).permutation(len(x))
    assert bgnbd.fit(x[mixed], t_x[mixed], age[mixed]) == bgnbd.fit(x, t_x, age)
    worth = gamma_gamma.fit(x[mixed], mean[mixed])
    assert (worth.p, worth.q, worth.v) == pytest.approx((6.2488, 3.7446, 15.4478), abs=1e-4)


def test_another_unit_of_time_and_money_changes_the_unit_only(cdnow):
    x, t_x, age, mean = cdnow
    days = bgnbd.fit(x, t_x * 7, age * 7)
    assert (days.r, days.alpha / 7, days.a, days.b) == pytest.approx(
        (0.2426, 4.4135, 0.7929, 2.4258), abs=1e-4
    )
    fen = gamma_gamma.fit(x, mean * 100)
    assert (fen.p, fen.q, fen.v / 100) == pytest.approx((6.2488, 3.7446, 15.4478), abs=1e-4)


@pytest.mark.parametrize("logs", [[0.0, 1.0, 0.0, 1.0], [-1.4, 1.5, -0.2, 0.9], [1.0, -1.0, 2.0, 3.0]])
def test_gradient_is_the_slope_of_the_likelihood(cdnow, logs):
    work = bgnbd._Work(*bgnbd.binned(*cdnow[:3]))
    logs = np.array(logs)
    assert work(logs)[1] == pytest.approx(approx_fprime(logs, lambda at: work(at)[0], 1e-6), abs=1e-4)


@pytest.mark.parametrize("logs", [[1.8, 1.4, 2.7], [0.5, 0.5, 1.0]])
def test_second_derivatives_of_the_worth(cdnow, logs):
    x, _, _, mean = cdnow
    kept = x > 0
    work, logs = gamma_gamma._Work(x[kept].astype(int), mean[kept]), np.array(logs)
    assert work.slope(logs) == pytest.approx(approx_fprime(logs, work.value, 1e-6), abs=1e-4)
    assert work.bend(logs) == pytest.approx(approx_fprime(logs, work.slope, 1e-6), abs=1e-3)


def test_who_came_once_is_taken_to_be_active():
    assert list(bgnbd.p_alive(PUBLISHED, [0, 0], [0, 0], [1, 50])) == [1, 1]


def test_silence_lowers_the_probability_and_the_expectation():
    ages = np.array([20.0, 30.0, 40.0, 50.0])
    alive = bgnbd.p_alive(PUBLISHED, [10] * 4, [20] * 4, ages)
    weeks = bgnbd.expected(PUBLISHED, [10] * 4, [20] * 4, ages, 13)
    assert (np.diff(alive) < 0).all() and (np.diff(weeks) < 0).all()
    assert bgnbd.expected(PUBLISHED, [10], [20], [30], 0)[0] == pytest.approx(0, abs=1e-12)


def test_few_active_weeks_are_worth_what_everybodys_are():
    model = gamma_gamma.GammaGamma(6.2488, 3.7446, 15.4478, 0, 946)
    everybody = 6.2488 * 15.4478 / 2.7446
    none, few, many = gamma_gamma.expected_worth(model, [0, 1, 1000], [0, 100, 100])
    assert none == pytest.approx(everybody)
    assert everybody < few < many < 100 and many == pytest.approx(100, rel=0.001)


def test_too_little_is_said():
    with pytest.raises(bgnbd.CannotFit, match="there are 3"):
        bgnbd.fit([1, 0, 2], [1, 0, 2], [3, 3, 3])
    with pytest.raises(bgnbd.CannotFit, match="some with two active weeks"):
        bgnbd.fit(np.zeros(500), np.zeros(500), np.full(500, 9))
    with pytest.raises(bgnbd.CannotFit, match="there are 0"):
        gamma_gamma.fit([], [])
