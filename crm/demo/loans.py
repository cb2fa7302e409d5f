"""Loans: drawn, repaid month by month, and some of them sliding through the five classes."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from crm.demo import products
from crm.demo.dice import fen
from crm.demo.ledger import COUNTER, DRAWDOWN, FAR, REPAYMENT, SANCTION, SYSTEM, TRANSFER_OUT, Ledger
from crm.demo.population import ASSOCIATION, COMPANY, NEW, PERSON, PUBLIC, SOLE_TRADER
from crm.demo.window import add_months_to_days, dates

CLASSES = np.array(["pass", "special_mention", "substandard", "doubtful", "loss"])
_CLASS_FROM = np.array([1, 91, 271, 361])  # days overdue at which the next class begins
_CLASS_PD = np.array([0.0, 3.0, 12.0, 30.0, 60.0])  # percent; class 0 keeps the product's own
_HOME, _PERSONAL, _TRADER, _SMALL, _WORKING, _FIXED = products.numbers(
    "LN101", "LN201", "LN301", "LN401", "LN501", "LN601"
)
# share of loans that fall behind at some time
_ARREARS = {_HOME: 0.035, _PERSONAL: 0.08, _TRADER: 0.11, _SMALL: 0.08, _WORKING: 0.02, _FIXED: 0.01}
_OWN_PD = np.array([products.PD.get(code, 0.0) for code in products.CODES])


@dataclass
class Loans:
    """One array per trait, indexed by loan; days are day numbers, amounts fen."""

    customer: np.ndarray
    product: np.ndarray
    principal: np.ndarray
    opened: np.ndarray
    term: np.ndarray
    level: np.ndarray  # True: equal instalments; False: interest monthly, principal at the end
    missed_from: np.ndarray  # first due date missed; FAR if none
    cured_on: np.ndarray  # day on which all arrears are paid; FAR if never

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, keep: np.ndarray) -> "Loans":
        return Loans(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))


def run(ledger: Ledger, rng: np.random.Generator) -> None:
    """Add the block's loans with postings, balances and states; renew what matures."""
    loans = _draw(ledger, rng)
    while len(loans):
        matures = add_months_to_days(loans.opened, loans.term)
        _book(ledger, rng, loans, matures)
        renewed = ~loans.level & (matures <= ledger.window.last) & (loans.missed_from == FAR)
        renewed &= rng.random(len(loans)) < 0.8
        loans = loans.take(renewed)
        loans.opened = matures[renewed] + 3
        loans = loans.take(loans.opened <= ledger.window.last)


def _draw(ledger: Ledger, rng) -> Loans:
    """Choose who borrows what and since when."""
    window, kind, wealth = ledger.window, ledger.trait("kind"), ledger.trait("wealth")
    age = ledger.population.age(window.last)[ledger.start : ledger.start + ledger.size]
    large, size = ledger.trait("large"), ledger.size
    prime = (kind == PERSON) & (age > 25) & (age < 55)
    steady = ledger.trait("salary") > 0
    chance = (
        (_HOME, prime, np.where(steady, 0.24, 0.06), lambda n: rng.uniform(280_000, 1_300_000, n)),
        (_PERSONAL, (kind == PERSON) & (age > 22) & (age < 58), np.where(steady, 0.12, 0.03),
         lambda n: 20_000 * np.exp(rng.gamma(2, 0.5, n))),
        (_TRADER, kind == SOLE_TRADER, 0.42, lambda n: 90_000 * np.exp(rng.gamma(2, 0.5, n))),
        (_SMALL, (kind == COMPANY) & ~large, 0.52, lambda n: 600_000 * np.exp(rng.normal(0.4, 0.8, n))),
        (_WORKING, (kind == COMPANY) & large, 0.6, lambda n: 6_000_000 * np.exp(rng.normal(0.3, 0.8, n))),
        (_FIXED, (kind == COMPANY) & large | (kind == PUBLIC), 0.14,
         lambda n: 12_000_000 * np.exp(rng.normal(0.2, 0.7, n))),
    )  # fmt: skip
    parts = []
    for product, eligible, share, amount in chance:
        eligible = eligible & (ledger.trait("path") != NEW) & (kind != ASSOCIATION)
        who = np.flatnonzero(eligible & (rng.random(size) < share))
        count = len(who)
        yuan = np.minimum(amount(count), np.where(wealth[who] < 3_000, 30_000, 80_000_000))
        months = _terms(rng, product, count)
        run_before = (rng.random(count) * np.minimum(months, 96) * 30.4).astype(int)
        late = rng.random(count) < 0.25
        inside = window.first + 2 + (rng.random(count) * (window.last - window.first - 2)).astype(int)
        opened = np.where(late, inside, window.first - run_before)
        opened = np.maximum(opened, ledger.trait("since")[who] + 10)
        missed, cured = _arrears(rng, window, opened, months, _ARREARS[int(product)])
        parts.append(
            (who, np.full(count, product), fen(yuan, 1_000_000), opened, months,
             np.full(count, product in (_HOME, _PERSONAL, _FIXED)), missed, cured)
        )  # fmt: skip
    loans = Loans(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    return loans.take((loans.opened <= window.last) & (loans.principal > 0))


def _terms(rng, product: int, count: int) -> np.ndarray:
    choices = {_HOME: (180, 240, 300, 360), _PERSONAL: (12, 24, 36), _FIXED: (36, 60)}
    return rng.choice(choices.get(int(product), (12,)), count)


def _arrears(rng, window, opened, months, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (first due day missed, day cured): a share of loans falls behind, more than half recover."""
    count = len(opened)
    ago = (rng.random(count) ** 1.7 * (window.last - window.first)).astype(int)
    month = np.maximum((window.last - ago - opened) // 30, 2)
    begins = add_months_to_days(opened, month)
    slides = (
        (rng.random(count) < share) & (begins > window.first) & (begins < window.last) & (month <= months)
    )
    missed = np.where(slides, begins, FAR)
    cured = np.where(slides & (rng.random(count) < 0.6), begins + rng.integers(6, 85, count), FAR)
    return missed, cured


def _schedule(loans: Loans, matures, window) -> pl.DataFrame:
    """Return one row per loan and due day inside the feed, with the planned interest and principal."""
    count = len(loans)
    months_to = np.minimum((window.last - loans.opened) // 28 + 2, loans.term)
    months_from = np.maximum((window.first - loans.opened) // 31, 0)
    steps = np.maximum(months_to - months_from, 0)
    loan = np.repeat(np.arange(count), steps)
    offset = np.arange(len(loan)) - np.repeat(np.cumsum(steps) - steps, steps)
    month = months_from[loan] + offset + 1
    due = add_months_to_days(loans.opened[loan], month)
    piece = loans.principal // loans.term
    before = np.where(
        loans.level[loan], loans.principal[loan] - piece[loan] * (month - 1), loans.principal[loan]
    )
    last = month == loans.term[loan]
    part = np.where(last, before, np.where(loans.level[loan], piece[loan], 0))
    interest = (before * products.RATE[loans.product[loan]] / 12).astype(np.int64)
    rows = pl.DataFrame(
        {"loan": loan, "month": month, "due": due, "before": before, "part": part, "interest": interest}
    )
    return rows.filter(
        (pl.col("due") > window.first)
        & (pl.col("due") <= window.last)
        & (pl.col("month") <= loans.term[loan])
    )


def _book(ledger: Ledger, rng, loans: Loans, matures) -> None:
    window = ledger.window
    plan = _schedule(loans, matures, window)
    loan = plan["loan"].to_numpy()
    due, part, interest = (plan[name].to_numpy() for name in ("due", "part", "interest"))
    missed = (due >= loans.missed_from[loan]) & (due < loans.cured_on[loan])
    # a loan ends when it matures, one in arrears when they are paid after that
    ends = np.where(loans.missed_from == FAR, matures, np.maximum(matures, loans.cured_on))
    ids = ledger.open(
        loans.customer,
        loans.product,
        loans.opened,
        np.maximum(matures, loans.opened),
        np.where(ends <= window.last, ends, FAR),
        loans.principal,
    )
    fresh = loans.opened > window.first
    who = loans.customer
    ledger.post(ids, loans.opened, DRAWDOWN, SYSTEM, -loans.principal, keep=fresh)
    ledger.post(who, loans.opened, DRAWDOWN, SYSTEM, loans.principal, keep=fresh)
    ledger.post(who, loans.opened, TRANSFER_OUT, COUNTER, -loans.principal, keep=fresh)
    ledger.post(who[loan], due, REPAYMENT, SYSTEM, -(part + interest), keep=~missed)
    ledger.post(ids[loan], due, REPAYMENT, SYSTEM, part, keep=~missed)
    _catch_up(ledger, loans, ids, plan, missed)
    _balances(ledger, loans, ids, plan, missed)
    _states(ledger, loans, ids, plan, missed)


def _catch_up(ledger: Ledger, loans: Loans, ids, plan: pl.DataFrame, missed) -> None:
    """On the day of cure the arrears are paid, with penalty interest."""
    arrears = _arrears_paid(loans, plan, missed)
    cured = np.flatnonzero((loans.cured_on <= ledger.window.last) & (arrears.sum(axis=0) > 0))
    day = loans.cured_on[cured]
    principal, interest = arrears[0][cured], arrears[1][cured]
    ledger.post(loans.customer[cured], day, REPAYMENT, COUNTER, -(principal + interest))
    ledger.post(ids[cured], day, REPAYMENT, COUNTER, principal)
    ledger.post(loans.customer[cured], day, SANCTION, SYSTEM, -(interest // 20))


def _arrears_paid(loans: Loans, plan: pl.DataFrame, missed) -> np.ndarray:
    """Return missed principal and interest per loan, shape (2, loans)."""
    arrears = np.zeros((2, len(loans)), dtype=np.int64)
    late = plan.filter(pl.Series(missed))
    for row, name in enumerate(("part", "interest")):
        np.add.at(arrears[row], late["loan"].to_numpy(), late[name].to_numpy())
    return arrears


def _balances(ledger: Ledger, loans: Loans, ids, plan: pl.DataFrame, missed) -> None:
    """State the outstanding principal (positive) at opening, every payment and every change of class."""
    window = ledger.window
    step = loans.principal // loans.term
    months_before = np.maximum(((window.first - loans.opened) / 30.44).astype(int) - 1, 0)
    for _ in range(3):  # the estimate is at most this many months short
        months_before += add_months_to_days(loans.opened, months_before + 1) <= window.first
    opening = np.where(
        loans.level, loans.principal - step * np.minimum(months_before, loans.term), loans.principal
    )
    flows = [
        pl.DataFrame(
            {"loan": plan["loan"], "day": plan["due"], "paid": np.where(missed, 0, plan["part"].to_numpy())}
        )
    ]
    arrears = _arrears_paid(loans, plan, missed)[0]
    every = np.arange(len(loans))
    cured = loans.cured_on <= window.last
    flows.append(pl.DataFrame({"loan": every[cured], "day": loans.cured_on[cured], "paid": arrears[cured]}))
    slid = loans.missed_from < FAR
    for begins in _CLASS_FROM:
        on = loans.missed_from + begins
        moved = slid & (on <= window.last) & (on > window.first) & (on < loans.cured_on)
        flows.append(
            pl.DataFrame({"loan": every[moved], "day": on[moved], "paid": np.zeros(moved.sum(), np.int64)})
        )
    first = np.maximum(loans.opened, window.first)
    flows.append(pl.DataFrame({"loan": every, "day": first, "paid": np.zeros(len(loans), np.int64)}))
    rows = pl.concat(flow.cast({"loan": pl.Int64, "day": pl.Int64, "paid": pl.Int64}) for flow in flows)
    rows = rows.group_by("loan", "day").agg(pl.col("paid").sum()).sort("loan", "day")
    rows = rows.with_columns(total=pl.col("paid").cum_sum().over("loan"))
    loan, on = rows["loan"].to_numpy(), rows["day"].to_numpy()
    amount = np.maximum(opening[loan] - rows["total"].to_numpy(), 0)
    grade = _grade(_overdue_days(loans, loan, on))
    pd = np.where(grade == 0, _OWN_PD[loans.product[loan]], _CLASS_PD[grade])
    ledger.level(ids[loan], on, amount, pd=pd)


def _overdue_days(loans: Loans, loan, on) -> np.ndarray:
    days = on - loans.missed_from[loan]
    return np.where((days > 0) & (on < loans.cured_on[loan]), days, 0)


def _grade(overdue: np.ndarray) -> np.ndarray:
    return np.searchsorted(_CLASS_FROM, overdue, side="right")


def _states(ledger: Ledger, loans: Loans, ids, plan: pl.DataFrame, missed) -> None:
    """State class, ageing and interest at every due day, and more often while something is overdue."""
    window = ledger.window
    loan, due, interest = (plan[name].to_numpy() for name in ("loan", "due", "interest"))
    frames = [_state(loan, due, interest, np.where(missed, 0, interest))]
    slid = np.flatnonzero((loans.missed_from < FAR) & (loans.missed_from <= window.last))
    offsets = [1, 8, 15, *range(31, 361, 30), 271, 361, *range(391, 800, 30)]
    daily = range(window.history + 1, window.last + 1)
    for on in (
        *(loans.missed_from[slid] + offset for offset in offsets),
        *(np.full(len(slid), d) for d in daily),
    ):
        seen = (
            (on > loans.missed_from[slid])
            & (on < loans.cured_on[slid])
            & (on <= window.last)
            & (on > window.first)
        )
        none = np.zeros(seen.sum(), np.int64)
        frames.append(_state(slid[seen], on[seen], none, none))
    arrears = _arrears_paid(loans, plan, missed)
    cured = np.flatnonzero((loans.cured_on <= window.last) & (loans.missed_from < FAR))
    frames.append(_state(cured, loans.cured_on[cured], 0 * cured, arrears[1][cured]))
    rows = pl.concat(frames).group_by("loan", "day").agg(pl.col("due", "received").sum()).sort("loan", "day")
    loan, on = rows["loan"].to_numpy(), rows["day"].to_numpy()
    overdue = _overdue_days(loans, loan, on)
    # what is in arrears: whole instalments missed so far
    instalment = np.where(loans.level, loans.principal // loans.term, 0) + (
        loans.principal * products.RATE[loans.product] / 12
    ).astype(np.int64)
    amount = np.where(overdue > 0, instalment[loan] * (1 + overdue // 30), 0)
    matures = add_months_to_days(loans.opened, loans.term)
    amount = np.where((overdue > 0) & (on > matures[loan]), loans.principal[loan], amount)
    ledger.loan_states.append(
        pl.DataFrame(
            {
                "_account": ids[loan],
                "date": dates(on),
                "loan_class": CLASSES[_grade(overdue)],
                "overdue_days": overdue,
                "overdue_fen": np.minimum(amount, loans.principal[loan]),
                "interest_due_fen": rows["due"],
                "interest_received_fen": rows["received"],
            }
        )
    )


def _state(loan, on, interest, received) -> pl.DataFrame:
    return pl.DataFrame({"loan": loan, "day": on, "due": interest, "received": received}).cast(
        {"loan": pl.Int64, "day": pl.Int64, "due": pl.Int64, "received": pl.Int64}
    )
