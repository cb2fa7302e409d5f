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
    care,
    contacts,
    current,
    holidays,
    invested,
    loans,
    marketing,
    plans,
    population,
    products,
    profile,
    records,
    relations,
    spikes,
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
    customers: pl.DataFrame
    relations: relations.Relations
    measured: plans.Measured


def make(root: Path, customers: int, window: Window, seed: int) -> dict[str, int]:
    """Write the feed of a demo bank into the empty folder `root`; return rows per record type."""
    bank = _found(customers, window, seed)
    folders = Folders(root, window)
    _organisation(bank, folders)
    for number, start in enumerate(range(0, customers, BLOCK)):
        _block(bank, folders, number, start, min(BLOCK, customers - start))
    rows = plans.build(bank.measured, bank.population, bank.managers, bank.history.segments, bank.dice)
    folders.versions("plans", rows, {"_known": ()})
    return folders.rows


def _found(customers: int, window: Window, seed: int) -> Bank:
    dice = Dice(seed)
    tree = branches.build(customers, dice)
    people = population.build(customers, window, tree, dice)
    related = relations.build(people, window, dice)
    aml = records.aml_levels(customers, dice)
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
        customers=records.customers(people, tree, related.home, aml, window, dice),
        relations=related,
        measured=plans.Measured(customers, window),
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
    folders.standing("fields", profile.fields())
    folders.dated("customers", bank.customers, "since")
    aml = bank.customers["aml_level"].to_numpy()
    facts = profile.facts(people, bank.managers, bank.lead, aml, window, bank.dice)
    folders.versions("facts", facts, {"noted_on": (), "verified_on": ("verified_by",)})
    folders.versions("relationships", bank.relations.links, {"_known": ()})
    folders.versions("groups", bank.relations.groups, {"_known": ()})
    folders.standing("segments", marketing.segments())
    consent = bank.customers["marketing_consent"].to_numpy()
    campaigns, invitations = marketing.campaigns(people, consent, window, bank.dice)
    folders.versions("campaigns", campaigns, {"_known": ()})
    folders.versions("invitations", invitations, marketing.INVITATION_EVENTS)
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
    postings, balances = current.run(
        ledger,
        parts["current"],
        dice("current", number),
        unsteered=lambda: spikes.run(ledger, bank.lead, bank.history.spiker, dice("spikes", number)),
    )
    homes = bank.homes[start : start + size]
    made = frames(ledger, postings, balances, homes, bank.tree.codes, dice("places", number))
    folders.versions("accounts", made["accounts"], {"opened_on": (), "closed_on": ()})
    folders.dated("transactions", made["transactions"], "booked_on")
    folders.dated("balances", made["balances"], "date")
    numbers = made["accounts"]["number"].to_numpy()
    states = pl.concat(ledger.loan_states).sort("_account", "date")
    states = states.select(pl.Series("account", numbers[states["_account"].to_numpy()]), *states.columns[1:])
    folders.dated("loans", states, "date")
    bank.measured.add(ledger, postings, balances)
    _service(bank, folders, ledger, made["accounts"], states)


def _service(
    bank: Bank, folders: Folders, ledger: Ledger, accounts: pl.DataFrame, states: pl.DataFrame
) -> None:
    """Write what people did about the block's customers: contacts, requests, complaints and the rest."""
    people, managers, window, number = bank.population, bank.managers, bank.window, ledger.number
    segments, calendar = bank.history.segments, bank.calendar
    chosen = slice(ledger.start, ledger.start + ledger.size)
    book = _loan_book(ledger, accounts, states)
    late = np.zeros(ledger.size, dtype=bool)
    late[book.filter("overdue")["customer"].to_numpy() - ledger.start] = True

    def dice(stream: str) -> np.random.Generator:
        return bank.dice(stream, number)

    rows = contacts.build(
        people, managers, bank.lead, segments, calendar, window, chosen, late, dice("contacts")
    )
    folders.dated("interactions", rows, "_on")
    rows = care.requests(people, managers, segments, calendar, window, chosen, dice("requests"))
    folders.versions("requests", rows, care.REQUEST_EVENTS, [care.REQUEST_STATE])
    rows = care.complaints(people, managers, segments, window, chosen, dice("complaints"))
    folders.versions("complaints", rows, care.COMPLAINT_EVENTS)
    rows = care.surveys(people, managers, segments, window, chosen, dice("surveys"))
    folders.versions("surveys", rows, care.SURVEY_EVENTS)
    rows = care.checks(book, people, managers, segments, calendar, window, dice("checks"))
    if rows.height:
        folders.versions("checks", rows, care.CHECK_EVENTS)
    rows = marketing.opportunities(people, managers, segments, window, chosen, dice("opportunities"))
    folders.versions("opportunities", rows, marketing.OPPORTUNITY_EVENTS, marketing.OPPORTUNITY_STATE)


def _loan_book(ledger: Ledger, accounts: pl.DataFrame, states: pl.DataFrame) -> pl.DataFrame:
    """Return the block's loans: number, customer, days opened and closed, whether overdue at the end."""
    frame = ledger.account_frame()
    loan = products.FAMILY[frame["_product"].to_numpy()] == "loan"
    latest = states.group_by("account", maintain_order=True).agg(pl.col("overdue_days").last())
    book = frame.filter(pl.Series(loan)).select(
        "number",
        customer=pl.col("_customer") + ledger.start,
        opened=pl.col("opened_on").to_physical().cast(pl.Int64),
        closed=pl.col("closed_on").to_physical().cast(pl.Int64).fill_null(10**6),
    )
    book = book.join(latest, left_on="number", right_on="account", how="left", maintain_order="left")
    return book.with_columns(overdue=pl.col("overdue_days").fill_null(0) > 0).drop("overdue_days")
