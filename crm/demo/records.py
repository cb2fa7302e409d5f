"""Customers as the feed writes them: documents, contacts, consents, risk tests, life cycle."""

import numpy as np
import polars as pl

from crm.demo import identity, words
from crm.demo.branches import Branches
from crm.demo.dice import Dice, choose
from crm.demo.people import join
from crm.demo.population import (
    CHURNER,
    COMPANY,
    DRIFTER,
    GROWER,
    KINDS,
    NEW,
    PERSON,
    PUBLIC,
    SOLE_TRADER,
    Population,
)
from crm.demo.window import Window, dates


def home_rows(population: Population, tree: Branches) -> np.ndarray:
    """Return the branch row of every customer: his site, or its outlet."""
    return np.where(population.at_outlet, tree.outlet[population.site], tree.site_rows[population.site])


def customers(
    population: Population, tree: Branches, home: np.ndarray, aml: np.ndarray, window: Window, dice: Dice
) -> pl.DataFrame:
    """Return the feed's customers; `home` says at whose address each lives."""
    rng, size = dice("records"), len(population)
    person = population.person
    tested = population.tested_on > 0
    document, number = _documents(rng, population)
    expires = _expiries(rng, window, person, size)
    lifecycle = np.select(
        [population.path == NEW, population.path == GROWER, population.path == DRIFTER,
         (population.path == CHURNER) & (population.turn < window.last - 60), population.path == CHURNER],
        ["new", "growing", "declining", "lost", "declining"],
        "mature",
    )  # fmt: skip
    consent = rng.random(size) < 0.83
    return pl.DataFrame(
        {
            "number": population.numbers,
            "kind": KINDS[population.kind],
            "name": population.name.astype(str),
            "branch": tree.codes[home_rows(population, tree)],
            "since": dates(population.since),
            "closed_on": pl.Series([None] * size, dtype=pl.Date),
            "born_on": dates(population.born),
            "gender": pl.Series(np.where(population.male, "m", "f")),
            "risk": pl.Series(np.char.add("C", population.appetite.astype(str))),
            "risk_tested_on": dates(population.tested_on, tested),
            "aml_level": aml,
            "industry": pl.Series(population.industry.tolist(), dtype=pl.String),
            "lifecycle": lifecycle,
            "marketing_consent": consent,
            "profiling_consent": rng.random(size) < 0.96,
            "document": document,
            "document_number": number,
            "document_expires_on": dates(expires, expires > 0),
            "mobile": identity.mobiles(np.arange(size)),
            "address": _addresses(rng, population)[home],
        }
    ).with_columns(
        gender=pl.when(pl.Series(person)).then("gender"),
        risk=pl.when(pl.Series(tested)).then("risk"),
    )


def aml_levels(size: int, dice: Dice) -> np.ndarray:
    return choose(dice("aml"), ("low", "medium", "high", "highest"), size, (82, 14.5, 3, 0.5))


def _documents(rng, population: Population) -> tuple[np.ndarray, np.ndarray]:
    """Return (kind, number) of every customer's document."""
    size, kind = len(population), population.kind
    numbers = np.full(size, "", dtype=object)
    documents = np.where(kind == PERSON, "resident_id", "uscc").astype(object)
    person = np.flatnonzero(kind == PERSON)
    foreign = person[rng.random(len(person)) < 0.004]
    documents[foreign] = "passport"
    numbers[person] = identity.resident_ids(population.born[person], population.male[person])
    for position, customer in enumerate(foreign):
        numbers[customer] = f"E{position + 1:08d}"
    for body, here in (
        ("92", kind == SOLE_TRADER), ("91", kind == COMPANY), ("12", kind == PUBLIC), ("51", kind > PUBLIC)
    ):  # fmt: skip
        numbers[here] = identity.credit_codes(body, np.flatnonzero(here))
    return documents.astype(str), numbers.astype(str)


def _expiries(rng, window: Window, person, size) -> np.ndarray:
    """Return days on which documents end; 0 for firms and for documents that never do."""
    ahead = rng.integers(60, 20 * 365, size)
    draw = rng.random(size)
    ahead = np.where(
        draw < 0.025, rng.integers(1, 60, size), np.where(draw < 0.05, -rng.integers(1, 200, size), ahead)
    )
    return np.where(person & (rng.random(size) < 0.86), window.last + ahead, 0)


def _addresses(rng, population: Population) -> np.ndarray:
    size = len(population)
    district = np.array(words.DISTRICTS)[rng.integers(0, len(words.DISTRICTS), size)]
    road = np.array(words.ROADS)[rng.integers(0, len(words.ROADS), size)]
    place = np.array(words.COMPOUNDS)[rng.integers(0, len(words.COMPOUNDS), size)]
    number = rng.integers(1, 480, size).astype(str)
    home = join(
        place, rng.integers(1, 29, size).astype(str), "幢", rng.integers(101, 2405, size).astype(str), "室"
    )
    office = join(rng.integers(1, 22, size).astype(str), "层")
    inner = np.where(population.person, home, office)
    return join(words.CITY, district, "区", road, "路", number, "号", inner)
