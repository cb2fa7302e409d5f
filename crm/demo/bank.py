"""The demo bank put together: the whole first, then the ledger block by block."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from crm.demo import (
    allocation,
    assignments,
    branches,
    cards,
    current,
    holidays,
    invested,
    loans,
    population,
    products,
    records,
    staff,
    terms,
)
from crm.demo.dice import Dice
from crm.demo.folders import Folders
from crm.demo.ledger import Ledger, frames
from crm.demo.window import Window

BLOCK = 20_000


@dataclass
class Bank:
    """Everything that blocks share."""

    window: Window
    dice: Dice
    calendar: holidays.Calendar
    tree: branches.Branches
    population: population.Population
    managers: staff.Managers
    lead: np.ndarray
    history: assignments.History
    returns: np.ndarray
    homes: np.ndarray


def make(root: Path, customers: int, window: Window, seed: int) -> dict[str, int]:
    """Write the feed of a demo bank into the empty folder `root`; return rows per record type."""
    bank = _found(customers, window, seed)
    folders = Folders(root, window)
    _organisation(bank, folders)
    for number, start in enumerate(range(0, customers, BLOCK)):
        _block(bank, folders, number, start, min(BLOCK, customers - start))
    return folders.rows


def _found(customers: int, window: Window, seed: int) -> Bank:
    dice = Dice(seed)
    tree = branches.build(customers, dice)
    people = population.build(customers, window, tree, dice)
    managers, lead = staff.hire(people, window, dice)
    history = assignments.build(people, managers, lead, tree, window, dice)
    return Bank(
        window=window,
        dice=dice,
        calendar=holidays.Calendar(window.first, window.last),
        tree=tree,
        population=people,
        managers=managers,
        lead=lead,
        history=history,
        returns=invested.month_returns(dice, len(window.month_starts())),
        homes=records.home_rows(people, tree),
    )


def _organisation(bank: Bank, folders: Folders) -> None:
    tree, window, people = bank.tree, bank.window, bank.population
    folders.standing("branches", tree.frame)
    folders.standing("staff", staff.frame(bank.managers, tree, window, bank.dice))
    folders.standing("calendar", bank.calendar.exceptions())
    peers = assignments.peers_of(bank.managers, tree)
    leaves = staff.leaves(bank.managers, peers, bank.history.away, window, bank.dice)
    folders.versions("leaves", leaves, {"_known": ()})
    folders.versions("training", staff.training(bank.managers, window, bank.dice), {"_done": ()})
    folders.standing("products", products.frame())
    folders.dated("customers", records.customers(people, tree, window, bank.dice), "since")
    rows = assignments.frame(people, bank.managers, bank.history.segments)
    folders.versions("assignments", rows, {"from": (), "to": ()})
    papers = assignments.handovers(people, bank.managers, bank.history, tree, bank.dice)
    if papers.height:
        folders.dated("handovers", papers, "effective_on")


def _block(bank: Bank, folders: Folders, number: int, start: int, size: int) -> None:
    dice = bank.dice
    ledger = Ledger(bank.population, start, size, bank.window, number)
    current.open_accounts(ledger, dice("current-open", number))
    parts = allocation.allocate(ledger, dice("allocation", number))
    terms.run(ledger, parts, dice("terms", number))
    invested.run(ledger, parts, bank.returns, dice("invested", number))
    cards.run(ledger, dice("cards", number))
    loans.run(ledger, dice("loans", number))
    postings, balances = current.run(ledger, parts["current"], dice("current", number))
    homes = bank.homes[start : start + size]
    made = frames(ledger, postings, balances, homes, bank.tree.codes, dice("places", number))
    folders.versions("accounts", made["accounts"], {"opened_on": (), "closed_on": ()})
    folders.dated("transactions", made["transactions"], "booked_on")
    folders.dated("balances", made["balances"], "date")
    numbers = made["accounts"]["number"].to_numpy()
    states = pl.concat(ledger.loan_states).sort("_account", "date")
    states = states.select(pl.Series("account", numbers[states["_account"].to_numpy()]), *states.columns[1:])
    folders.dated("loans", states, "date")
