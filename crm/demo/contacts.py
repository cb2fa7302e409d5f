"""Contacts: managers keep to their cycle, mostly; channels leave their own traces."""

import numpy as np
import polars as pl

from crm.demo import notes, products
from crm.demo.dice import choose, pick
from crm.demo.holidays import Calendar
from crm.demo.population import (
    CHURNER,
    CORPORATE,
    DRIFTER,
    PERSON,
    PRIVATE,
    RETAIL,
    SME,
    Population,
)
from crm.demo.staff import Managers
from crm.demo.window import Window, dates

PURPOSES = tuple(notes.NOTES)
_CHANNELS = ("phone", "wecom", "visit", "sms", "app", "email")
_CHANNEL_WEIGHTS = {
    RETAIL: (46, 30, 8, 10, 5, 1),
    PRIVATE: (34, 36, 24, 2, 2, 2),
    SME: (38, 22, 34, 2, 2, 2),
    CORPORATE: (30, 14, 44, 0, 1, 11),
}
_PURPOSE_WEIGHTS = {
    "plain": (38, 8, 20, 12, 0.3, 0, 8, 1.5, 8, 4),
    "firm": (30, 8, 16, 14, 0.5, 16, 9, 1.5, 4, 2),
    "leaving": (18, 8, 8, 10, 0.5, 0, 4, 46, 4, 2),
    "overdue": (8, 4, 0, 8, 64, 12, 4, 0, 0, 0),
}
_OFFERED = products.numbers("WM090", "WM180", "TD012", "TD036", "FD201", "IN201", "PM101")
_OFFERED_FIRM = products.numbers("CUR03", "TD006", "LN401", "SV101", "SV301", "WM090")


def lead_on(
    segments: pl.DataFrame, customer: np.ndarray, on: np.ndarray, names=("lead",)
) -> list[np.ndarray]:
    """Return whose customer each was on a day (−1: the pool), for every column of `names`."""
    asked = pl.DataFrame({"customer": customer, "from": on}).with_row_index("_row").sort("customer", "from")
    known = segments.select("customer", "from", *names).sort("customer", "from")
    found = asked.with_columns(pl.col("from").cast(pl.Int64), pl.col("customer").cast(pl.Int64)).join_asof(
        known.with_columns(pl.col("from").cast(pl.Int64), pl.col("customer").cast(pl.Int64)),
        on="from", by="customer", strategy="backward", check_sortedness=False,
    )  # fmt: skip
    found = found.sort("_row")
    return [found[name].fill_null(-1).to_numpy() for name in names]


def interval(population: Population, chosen: slice) -> np.ndarray:
    """Return days between contacts: monthly from ten million, quarterly from one, half-yearly below."""
    wealth = population.wealth[chosen]
    return np.select(
        [wealth >= 10_000_000, wealth >= 1_000_000, wealth >= 500_000, wealth >= 50_000],
        [20, 52, 66, 92],
        128,
    )


def build(
    population: Population,
    managers: Managers,
    lead: np.ndarray,
    segments: pl.DataFrame,
    calendar: Calendar,
    window: Window,
    chosen: slice,
    overdue: np.ndarray,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Return the feed's interactions of a block; `overdue` marks customers with loans in arrears."""
    customer, on = _days(population, managers, lead, calendar, window, chosen, rng)
    (manager,) = lead_on(segments, customer, on)
    keep = manager >= 0
    customer, on, manager = customer[keep], on[keep], manager[keep]
    own = _by_managers(
        population, managers, customer, on, manager, calendar, window, overdue, chosen.start, rng
    )
    return pl.concat([own, _by_channels(population, window, chosen, rng)], how="diagonal").sort("ref")


def _days(population, managers, lead, calendar, window, chosen, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return (customer, working day) of every contact, sorted; a few customers fell silent."""
    everyone = np.arange(chosen.start, chosen.stop)
    skill = np.where(lead[chosen] >= 0, managers.skill[lead[chosen]], 0.0)
    gap = interval(population, chosen) * np.exp(-0.12 * skill)
    forgotten = rng.random(len(everyone)) < np.clip(0.085 - 0.04 * skill, 0.01, 0.25)
    gap = np.where(forgotten, gap * 2.6, gap)
    begins = np.maximum(population.since[chosen], window.first)
    # the last contact lies somewhere inside the cycle; the others before it, one cycle apart
    last = window.last - (rng.random(len(everyone)) * gap * 0.95).astype(int)
    silent = rng.random(len(everyone)) < 0.03
    last = np.where(silent, last - rng.integers(60, 190, len(everyone)), last)
    count = np.clip(((last - begins) / gap).astype(int) + 1, 0, 40)
    count = np.where(last < begins, 0, count)
    who = np.repeat(np.arange(len(everyone)), count)
    step = np.arange(len(who)) - np.repeat(np.cumsum(count) - count, count)
    on = last[who] - ((step + rng.uniform(-0.2, 0.2, len(who)) * (step > 0)) * gap[who]).astype(int)
    on = calendar.on_or_before(on)
    good = (on >= begins[who]) & (on > window.first)
    rows = pl.DataFrame({"customer": everyone[who[good]], "on": on[good]}).unique().sort("customer", "on")
    return rows["customer"].to_numpy(), rows["on"].to_numpy()


def _by_managers(
    population, managers, customer, on, manager, calendar, window, overdue, start, rng
) -> pl.DataFrame:
    count, line = len(customer), population.line[customer]
    person = population.kind[customer] == PERSON
    leaving = np.isin(population.path[customer], (CHURNER, DRIFTER)) & (on > population.turn[customer] - 25)
    group = np.select([overdue[customer - start] & (on > window.last - 120), leaving, person], [3, 1, 0], 2)
    purpose = np.zeros(count, dtype=int)
    for number, name in enumerate(("plain", "leaving", "firm", "overdue")):
        here = group == number
        purpose[here] = pick(rng, _PURPOSE_WEIGHTS[name], here.sum())
    channel = np.empty(count, dtype=object)
    for number, weights in _CHANNEL_WEIGHTS.items():
        here = line == number
        channel[here] = choose(rng, _CHANNELS, here.sum(), weights)
    missed = (rng.random(count) < 0.09) & np.isin(channel.astype(str), ("phone", "wecom"))
    outcome = np.where(missed, "no_answer", _outcomes(rng, purpose, leaving))
    quality = np.where(rng.random(count) < np.clip(0.075 + 0.02 * managers.skill[manager], 0.015, 0.14),
                       pick(rng, (40, 42, 18), count) + 1, 0)  # fmt: skip
    next_day, reason = _promises(rng, customer, on, managers.skill[manager], calendar, window)
    step = np.empty(count, dtype=object)
    for number, name in enumerate(PURPOSES):
        here = purpose == number
        step[here] = choose(rng, notes.NEXT_STEPS[name], here.sum())
    minute = rng.integers(0, 8 * 60, count) + 9 * 60
    return pl.DataFrame(
        {
            "ref": pl.Series(population.numbers[customer]) + "-" + _serial(customer),
            "customer": population.numbers[customer],
            "manager": managers.number[manager],
            "channel": channel.astype(str),
            "purpose": np.array(PURPOSES)[purpose],
            "outcome": outcome,
            "happened_at": _moments(on, minute),
            "note": _notes(rng, purpose, missed, person, population.wealth[customer]),
            "next_date": dates(next_day, next_day > 0),
            "next_step": np.where(next_day > 0, step.astype(str), ""),
            "no_next_reason": np.where(next_day > 0, "", reason),
            "feedback_quality": quality,
            "feedback_accepted": (quality > 0) & (rng.random(count) < 0.78),
            "_on": dates(on),
        }
    ).with_columns(feedback_quality=pl.when(pl.col("feedback_quality") > 0).then("feedback_quality"))


def _serial(customer: np.ndarray) -> pl.Series:
    rank = pl.DataFrame({"c": customer}).select(pl.int_range(pl.len()).over("c") + 1).to_series()
    return rank.cast(pl.String).str.zfill(3)


def _outcomes(rng, purpose: np.ndarray, leaving: np.ndarray) -> np.ndarray:
    sale = np.isin(purpose, [PURPOSES.index(name) for name in ("sale", "campaign", "maturity")])
    asked = choose(rng, ("interested", "agreed", "declined", "reached"), len(purpose), (30, 22, 24, 24))
    plain = choose(rng, ("reached", "done", "agreed"), len(purpose), (58, 30, 12))
    lost = choose(rng, ("reached", "declined", "interested"), len(purpose), (50, 34, 16))
    return np.where(sale, asked, np.where(leaving, lost, plain))


def _promises(rng, customer, on, skill, calendar, window) -> tuple[np.ndarray, np.ndarray]:
    """Return (next date or 0, reason why none): most promises are kept by the customer's next contact."""
    count = len(customer)
    following = np.append(on[1:], 0)
    following[np.append(customer[1:] != customer[:-1], True)] = 0
    draw = rng.random(count)
    slack = rng.integers(0, 7, count)
    kept = calendar.on_or_after(np.where(following > 0, following + slack, on + 30))
    early = calendar.on_or_before(np.maximum(on + 1, following - rng.integers(4, 40, count)))
    broken = draw < np.clip(0.12 - 0.05 * skill, 0.01, 0.3)
    promised = np.where(broken, early, kept)
    # an open promise: almost always still ahead
    ahead = window.last + 1 + rng.integers(0, 150, count)
    past = window.last - rng.integers(0, 9, count)
    open_ = np.where(rng.random(count) < 0.02, np.maximum(past, on + 1), ahead)
    promised = np.where(following > 0, promised, calendar.on_or_after(open_))
    promised = np.maximum(promised, on + 1)
    none = draw > 0.91
    return np.where(none, 0, promised), choose(rng, notes.NO_NEXT, count)


def _notes(rng, purpose, missed, person, wealth) -> np.ndarray:
    count = len(purpose)
    text = np.empty(count, dtype=object)
    for number, name in enumerate(PURPOSES):
        here = purpose == number
        text[here] = choose(rng, notes.NOTES[name], here.sum())
    text[missed] = choose(rng, notes.NO_ANSWER, missed.sum())
    product = np.where(
        person, products.NAMES[rng.choice(_OFFERED, count)], products.NAMES[rng.choice(_OFFERED_FIRM, count)]
    )
    amount = np.maximum(np.round(wealth * rng.uniform(0.05, 0.4, count) / 10_000), 1).astype(int)
    frame = pl.DataFrame({"t": text.astype(str), "p": product, "a": amount})
    return frame.select(
        pl.col("t").str.replace("{p}", pl.col("p"), literal=True).str.replace(
            "{a}", pl.concat_str(pl.col("a"), pl.lit(" 万")), literal=True
        )
    ).to_series().to_numpy()  # fmt: skip


def _moments(on: np.ndarray, minute: np.ndarray) -> pl.Series:
    """Return ISO timestamps of China, from day numbers and minutes of the day."""
    stamp = pl.Series((on.astype(np.int64) * 1440 + minute) * 60_000).cast(pl.Datetime("ms"))
    return stamp.dt.strftime("%Y-%m-%dT%H:%M:00+08:00")


def _by_channels(population, window, chosen, rng) -> pl.DataFrame:
    """Return what customers did without a manager: app, web, counter, machines, the hotline."""
    size = chosen.stop - chosen.start
    count = rng.poisson(2.4 * window.months / 15, size)
    who = np.repeat(np.arange(chosen.start, chosen.stop), count)
    on = window.first + 1 + (rng.random(len(who)) * (window.last - window.first)).astype(int)
    gone = (population.path[who] == CHURNER) & (on > population.turn[who] + 30)
    good = (on >= population.since[who]) & ~gone & (on <= window.last)
    who, on = who[good], on[good]
    digital = rng.random(len(who)) < population.digital[who]
    person = population.kind[who] == PERSON
    channel = np.where(
        digital,
        np.where(person, "app", "web"),
        choose(rng, ("counter", "self_service", "phone"), len(who), (55, 28, 17)),
    )
    note = np.empty(len(who), dtype=object)
    for name, texts in notes.CHANNEL_EVENTS.items():
        here = channel == name
        note[here] = choose(rng, texts, here.sum())
    order = np.lexsort((on, who))
    who, on, channel, note = who[order], on[order], channel[order], note[order]
    return pl.DataFrame(
        {
            "ref": pl.Series(population.numbers[who]) + "-E" + _serial(who),
            "customer": population.numbers[who],
            "channel": channel,
            "purpose": ["service"] * len(who),
            "outcome": ["done"] * len(who),
            "happened_at": _moments(on, rng.integers(7 * 60, 23 * 60, len(who))),
            "note": note.astype(str),
            "feedback_accepted": np.zeros(len(who), dtype=bool),
            "_on": dates(on),
        }
    )
