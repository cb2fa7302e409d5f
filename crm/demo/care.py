"""Service: requests with the back office's clock, complaints, surveys, post-loan checks."""

import numpy as np
import polars as pl

from crm.demo.contacts import _moments, lead_on
from crm.demo.dice import choose, pick
from crm.demo.population import CHURNER, COMPANY, PERSON, Population
from crm.demo.staff import Managers
from crm.demo.window import Window, dates

# kind, department, promise in working hours, weight for persons, for organisations
REQUESTS = (
    ("补打流水", "operations", 8, 20, 14),
    ("开户审批", "operations", 16, 4, 12),
    ("手机银行限额调整", "technology", 8, 18, 2),
    ("贷款审批进度", "credit", 40, 8, 18),
    ("授信额度申请", "credit", 80, 2, 18),
    ("利率上浮申请", "corporate_products", 24, 2, 14),
    ("理财赎回异常", "retail_products", 16, 12, 2),
    ("代发失败处理", "operations", 8, 6, 10),
    ("证明开立", "branch", 8, 16, 8),
    ("风险分类复核", "risk", 40, 1, 8),
    ("卡片挂失补发", "branch", 24, 14, 2),
)
_CAUSES = (
    "attitude",
    "facilities",
    "process",
    "marketing",
    "disclosure",
    "returns",
    "choice",
    "contract",
    "funds",
)
_CAUSE_WEIGHTS = (20, 16, 24, 8, 7, 12, 3, 5, 3)
_BUSINESS = ("savings", "loans", "cards", "payment", "cash", "privacy", "other")


def _events(population: Population, window: Window, chosen: slice, a_year: np.ndarray, rng) -> tuple:
    """Return (customer, day) of chance events at `a_year` per customer, after he came."""
    years = (window.last - window.first) / 365
    who = np.repeat(np.arange(chosen.start, chosen.stop), rng.poisson(a_year * years))
    on = window.first + 1 + (rng.random(len(who)) * (window.last - window.first)).astype(int)
    on = np.minimum(on, window.last)
    good = on >= population.since[who]
    order = np.lexsort((on[good], who[good]))
    return who[good][order], on[good][order]


def requests(population, managers: Managers, segments, calendar, window, chosen: slice, rng) -> pl.DataFrame:
    """Return the feed's requests: four of five inside the department's promise."""
    busy = np.where(population.kind[chosen] == PERSON, 0.16, 0.7)
    who, on = _events(population, window, chosen, busy, rng)
    on = calendar.on_or_before(on)
    good = (on > window.first) & (on >= population.since[who])
    who, on = who[good], on[good]
    (manager,) = lead_on(segments, who, on)
    person = population.kind[who] == PERSON
    kind = np.where(
        person,
        pick(rng, [row[3] for row in REQUESTS], len(who)),
        pick(rng, [row[4] for row in REQUESTS], len(who)),
    )
    promise = np.array([row[2] for row in REQUESTS])[kind] // 8  # working days of eight hours
    opened = on * 1440 + 9 * 60 + rng.integers(0, 420, len(who))
    slow = np.array([1.0, 1.1, 1.3, 1.5, 1.4, 1.1, 1.0, 0.9, 0.7, 1.2, 0.8])[kind]
    spent = promise * 1440 * slow * rng.gamma(2.2, 0.32, len(who))
    due = opened + promise * 1440 + 1440 * 2 * (promise >= 5)
    closed = np.maximum(opened + 35, opened + spent.astype(int))
    skill = np.where(manager >= 0, managers.skill[manager], 0)
    wait = rng.gamma(1.4, 55, len(who)) * np.where(
        rng.random(len(who)) < np.clip(0.07 - 0.03 * skill, 0.01, 0.2), 30, 1
    )
    first = np.minimum(opened + 4 + wait.astype(int), closed)
    stuck = rng.random(len(who)) < 0.015
    closed = np.where(stuck, (window.last + 400) * 1440, closed)
    first = np.minimum(first, closed)
    ended = np.where(rng.random(len(who)) < 0.06, "refused", "done")
    return pl.DataFrame(
        {
            "number": pl.Series("R" + pl.Series(who).cast(pl.String).str.zfill(7))
            + "-"
            + pl.Series(np.arange(len(who))).cast(pl.String),
            "customer": population.numbers[who],
            "manager": pl.Series(managers.number[np.maximum(manager, 0)]),
            "kind": np.array([row[0] for row in REQUESTS])[kind],
            "department": np.array([row[1] for row in REQUESTS])[kind],
            "state": ended,
            "opened_at": _moments(opened // 1440, opened % 1440),
            "first_response_at": _moments(first // 1440, first % 1440),
            "due_at": _moments(due // 1440, due % 1440),
            "closed_at": _moments(closed // 1440, closed % 1440),
            "_opened": dates(opened // 1440),
            "_answered": dates(first // 1440),
            "_closed": dates(closed // 1440),
            "_waits": rng.random(len(who)) < 0.15,
        }
    ).with_columns(manager=pl.when(pl.Series(manager >= 0)).then("manager"))


REQUEST_EVENTS = {"_opened": (), "_answered": ("first_response_at",), "_closed": ("closed_at", "state")}
REQUEST_STATE = pl.when(pl.col("_closed").is_null()).then(
    pl.when(pl.col("_waits")).then(pl.lit("waiting")).otherwise(pl.lit("open"))
).otherwise("state").alias("state")  # fmt: skip


def complaints(population, managers: Managers, segments, window, chosen: slice, rng) -> pl.DataFrame:
    """Return the feed's complaints: fifteen days, thirty if complex; a third concern a manager's fault."""
    leaving = population.path[chosen] == CHURNER
    who, on = _events(population, window, chosen, np.where(leaving, 0.11, 0.026), rng)
    (manager,) = lead_on(segments, who, on)
    skill = np.where(manager >= 0, managers.skill[manager], 0)
    complex_ = rng.random(len(who)) < 0.2
    due = on + np.where(complex_, 30, 15)
    late = rng.random(len(who)) < np.clip(0.08 - 0.03 * skill, 0.01, 0.25)
    closed = np.where(
        late,
        due + rng.integers(1, 20, len(who)),
        on + 1 + (rng.random(len(who)) * (due - on - 1)).astype(int),
    )
    fault = (manager >= 0) & (rng.random(len(who)) < np.clip(0.26 - 0.1 * skill, 0.03, 0.6))
    return pl.DataFrame(
        {
            "number": pl.Series("K" + pl.Series(who).cast(pl.String).str.zfill(7))
            + "-"
            + pl.Series(np.arange(len(who))).cast(pl.String),
            "customer": population.numbers[who],
            "manager": pl.Series(managers.number[np.maximum(manager, 0)]),
            "source": choose(rng, ("self", "regulator"), len(who), (86, 14)),
            "cause": choose(rng, _CAUSES, len(who), _CAUSE_WEIGHTS),
            "business": choose(rng, _BUSINESS, len(who), (24, 16, 20, 18, 8, 5, 9)),
            "received_on": dates(on),
            "due_on": dates(due),
            "closed_on": dates(closed),
            "at_fault": fault,
        }
    ).with_columns(manager=pl.when(pl.Series(manager >= 0)).then("manager"))


COMPLAINT_EVENTS = {"received_on": (), "closed_on": ("at_fault",)}


def surveys(population, managers: Managers, segments, window, chosen: slice, rng) -> pl.DataFrame:
    """Return the feed's surveys: two kinds, a fifth of customers a quarter, under half answer."""
    frames = []
    for kind in ("csat", "nps"):
        who, on = _events(population, window, chosen, np.full(chosen.stop - chosen.start, 0.8), rng)
        (manager,) = lead_on(segments, who, on)
        who, on, manager = (array[manager >= 0] for array in (who, on, manager))
        answered = rng.random(len(who)) < 0.44
        answer = on + (rng.gamma(1.3, 2.0, len(who))).astype(int)
        skill = managers.skill[manager]
        unhappy = (population.path[who] == CHURNER) & (on > population.turn[who] - 60)
        mood = rng.normal(0, 1, len(who)) + 0.28 * skill - 1.3 * unhappy
        if kind == "csat":
            score = np.clip(np.round(4.42 + 0.72 * mood), 1, 5)
        else:
            score = np.clip(np.round(8.75 + 1.45 * mood), 0, 10)
        frames.append(
            pl.DataFrame(
                {
                    "ref": pl.Series(population.numbers[who])
                    + f"-{kind}-"
                    + pl.Series(np.arange(len(who))).cast(pl.String),
                    "customer": population.numbers[who],
                    "manager": managers.number[manager],
                    "kind": [kind] * len(who),
                    "sent_on": dates(on),
                    "answered_on": dates(answer, answered),
                    "score": score.astype(np.int64),
                }
            ).with_columns(score=pl.when(pl.col("answered_on").is_not_null()).then("score"))
        )
    return pl.concat(frames)


SURVEY_EVENTS = {"sent_on": (), "answered_on": ("score",)}


def checks(loans: pl.DataFrame, population, managers, segments, calendar, window, rng) -> pl.DataFrame:
    """Return the feed's post-loan checks: quarterly for firms, half-yearly for persons, some late.

    `loans` has number, customer (global), opened and closed days, and whether it is overdue.
    """
    firm = population.kind[loans["customer"].to_numpy()] >= COMPANY
    every = np.where(firm, 91, 182)
    opened, closed = loans["opened"].to_numpy(), loans["closed"].to_numpy()
    frames = []
    for step in range(1, 40):
        planned = opened + every * step
        good = (planned > window.first) & (planned <= window.last + 25) & (planned < closed)
        if not good.any():
            continue
        due = calendar.on_or_after(planned[good])
        customer = loans["customer"].to_numpy()[good]
        (manager,) = lead_on(segments, customer, np.minimum(due, window.last))
        skill = np.where(manager >= 0, managers.skill[manager], -0.5)
        count = len(due)
        late = rng.random(count) < np.clip(0.07 - 0.035 * skill, 0.005, 0.2)
        done = np.where(late, due + rng.integers(1, 30, count), due - rng.integers(0, 15, count))
        done = calendar.on_or_before(np.where(rng.random(count) < 0.012, window.last + 300, done))
        bad = loans["overdue"].to_numpy()[good]
        result = np.where(bad, choose(rng, ("attention", "risk"), count, (60, 40)),
                          choose(rng, ("normal", "attention"), count, (94, 6)))  # fmt: skip
        frames.append(
            pl.DataFrame(
                {
                    "ref": "PC-" + loans["number"].filter(pl.Series(good)) + f"-{step:02d}",
                    "account": loans["number"].filter(pl.Series(good)),
                    "due_on": dates(due),
                    "done_on": dates(done),
                    "result": result,
                    "note": pl.Series(np.where(result == "normal", "用途相符，经营正常。", "")).to_numpy(),
                    # a check is entered a month before it falls due
                    "_known": dates(due - 30),
                }
            )
        )
    return pl.concat(frames) if frames else pl.DataFrame()


CHECK_EVENTS = {"_known": (), "done_on": ("result", "note")}
