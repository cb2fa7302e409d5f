"""Plans per customer and quarter, set so that managers reach most of them, some more and some less.

What the quarters will bring is measured on the ledger just made, with the bank's own formula (domain.md §1);
each manager's plan is that, divided by how far he is meant to get.
"""

import numpy as np
import polars as pl

from crm.demo import products
from crm.demo.contacts import lead_on
from crm.demo.dice import Dice
from crm.demo.ledger import APP, COUNTER, FEE, SALARY, WEB, Ledger
from crm.demo.population import Population
from crm.demo.staff import Managers
from crm.demo.window import Window, dates

_COST = {"counter": 8.0, "digital": 0.3, "other": 2.0, "account_day": 36 / 365, "loan_day": 600 / 365}
_TAX, _CAPITAL = 0.25, 0.75 * 0.105 * 0.10
_NII = np.where(
    products.DEPOSIT,
    products.FTP - products.RATE,
    np.where(products.FAMILY == "loan", products.RATE - products.FTP, 0),
)
_LOSS = np.array([products.LGD.get(code, 0) / 100 for code in products.CODES])


class Measured:
    """What every customer brought in every quarter so far, in yuan; shape (quarters, customers)."""

    def __init__(self, customers: int, window: Window):
        self.quarters = window.quarters()
        self.window = window
        shape = (len(self.quarters), customers)
        self.deposit, self.eva, self.fee = (np.zeros(shape) for _ in range(3))

    def days(self, quarter: int) -> tuple[int, int]:
        """Return (first day, day after the last) of what the feed covers of a quarter."""
        _, start, end = self.quarters[quarter]
        return max(start, self.window.first), min(end, self.window.last + 1)

    def add(self, ledger: Ledger, postings: pl.DataFrame, balances: pl.DataFrame) -> None:
        """Measure one block."""
        accounts = ledger.account_frame()
        owner, product = accounts["_customer"].to_numpy(), accounts["_product"].to_numpy()
        chosen = slice(ledger.start, ledger.start + ledger.size)
        steps = balances.sort("account", "day").with_columns(
            step=pl.col("amount") - pl.col("amount").shift(1, fill_value=0).over("account"),
            loss=pl.col("amount") * pl.max_horizontal(pl.col("pd"), 0.0),
        )  # fmt: skip
        before = pl.col("loss").shift(1, fill_value=0).over("account")
        steps = steps.with_columns(lossy=pl.col("loss") - before)
        account, on = steps["account"].to_numpy(), steps["day"].to_numpy()
        step, lossy = steps["step"].to_numpy() / 100, steps["lossy"].to_numpy() / 10_000
        who, kind = owner[account], product[account]
        posted_by, posted = owner[postings["account"].to_numpy()], postings["day"].to_numpy()
        cost = np.select(
            [np.isin(postings["channel"].to_numpy(), (APP, WEB)), postings["channel"].to_numpy() == COUNTER],
            [_COST["digital"], _COST["counter"]], _COST["other"],
        ) * (postings["kind"].to_numpy() < SALARY)  # fmt: skip
        paid = np.where(postings["kind"].to_numpy() == FEE, -postings["amount"].to_numpy() / 100, 0)
        opened = accounts["opened_on"].to_physical().to_numpy()
        closed = accounts["closed_on"].to_physical().fill_null(10**6).to_numpy()
        loan = products.FAMILY[product] == "loan"
        for quarter in range(len(self.quarters)):
            start, end = self.days(quarter)
            held = np.maximum(end - np.maximum(on, start), 0)

            def total(values, people, size=ledger.size):
                return np.bincount(people, weights=values, minlength=size)

            deposits = total(step * held * products.DEPOSIT[kind], who)
            lent = total(step * held * (products.FAMILY[kind] == "loan"), who)
            income = total(step * held * _NII[kind], who) / 360
            loss = total(lossy * held * _LOSS[kind], who) / 360
            here = (posted >= start) & (posted < end)
            fee = total(paid * here, posted_by)
            live = np.clip(np.minimum(closed, end) - np.maximum(opened, start), 0, None)
            running = total(np.where(loan, _COST["loan_day"], _COST["account_day"]) * live, owner)
            before_tax = income + fee - loss - running - total(cost * here, posted_by)
            self.deposit[quarter, chosen] = deposits / (end - start)
            self.fee[quarter, chosen] = fee
            self.eva[quarter, chosen] = before_tax * (1 - _TAX) - lent * _CAPITAL / 360


def build(measured: Measured, population: Population, managers: Managers, segments: pl.DataFrame, dice: Dice):
    """Return the feed's plans of every quarter."""
    frames = []
    everyone = np.arange(len(population))
    for quarter, (code, begin, finish) in enumerate(measured.quarters):
        rng = dice("plans", quarter)
        start, end = measured.days(quarter)
        (lead,) = lead_on(segments, everyone, np.full(len(everyone), end - 1))
        aim = np.clip(
            rng.normal(0.97, 0.09, len(managers) + 1) + 0.07 * np.append(managers.skill, 0), 0.7, 1.25
        )
        stretch = (finish - begin) / max(1, end - start)  # a quarter that the feed covers in part
        eva, fee = measured.eva[quarter] * stretch, measured.fee[quarter] * stretch
        average = measured.deposit[quarter]
        base = measured.deposit[quarter - 1] if quarter else average * 0.985
        growth = _spread(average - base, base + 1_000, lead, aim, least=0.012)
        here = population.since < end
        frames.append(
            pl.DataFrame(
                {
                    "customer": population.numbers,
                    "period": [code] * len(everyone),
                    "eva_fen": _yuan(_spread(eva, np.maximum(eva, 0) + 5, lead, aim, least=0.3)),
                    "deposit_fen": _yuan(growth),
                    "deposit_base_fen": _yuan(base),
                    "fee_fen": _yuan(_spread(fee, fee + 1, lead, aim, least=0.3)),
                    # a new customer gets his plan as he comes
                    "_known": dates(np.maximum(population.since, max(begin, measured.window.first))),
                }
            ).filter(pl.Series(here))
        )
    return pl.concat(frames)


def _spread(
    result: np.ndarray, weight: np.ndarray, lead: np.ndarray, aim: np.ndarray, least: float
) -> np.ndarray:
    """Spread over each manager's customers, by `weight`, what makes his `result` the part `aim` of it.

    A manager whose result is poor still gets a plan of `least` of the weights.
    """
    size = len(aim)
    results = np.bincount(lead % size, weights=result, minlength=size)
    weights = np.bincount(lead % size, weights=weight, minlength=size)
    plan = np.maximum(results / aim, least * weights)
    return (plan / np.maximum(weights, 1e-9))[lead % size] * weight


def _yuan(values: np.ndarray) -> np.ndarray:
    return (np.round(values) * 100).astype(np.int64)
