"""How a customer's wealth lies: what part in each family of products."""

import numpy as np

from crm.demo.ledger import Ledger
from crm.demo.population import NEW, PERSON

FAMILIES = ("current", "time_deposit", "wealth", "fund", "insurance", "bond", "metal")
_WEIGHT = np.array([0.22, 0.36, 0.34, 0.14, 0.10, 0.08, 0.04])


def allocate(ledger: Ledger, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return yuan per family, one array per family over the block's customers; 0: not held."""
    wealth, kind = ledger.trait("wealth"), ledger.trait("kind")
    age = ledger.population.age(ledger.window.last)[ledger.start : ledger.start + ledger.size]
    person = kind == PERSON
    rich = 1 / (1 + np.exp(-(np.log(wealth) - np.log(120_000)) * 1.1))
    young, old = np.clip((48 - age) / 30, 0, 1), np.clip((age - 45) / 30, 0, 1)
    chance = np.stack(
        [
            np.ones_like(rich),
            np.where(person, 0.10 + 0.42 * rich + 0.15 * old, 0.12 + 0.3 * rich),
            np.where(person, 0.04 + 0.58 * rich, 0.04 + 0.22 * rich),
            np.where(person, 0.03 + 0.34 * rich + 0.12 * young, 0.0),
            np.where(person, 0.04 + 0.24 * rich, 0.0),
            np.where(person, 0.01 + 0.10 * rich * (0.3 + old), 0.0),
            np.where(person, 0.01 + 0.10 * rich, 0.0),
        ]
    )
    # what just arrived starts with a current account
    chance[1:] *= np.where(ledger.trait("path") == NEW, 0.35, 1.0)
    # who has no risk test buys nothing that carries a risk, but for a few old sins
    untested = person & (ledger.trait("tested_on") == 0)
    chance[2:] *= np.where(untested, 0.02, 1.0)
    held = rng.random(chance.shape) < chance
    part = held * _WEIGHT[:, None] * np.exp(rng.normal(0, 0.55, chance.shape))
    part[0] *= np.where(person, 1.0, 3.2)
    part /= part.sum(axis=0)
    return {name: part[number] * wealth for number, name in enumerate(FAMILIES)}
