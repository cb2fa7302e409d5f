"""Families, owners of firms and groups: who belongs to whom."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from crm.demo.dice import Dice
from crm.demo.population import COMPANY, SOLE_TRADER, Population
from crm.demo.window import Window, dates


@dataclass
class Relations:
    """`links` and `groups` as the feed has them; `home[customer]` is at whose address he lives."""

    links: pl.DataFrame
    groups: pl.DataFrame
    home: np.ndarray


def build(population: Population, window: Window, dice: Dice) -> Relations:
    """Return relations; children get their father's surname (in `population`)."""
    rng = dice("relations")
    home = np.arange(len(population))
    husband, wife = _couples(population, window, rng)
    home[wife] = husband
    parent, child = _children(population, window, rng, husband)
    home[child] = parent
    mother = dict(zip(husband.tolist(), wife.tolist(), strict=True))
    mothers = np.array([mother[p] for p in parent.tolist()], dtype=int)
    owned, owner = _owners(population, window, rng)
    partner = owner[rng.permutation(len(owner))]
    shares = (rng.random(len(owned)) < 0.3) & (partner != owner) & (population.kind[owned] == COMPANY)
    vouches = rng.random(len(owned)) < 0.12
    workers = np.flatnonzero((population.salary > 0) & (rng.random(len(population)) < 0.1))
    firms = np.flatnonzero(population.kind == COMPANY)
    workers = workers if len(firms) else workers[:0]
    links = [
        _link(husband, wife, "spouse"),
        _link(parent, child, "parent"),
        _link(mothers, child, "parent"),
        _link(owner, owned, "legal_representative"),
        _link(partner[shares], owned[shares], "shareholder"),
        _link(owner[vouches], owned[vouches], "guarantor"),
        _link(rng.choice(firms, len(workers)) if len(firms) else workers, workers, "employer"),
    ]
    rows = pl.concat(links)
    subject, object_ = rows["subject"].to_numpy(), rows["object"].to_numpy()
    known = np.maximum(population.since[subject], population.since[object_])
    listed = pl.DataFrame(
        {
            "subject": population.numbers[subject],
            "object": population.numbers[object_],
            "kind": rows["kind"],
            "since": pl.Series([None] * len(subject), dtype=pl.Date),
            "until": pl.Series([None] * len(subject), dtype=pl.Date),
            "_known": dates(known),
        }
    )
    return Relations(listed, _groups(population, rng, husband, wife, parent, child, firms), home)


def _link(subject, object_, kind: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"subject": subject, "object": object_, "kind": [kind] * len(subject)},
        schema={"subject": pl.Int64, "object": pl.Int64, "kind": pl.String},
    )


def _couples(population: Population, window: Window, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return (husbands, wives) of like age: about a third of the grown persons."""
    age = population.age(window.last)
    grown = population.person & (age > 26) & (age < 84) & (rng.random(len(population)) < 0.4)
    men, women = np.flatnonzero(grown & population.male), np.flatnonzero(grown & ~population.male)
    count = min(len(men), len(women))
    men, women = np.sort(rng.permutation(men)[:count]), np.sort(rng.permutation(women)[:count])
    by_age = [group[np.lexsort((group, age[group] + shift))] for group, shift in ((men, 0), (women, 1.5))]
    close = np.abs(age[by_age[0]] - age[by_age[1]]) < 9
    return by_age[0][close], by_age[1][close]


def _children(population: Population, window: Window, rng, fathers) -> tuple[np.ndarray, np.ndarray]:
    """Return (fathers, children): persons under 34 who bank here too, named after the father."""
    age = population.age(window.last)
    young = np.flatnonzero(population.person & (age < 34) & (rng.random(len(population)) < 0.3))
    young = np.setdiff1d(young, fathers)
    pairs, taken = [], np.zeros(len(fathers), dtype=int)
    order = np.lexsort((fathers, age[fathers]))
    ages = age[fathers][order]
    for child in young.tolist():
        low, high = np.searchsorted(ages, (age[child] + 23, age[child] + 37))
        if high <= low:
            continue
        position = order[rng.integers(low, high)]
        if taken[position] < 2:
            taken[position] += 1
            pairs.append((fathers[position], child))
    parents = np.array([pair[0] for pair in pairs], dtype=int)
    children = np.array([pair[1] for pair in pairs], dtype=int)
    for parent, child in pairs:
        given = str(population.name[child])[len(population.surname[child]) :]
        population.surname[child] = population.surname[parent]
        population.name[child] = population.surname[parent] + given
    return parents, children


def _owners(population: Population, window: Window, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return (firms and traders, their legal representatives)."""
    age = population.age(window.last)
    able = np.flatnonzero(population.person & (age > 27) & (age < 69) & (population.wealth > 20_000))
    firms = np.flatnonzero(np.isin(population.kind, (COMPANY, SOLE_TRADER)))
    if not len(able):
        return firms[:0], able
    return firms, able[rng.permutation(max(len(firms), len(able)))[: len(firms)] % len(able)]


def _groups(population: Population, rng, husband, wife, parent, child, firms) -> pl.DataFrame:
    """Return households and corporate groups with their members."""
    numbers, names = population.numbers, population.name
    code = {int(head): f"HH{position + 1:06d}" for position, head in enumerate(husband)}
    heads = np.concatenate([husband, husband, parent])
    members = np.concatenate([husband, wife, child])
    roles = ["head"] * len(husband) + ["spouse"] * len(wife) + ["child"] * len(child)
    known = np.maximum(population.since[heads], population.since[members])
    rows = [
        (code[int(head)], numbers[member], f"{names[head]}一家", "household", int(day), role)
        for head, member, day, role in zip(heads, members, known, roles, strict=True)
    ]
    chosen = rng.permutation(firms)[: len(firms) // 8]
    position = 0
    while position + 1 < len(chosen):
        size = min(int(rng.integers(2, 5)), len(chosen) - position)
        head = chosen[position]
        name = str(names[head])[:2] + "系企业"
        for member in chosen[position : position + size]:
            rows.append(
                (
                    f"CG{position + 1:05d}",
                    numbers[member],
                    name,
                    "corporate_group",
                    int(population.since[member]),
                    "head" if member == head else "subsidiary",
                )
            )
        position += size
    kinds = dict.fromkeys(("group", "customer", "name", "kind"), pl.String)
    kinds |= {"_known": pl.Int64, "role": pl.String}
    frame = pl.DataFrame(rows, schema=kinds, orient="row")
    return frame.with_columns(pl.col("_known").cast(pl.Int32).cast(pl.Date)).sort("group", "customer")
