"""Who the customers are: kind, age, wealth, line, where they bank, and how their story runs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from crm.demo import people
from crm.demo.branches import Branches
from crm.demo.dice import Dice, pick
from crm.demo.window import Window

PERSON, SOLE_TRADER, COMPANY, PUBLIC, ASSOCIATION = range(5)
KINDS = np.array(["person", "sole_trader", "company", "public", "association"])
RETAIL, CORPORATE, SME, PRIVATE = range(4)
LINES = np.array(["retail", "corporate", "sme", "private"])
STABLE, GROWER, DRIFTER, CHURNER, NEW = range(5)

PRIVATE_FROM = 2_000_000
_FIRST_AT_A_CENTRE = {CORPORATE: 55, PRIVATE: 55}  # a centre opens for this many customers of the line
_SME_AT_A_SITE = 45


@dataclass
class Population:
    """One array per trait, indexed by customer; days are day numbers, money is yuan."""

    kind: np.ndarray
    line: np.ndarray
    large: np.ndarray  # corporate rather than small business
    male: np.ndarray
    born: np.ndarray  # of a person born, of an organisation founded
    name: np.ndarray
    surname: np.ndarray  # of persons; "" otherwise
    industry: np.ndarray
    site: np.ndarray
    at_outlet: np.ndarray
    since: np.ndarray
    wealth: np.ndarray  # assets aimed at when the feed begins
    path: np.ndarray
    turn: np.ndarray  # the day on which the path turns
    salary: np.ndarray  # 0: none
    salary_stop: np.ndarray  # first day without; far in the future if it goes on
    pension: np.ndarray
    digital: np.ndarray  # probability that he uses the app or the web
    appetite: np.ndarray  # risk level 1 … 5
    tested_on: np.ndarray  # day of the last risk test, 0: none

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def person(self) -> np.ndarray:
        return self.kind == PERSON

    @cached_property
    def numbers(self) -> np.ndarray:
        return people.join("C", (np.arange(len(self)) + 10_000_001).astype(str))

    def age(self, on: int) -> np.ndarray:
        return (on - self.born) / 365.25


def build(customers: int, window: Window, tree: Branches, dice: Dice) -> Population:
    """Return `customers` customers of a bank with branches `tree`."""
    rng = dice("population")
    kind = pick(rng, (86, 6, 6.3, 1.0, 0.7), customers)
    person, trader = kind == PERSON, kind == SOLE_TRADER
    male = rng.random(customers) < 0.51
    large = (kind >= PUBLIC) | ((kind == COMPANY) & (rng.random(customers) < 0.27))
    born = window.last - (365.25 * _ages(rng, kind)).astype(int)
    path = pick(rng, (70, 11, 7.5, 6.5, 5), customers)
    path[(kind >= PUBLIC) & (path == CHURNER)] = STABLE
    since = _since(rng, window, born, person, path)
    wealth = _wealth(rng, kind, large, window.last - born)
    salary, pension = _incomes(rng, person, window.last - born, male, wealth)
    turn = _turns(rng, window, path)
    stop = np.full(customers, window.last + 10_000)
    gone = (path == CHURNER) | (rng.random(customers) < 0.015)
    stop[gone] = turn[gone] - rng.integers(-5, 40, gone.sum())
    line = np.select(
        [person & (wealth >= PRIVATE_FROM), person, trader | ~large], [PRIVATE, RETAIL, SME], CORPORATE
    )
    site = _sites(rng, tree, line)
    surname, name, industry = _names(rng, kind, born, male)
    age = (window.last - born) / 365.25
    digital = np.where(
        person,
        np.clip(1.03 - 0.0145 * np.maximum(age - 20, 0) + rng.normal(0, 0.12, customers), 0.03, 0.97),
        0.72,
    )
    outlet = (tree.outlet[site] >= 0) & (line == RETAIL) & (rng.random(customers) < 0.3)
    appetite = _appetites(rng, age, wealth)
    # a test holds for a year: some run out in the next weeks, some have
    tested = person & (rng.random(customers) < np.where(wealth > 60_000, 0.93, 0.66))
    tested_on = np.where(tested, np.maximum(window.last - rng.integers(3, 374, customers), since), 0)
    return Population(
        kind, line, large, male, born, name, surname, industry, site, outlet, since, wealth, path, turn,
        salary,         stop, pension, digital, appetite, tested_on,
    )  # fmt: skip


def _ages(rng, kind) -> np.ndarray:
    """Return years since birth or foundation."""
    size = len(kind)
    grown = np.clip(rng.normal(44, 15.5, size), 18.2, 88)
    young_firm = np.clip(rng.gamma(2.2, 4.2, size), 0.8, 40)
    return np.where(kind == PERSON, grown, np.where(kind >= PUBLIC, young_firm + 12, young_firm))


def _since(rng, window, born, person, path) -> np.ndarray:
    """Return the day each customer came: mostly years ago, the new ones inside the window."""
    size = len(born)
    years = np.minimum(rng.gamma(1.9, 3.4, size) + window.months / 12 + 0.05, 26)
    earliest = born + np.where(person, int(16 * 365.25), 20)
    since = np.maximum(window.last - (years * 365.25).astype(int), earliest)
    late = (path == NEW) | (since > window.first - 5)
    path[late] = NEW
    # some arrive in the very last days, so that a daily folder brings customers too
    inside = window.first + 3 + (rng.random(size) ** 0.8 * (window.last - window.first - 3)).astype(int)
    since[late] = np.maximum(inside, earliest)[late]
    return np.minimum(since, window.last)


def _wealth(rng, kind, large, days) -> np.ndarray:
    size = len(kind)
    age = days / 365.25
    median = np.select(
        [kind == PERSON, kind == SOLE_TRADER, large & (kind == COMPANY), kind == COMPANY],
        [45_000 * np.clip(0.45 + (age - 20) / 40, 0.4, 1.4), 90_000, 5_500_000, 420_000],
        2_600_000,
    )
    spread = np.select([kind == PERSON, kind == SOLE_TRADER], [1.85, 1.1], 1.15)
    return np.clip(median * np.exp(rng.normal(0, 1, size) * spread), 300, 90_000_000)


def _incomes(rng, person, days, male, wealth) -> tuple[np.ndarray, np.ndarray]:
    """Return (salary, pension) per month in yuan; 0 where none."""
    age, size = days / 365.25, len(days)
    retired = person & (age >= np.where(male, 60, 55))
    working = person & ~retired & (age >= 20.5) & (rng.random(size) < 0.64)
    level = 4_700 * (wealth / 40_000) ** 0.22 * np.exp(rng.normal(0, 0.28, size))
    salary = np.where(working, np.round(np.clip(level, 2_600, 60_000), -1), 0)
    pension = np.where(retired & (rng.random(size) < 0.72), np.round(rng.normal(4_300, 1_100, size), -1), 0)
    return salary, np.where(pension > 0, np.maximum(pension, 1_900), 0)


def _turns(rng, window, path) -> np.ndarray:
    """Return when a path turns: churners leave after the first third, half of them in the last 90 days."""
    size, length = len(path), window.last - window.first
    turn = window.first + (rng.random(size) * length * 0.8).astype(int)
    early = window.first + (length * (0.3 + 0.5 * rng.random(size))).astype(int)
    lately = window.last - rng.integers(5, max(6, min(90, length)), size)
    return np.where(path == CHURNER, np.where(rng.random(size) < 0.45, lately, early), turn)


def _sites(rng, tree, line) -> np.ndarray:
    """Return the site of each customer: retail everywhere, other lines where there are enough of them."""
    size = len(line)
    pull = np.where(np.isin(np.arange(tree.sites), tree.centres), 1.25, 1.0)
    site = pick(rng, pull * rng.uniform(0.75, 1.25, tree.sites), size)
    for other, least in _FIRST_AT_A_CENTRE.items():
        here = np.flatnonzero(line == other)
        open_centres = int(np.clip(len(here) // least, 1, len(tree.centres)))
        nearest = tree.site_tier1[site[here]] % open_centres
        site[here] = tree.centres[nearest]
    small = np.flatnonzero(line == SME)
    counts = np.bincount(site[small], minlength=tree.sites)
    moved = counts[site[small]] < _SME_AT_A_SITE
    centre_of = tree.centres[tree.site_tier1[site[small]]]
    site[small] = np.where(moved, centre_of, site[small])
    counts = np.bincount(site[small], minlength=tree.sites)
    lonely = counts[site[small]] < _SME_AT_A_SITE // 2
    site[small] = np.where(lonely, tree.centres[0], site[small])
    return site


def _names(rng, kind, born, male) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (surname, name, industry section); persons have no section."""
    size = len(kind)
    surname = people.surnames(rng, size).astype("<U2")
    year = 1970 + np.floor(born / 365.2425).astype(int)
    name = people.join(surname, people.given_names(rng, year, male)).astype(object)
    industry = np.full(size, None, dtype=object)
    makers = {
        SOLE_TRADER: lambda count, here: people.shops(rng, count, surname[here]),
        COMPANY: lambda count, here: people.firms(rng, count),
        PUBLIC: lambda count, here: people.public_bodies(rng, count),
        ASSOCIATION: lambda count, here: people.associations(rng, count),
    }
    for number, make in makers.items():
        here = kind == number
        if here.any():
            name[here], industry[here] = make(int(here.sum()), here)
    return surname, name, industry


def _appetites(rng, age, wealth) -> np.ndarray:
    """Return risk levels 1..5: the old are careful, the wealthy bolder."""
    lean = 2.7 - (age - 42) / 26 + 0.25 * np.log10(np.maximum(wealth, 1_000) / 50_000)
    return np.clip(np.round(lean + rng.normal(0, 0.9, len(age))), 1, 5).astype(int)
