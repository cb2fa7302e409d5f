"""Who looks after whom since when: leavers, re-postings, leaves and shared customers."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from crm.demo import people
from crm.demo.branches import Branches
from crm.demo.dice import Dice
from crm.demo.population import PRIVATE, Population
from crm.demo.staff import Managers, supervisors
from crm.demo.window import Window, dates

SHARED = 0.08  # of customers have a co-manager with 30%


@dataclass
class History:
    """`changes` are (customers, day, lead before, lead after, reason); `handovers` their papers."""

    changes: list[tuple] = field(default_factory=list)
    papers: list[tuple] = field(default_factory=list)
    away: list[tuple] = field(default_factory=list)
    segments: pl.DataFrame = None
    spiker: int = -1  # the manager whose deposits rise at quarter-ends


def peers_of(managers: Managers, tree: Branches) -> list[np.ndarray]:
    """Return for every manager the others who could take over from him: same line, nearest first."""
    tier1 = tree.site_tier1[managers.site]
    everyone = np.arange(len(managers))
    found = []
    for manager in everyone:
        same = (managers.line == managers.line[manager]) & (everyone != manager) & (managers.until < 0)
        for near in (managers.site == managers.site[manager], tier1 == tier1[manager], same):
            chosen = np.flatnonzero(same & near)
            if len(chosen):
                break
        found.append(chosen)
    return found


def build(
    population: Population, managers: Managers, lead: np.ndarray, tree: Branches, window: Window, dice: Dice
) -> History:
    """Return the history that ends in `lead`; adds leavers to `managers`. Hand-overs fall mid-quarter."""
    rng = dice("assignments")
    history = History()
    peers = peers_of(managers, tree)
    able = rng.permutation(
        [m for m in range(len(managers)) if len(peers[m]) and managers.since[m] < window.first]
    )
    free = lead >= 0
    plots = max(1, len(managers) // 30)
    queue = list(able)
    stories = (_leaver, _reposting, _long_leave, _returned_leave, _balance, _late_balance)
    # newcomers first: nobody hands over to one, or takes from one, before he came
    for plot, number in [(_newcomer, n) for n in range(plots)] + [
        (p, n) for n in range(plots) for p in stories
    ]:
        hero = int(queue.pop()) if queue else -1
        if hero >= 0 and _elders(managers, peers, hero, window):
            plot(history, population, managers, lead, peers, free, hero, window, rng, number)
    retail = np.flatnonzero((managers.line == 0) & (managers.until < 0))
    history.spiker = int(queue.pop()) if queue else int(retail[0])
    history.segments = _segments(population, managers, lead, history, tree, window, rng)
    return history


def _elders(managers, peers, manager, window) -> list[int]:
    """Return who near `manager` was in post when the feed began."""
    return [int(peer) for peer in peers[manager] if managers.since[peer] < window.first]


def _colleague(managers, peers, manager, window, rng) -> int:
    return int(rng.choice(_elders(managers, peers, manager, window)))


def _pass_on(history, free, customers, day, before, after, reason, with_balance=True) -> None:
    """Note that `customers` went from `before` to `after` on `day`; each takes part in one story only."""
    free[customers] = False
    if len(customers):
        history.changes.append((customers, day, before, after, reason))
        history.papers.append((customers, day, before, after, reason, with_balance))


def _book(free, lead, population, manager, before, rng, share) -> np.ndarray:
    mine = np.flatnonzero(free & (lead == manager) & (population.since < before - 30))
    return rng.permutation(mine)[: max(1, round(len(mine) * share))]


def _leaver(history, population, managers, lead, peers, free, heir, window, rng, number) -> None:
    """Somebody at the heir's site resigned in the middle of the quarter."""
    leave = window.last - 24 - int(rng.integers(0, 8)) - 3 * number
    gone = managers.add(
        number=f"{190_001 + len(managers)}",
        name=people.full_names(rng, np.array([1985]), np.array([number % 2 == 0]))[0],
        site=managers.site[heir],
        line=managers.line[heir],
        grade=2,
        since=window.first - 900,
        until=leave,
        skill=-0.6,
    )
    for manager in (heir, *peers[heir][:2]):
        book = _book(free, lead, population, manager, leave, rng, 0.16)
        _pass_on(history, free, book, leave, gone, manager, "leaver")


def _reposting(history, population, managers, lead, peers, free, moved, window, rng, number) -> None:
    """A manager came to his site some weeks ago; his old customers stayed with a colleague elsewhere."""
    day = window.last - 50 - int(rng.integers(0, 9)) - 2 * number
    elsewhere = np.flatnonzero(
        (managers.line == managers.line[moved])
        & (managers.site != managers.site[moved])
        & (managers.until < 0)
    )
    if len(elsewhere):
        heir = int(rng.choice(elsewhere))
        old = _book(free, lead, population, heir, day, rng, 0.12)
        _pass_on(history, free, old, day, moved, heir, "reposting")
    giver = _colleague(managers, peers, moved, window, rng)
    new = _book(free, lead, population, moved, day, rng, 0.45)
    _pass_on(history, free, new, day, giver, moved, "reposting")


def _long_leave(history, population, managers, lead, peers, free, away, window, rng, number) -> None:
    """A manager is on long leave now; a colleague holds part of his book in custody."""
    keeper, start = _colleague(managers, peers, away, window, rng), window.last - 35 - number
    history.away.append((int(away), start, window.last + 120, keeper))
    book = _book(free, lead, population, away, start, rng, 0.25)
    lead[book] = keeper
    _pass_on(history, free, book, start, int(away), keeper, "long_leave", with_balance=False)


def _returned_leave(history, population, managers, lead, peers, free, back, window, rng, number) -> None:
    """A manager came back from long leave, and his customers with him."""
    keeper = _colleague(managers, peers, back, window, rng)
    start = max(window.first + 5, window.last - 210 - number)
    end = min(start + 75, window.last - 9)
    book = _book(free, lead, population, back, start, rng, 0.25)
    history.away.append((int(back), start, end, keeper))
    _pass_on(history, free, book, start, int(back), keeper, "long_leave", with_balance=False)
    if len(book):
        history.changes.append((book, end, keeper, int(back), "long_leave"))


def _newcomer(history, population, managers, lead, peers, free, new, window, rng, number) -> None:
    """A manager was hired some months ago and took his book over from a colleague."""
    day = max(window.first + 3, window.last - 100 - number)
    book = _book(free, lead, population, new, day, rng, 0.6)
    managers.since[new] = day
    managers.grade[new] = 0
    _pass_on(history, free, book, day, _colleague(managers, peers, new, window, rng), int(new), "balance")


def _balance(history, population, managers, lead, peers, free, taker, window, rng, number) -> None:
    """A few customers moved to even out the load, earlier."""
    book = _book(free, lead, population, taker, window.last - 130, rng, 0.08)
    day = window.last - 130 - int(rng.integers(0, 20))
    _pass_on(history, free, book, day, _colleague(managers, peers, taker, window, rng), int(taker), "balance")


def _late_balance(history, population, managers, lead, peers, free, taker, window, rng, number) -> None:
    """The same within the last days, so that a daily folder carries a hand-over."""
    book = _book(free, lead, population, taker, window.last - 5, rng, 0.06)
    _pass_on(
        history,
        free,
        book,
        window.last - 3,
        _colleague(managers, peers, taker, window, rng),
        int(taker),
        "balance",
    )


def _segments(population, managers, lead, history, tree, window, rng) -> pl.DataFrame:
    """Return (customer, from, to, lead, co, reason): one row per stretch with the same people."""
    first = lead.copy()
    for customers, _, before, _, _ in reversed(history.changes):
        first[customers] = before
    owned = np.flatnonzero(lead >= 0)
    starts = [(owned, np.maximum(population.since, managers.since[first])[owned], first[owned], "")]
    starts += [
        (who, np.full(len(who), on), np.full(len(who), after), reason)
        for who, on, _, after, reason in history.changes
    ]
    leads = pl.concat(
        pl.DataFrame({"customer": who, "from": on, "lead": people_, "reason": [why] * len(who)})
        for who, on, people_, why in starts
    )
    # a second manager joins some customers on a day of his own; the lead's stretch is split there
    co, co_from = _seconds(population, managers, lead, tree, window, rng)
    shared = np.flatnonzero(co >= 0)
    joins = pl.DataFrame({"customer": shared, "from": co_from[shared]})
    base = leads.sort("customer", "from")
    joined = joins.sort("customer", "from").join_asof(
        base.with_columns(begun="from"), on="from", by="customer", strategy="backward", check_sortedness=False
    )
    joined = joined.filter(pl.col("lead").is_not_null() & (pl.col("from") > pl.col("begun"))).with_columns(
        reason=pl.lit("shared")
    )
    rows = pl.concat([base, joined.select(base.columns)]).sort("customer", "from")
    rows = rows.with_columns(to=pl.col("from").shift(-1).over("customer"))
    who, begun, leader = (rows[name].to_numpy() for name in ("customer", "from", "lead"))
    second = np.where((co[who] >= 0) & (begun >= co_from[who]) & (co[who] != leader), co[who], -1)
    return rows.with_columns(co=second)


def _seconds(population, managers, lead, tree, window, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return (co-manager or −1, day he joined) per customer: another line's manager in the same branch."""
    size = len(population)
    wanted = (lead >= 0) & (rng.random(size) < np.where(population.line == PRIVATE, 0.3, SHARED))
    co = np.full(size, -1)
    tier1 = tree.site_tier1[managers.site]
    staying = managers.until < 0
    for customer in np.flatnonzero(wanted):
        choice = np.flatnonzero(
            staying & (tier1 == tier1[lead[customer]]) & (managers.line != managers.line[lead[customer]])
        )
        if len(choice):
            co[customer] = rng.choice(choice)
    joined = window.last - rng.integers(20, 700, size)
    earliest = np.maximum(population.since, managers.since[np.maximum(co, 0)])
    return co, np.maximum(joined, np.minimum(earliest + 1, window.last))


def frame(population: Population, managers: Managers, segments: pl.DataFrame) -> pl.DataFrame:
    """Return the feed's assignments: the lead's row with 1 or 0.7, the second's with 0.3."""
    numbers, customers = managers.number, population.numbers
    reasons = {
        "leaver": "离任移交",
        "reposting": "岗位调整移交",
        "long_leave": "长假托管",
        "balance": "均衡管户",
        "shared": "增设协办",
    }
    who = segments["customer"].to_numpy()
    common = {
        "customer": customers[who],
        "from": dates(segments["from"].to_numpy()),
        "to": segments["to"].cast(pl.Int32).cast(pl.Date),
        "reason": segments["reason"].replace(reasons),
    }
    co = segments["co"].to_numpy()
    leads = pl.DataFrame(
        {
            **common,
            "manager": numbers[segments["lead"].to_numpy()],
            "role": ["lead"] * len(who),
            "share": np.where(co >= 0, "0.7000", "1.0000"),
        }
    )
    seconds = pl.DataFrame(
        {
            **common,
            "manager": numbers[np.maximum(co, 0)],
            "role": ["co"] * len(who),
            "share": ["0.3000"] * len(who),
        }
    ).filter(co >= 0)
    order = ["customer", "manager", "from", "to", "role", "share", "reason"]
    return pl.concat([leads.select(order), seconds.select(order)]).sort("customer", "from", "role")


def handovers(population, managers: Managers, history: History, tree: Branches, dice: Dice) -> pl.DataFrame:
    """Return the feed's hand-overs, each before the supervisor of the receiver's site."""
    rng = dice("handovers")
    witness, customers = supervisors(tree), population.numbers
    frames = []
    for number, (who, on, giver, receiver, reason, with_balance) in enumerate(history.papers):
        frames.append(
            pl.DataFrame(
                {
                    "ref": [f"H{number + 1:05d}"] * len(who),
                    "customer": customers[who],
                    "giver": [managers.number[giver]] * len(who),
                    "receiver": [managers.number[receiver]] * len(who),
                    "witness": [witness[managers.site[receiver]]] * len(who),
                    "effective_on": dates(np.full(len(who), on)),
                    "reason": [reason] * len(who),
                    "with_balance": [with_balance] * len(who),
                    "on_problem_list": rng.random(len(who)) < 0.06,
                }
            )
        )
    return pl.concat(frames) if frames else pl.DataFrame()
