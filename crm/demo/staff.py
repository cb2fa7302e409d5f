"""Who works at the bank: managers of four lines sized by their books, supervisors, back office, auditors."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from crm.demo import people
from crm.demo.branches import HEAD_OFFICE, Branches
from crm.demo.dice import Dice, pick
from crm.demo.population import CORPORATE, LINES, PRIVATE, RETAIL, SME, Population
from crm.demo.window import Window, dates

BOOK = {RETAIL: 205, CORPORATE: 72, SME: 96, PRIVATE: 66}  # customers that one manager looks after
GRADES = np.array(["trainee", "junior", "intermediate", "senior", "principal"])
_CAPACITY = {RETAIL: 240, CORPORATE: 80, SME: 120, PRIVATE: 80}
_GRADE_FACTOR = np.array([0.7, 0.9, 1.0, 1.1, 1.2])


@dataclass
class Managers:
    """One array per trait, indexed by manager. `until` is the first day no longer in post, or −1."""

    number: np.ndarray
    name: np.ndarray
    site: np.ndarray
    line: np.ndarray
    grade: np.ndarray
    since: np.ndarray
    until: np.ndarray
    skill: np.ndarray  # about −2 … 2: diligence and luck, behind every indicator

    def __len__(self) -> int:
        return len(self.number)

    def add(self, **traits) -> int:
        """Append one manager and return his position."""
        for name, value in traits.items():
            setattr(self, name, np.append(getattr(self, name), value))
        return len(self) - 1


def hire(population: Population, window: Window, dice: Dice) -> tuple[Managers, np.ndarray]:
    """Return (managers, lead manager of every customer now); about 2% of customers are in the pool."""
    rng = dice("managers")
    size = len(population)
    lead = np.full(size, -1)
    shuffled = rng.permutation(size)
    sites, lines = [], []
    for line in (RETAIL, SME, CORPORATE, PRIVATE):
        for site in np.unique(population.site[population.line == line]):
            group = shuffled[(population.line[shuffled] == line) & (population.site[shuffled] == site)]
            count = max(1, round(len(group) / BOOK[line]))
            cut = np.cumsum(rng.uniform(0.8, 1.2, count))
            places = np.searchsorted(cut / cut[-1], (np.arange(len(group)) + 0.5) / len(group))
            lead[group] = len(sites) + np.minimum(places, count - 1)
            sites += [site] * count
            lines += [line] * count
    count = len(sites)
    male = rng.random(count) < 0.45
    served = rng.gamma(2.0, 2.4, count) + window.months / 12 + 0.2
    age = np.clip(rng.normal(35, 6.5, count), 22.5 + served, 58 + served)
    since = window.last - (served * 365.25).astype(int)
    grade = np.clip(np.round(0.4 + served / 2.6 + rng.normal(0, 0.5, count)), 0, 4).astype(int)
    grade[np.isin(lines, (CORPORATE, PRIVATE))] = np.maximum(grade[np.isin(lines, (CORPORATE, PRIVATE))], 2)
    year = 1970 + ((window.last - age * 365.25) / 365.25).astype(int)
    managers = Managers(
        number=(np.arange(count) + 100_001).astype(str),
        name=people.full_names(rng, year, male),
        site=np.array(sites),
        line=np.array(lines),
        grade=grade,
        since=since,
        until=np.full(count, -1),
        skill=np.clip(rng.normal(0, 0.85, count), -1.8, 1.9),
    )
    lead[rng.random(size) < 0.02] = -1
    return managers, lead


def frame(managers: Managers, tree: Branches, window: Window, dice: Dice) -> pl.DataFrame:
    """Return the feed's staff: managers first, then those who lead, serve, administer and audit."""
    line = managers.line
    capacity = np.array([_CAPACITY[number] for number in line]) * _GRADE_FACTOR[managers.grade]
    rows = pl.DataFrame(
        {
            "number": managers.number,
            "name": managers.name,
            "role": ["manager"] * len(managers),
            "branch": tree.codes[tree.site_rows[managers.site]],
            "line": LINES[line],
            "grade": GRADES[managers.grade],
            "capacity": (np.round(capacity / 10) * 10).astype(np.int64),
            "in_post_from": dates(managers.since),
            "in_post_to": dates(managers.until, managers.until >= 0),
        }
    )
    return pl.concat([rows, _others(tree, window, dice)], how="diagonal")


def supervisors(tree: Branches) -> np.ndarray:
    """Return the staff number of each site's supervisor."""
    return np.array([f"{200_001 + site}" for site in range(tree.sites)])


def _others(tree: Branches, window: Window, dice: Dice) -> pl.DataFrame:
    rng = dice("staff")
    posts = [
        (number, "supervisor", tree.codes[row])
        for number, row in zip(supervisors(tree), tree.site_rows, strict=True)
    ]
    posts += [(f"{300_001 + i}", "supervisor", tree.codes[row]) for i, row in enumerate(tree.tier1_rows)]
    posts += [(f"{400_001 + i}", "back_office", tree.codes[row]) for i, row in enumerate(tree.tier1_rows)]
    posts += [(f"{500_001 + i}", "back_office", HEAD_OFFICE) for i in range(3)]
    posts += [("600001", "supervisor", HEAD_OFFICE), ("700001", "auditor", HEAD_OFFICE)]
    posts += [("800001", "admin", HEAD_OFFICE)]
    year = pick(rng, [1] * 25, len(posts)) + 1968
    names = people.full_names(rng, year, rng.random(len(posts)) < 0.5)
    return pl.DataFrame(
        {
            "number": [post[0] for post in posts],
            "name": names,
            "role": [post[1] for post in posts],
            "branch": [post[2] for post in posts],
        }
    )


def leaves(managers: Managers, peers: list[np.ndarray], away: list[tuple], window: Window, dice: Dice):
    """Return the feed's leaves: a long one for everyone in `away`, some days for others.

    `away` holds (manager, first day, day after the last, who covers).
    """
    rng = dice("leaves")
    rows = [(managers.number[m], start, end, "parental", managers.number[by]) for m, start, end, by in away]
    busy = {m for m, *_ in away}
    start_of_year = max(window.first, window.last - 330)
    for manager in range(len(managers)):
        if manager in busy or managers.until[manager] >= 0 or not len(peers[manager]):
            continue
        for _ in range(int(rng.integers(0, 3))):
            start = int(rng.integers(start_of_year, window.last + 25))
            cover = managers.number[rng.choice(peers[manager])]
            kind, length = ("annual", 6) if rng.random() < 0.75 else ("sick", 3)
            if all(number != managers.number[manager] or start > end or start + length < begun
                   for number, begun, end, *_ in rows):  # fmt: skip
                rows.append((managers.number[manager], start, start + length, kind, cover))
    frame = pl.DataFrame(rows, schema=["staff", "from", "to", "kind", "covered_by"], orient="row")
    # a leave is entered a week before it begins, a long one two months before
    notice = pl.when(pl.col("kind") == "parental").then(60).otherwise(7)
    return frame.with_columns(_known=pl.col("from") - notice).with_columns(
        pl.col("from", "to", "_known").cast(pl.Int32).cast(pl.Date)
    )


def training(managers: Managers, window: Window, dice: Dice) -> pl.DataFrame:
    """Return the feed's training: three courses, a batch each half-year, one running now."""
    rng = dice("training")
    courses = (
        ("AML", "反洗钱与尽职调查", 12),
        ("SUIT", "投资者适当性管理", 12),
        ("CREDIT", "小微授信与贷后管理", 24),
    )
    rows = []
    for number, (code, name, valid) in enumerate(courses):
        for batch, start in enumerate(range(window.first + 20 + 25 * number, window.last + 1, 170)):
            chosen = np.flatnonzero((rng.random(len(managers)) < 0.55) & (managers.since <= start))
            chosen = chosen[(managers.until[chosen] < 0) | (managers.until[chosen] > start)]
            score = np.round(np.clip(rng.normal(82, 9, len(chosen)) + 4 * managers.skill[chosen], 41, 100), 1)
            for manager, mark in zip(chosen, score, strict=True):
                result = "absent" if rng.random() < 0.03 else ("passed" if mark >= 60 else "failed")
                rows.append(
                    (
                        f"{code}-{batch + 1:02d}", managers.number[manager], code, name, valid, start,
                        start + 3,
                        "总行培训中心", result, None if result == "absent" else f"{mark:.2f}",
                        start + 3 + valid * 30 if result == "passed" else None,
                    )
                )  # fmt: skip
    names = [
        "batch",
        "staff",
        "course",
        "course_name",
        "valid_months",
        "from",
        "to",
        "place",
        "result",
        "score",
        "certificate_expires_on",
    ]
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None).with_columns(
        pl.col("from", "to", "certificate_expires_on").cast(pl.Int32).cast(pl.Date)
    )
    return frame.with_columns(_done=pl.col("to"))
