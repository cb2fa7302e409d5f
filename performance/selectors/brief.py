"""The brief before a visit (拜访前简报): one page of what one should know when the door opens."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.look import dates, figures
from customers.choices import AmlLevel, LoanClass
from customers.events import events_of
from customers.models import Account
from customers.reasons import risk_band
from customers.reasons import sentence as task_sentence
from customers.selectors.contacts import Promise, last_contacts, open_promises, open_tasks
from customers.selectors.facts import Profile, profile_of
from customers.selectors.holdings import Holdings, holdings_of
from customers.selectors.outside import Wallet, wallet_of
from customers.selectors.profile import group_total
from customers.suitability import tested_until
from performance.choices import P
from performance.selectors.analysis import Analysed, analysis_of
from performance.sentences import driver_words
from performance.sentences import sentence as p_sentence

AHEAD_DAYS = 90
MOST = 6
SUGGESTIONS = 3
# the analyses that suggest something to say, the most urgent first
SUGGESTING = (P.PERSISTENCY, P.PRODUCT, P.PROSPECTING, P.PROMOTION, P.PROFITABILITY, P.PROFILING)
TELLING = ("family", "habits")  # topics of the profile that one should know by heart


@dataclass
class Brief:
    """What the page shows, in order. Amounts are fen; lists are cut so that one A4 holds them."""

    as_of: date
    analysed: Analysed | None
    holdings: Holdings
    wallet: Wallet
    group: dict | None
    profile: Profile
    promises: list[Promise]
    since: date | None  # the last contact that a manager logged
    last: object = None
    changes: list[dict] = field(default_factory=list)
    ahead: list[tuple[date, str]] = field(default_factory=list)
    risks: list[tuple[str, str]] = field(default_factory=list)
    suggestions: list[tuple[str, str]] = field(default_factory=list)
    preferences: list[tuple[object, str]] = field(default_factory=list)


def brief_of(customer, user, *, published, as_of: date) -> Brief:
    """Gather the brief of `customer` (with his identity) for `user`; `published` is the night readers see."""
    night_id = published.night_id if published else None
    analysed = analysis_of(customer, published)
    aum = analysed.rollup.aum if analysed else None
    tasks = open_tasks(customer, as_of)
    _last, logged = last_contacts(customer, user)
    brief = Brief(
        as_of=as_of,
        analysed=analysed,
        holdings=holdings_of(customer, published.business_date if published else as_of),
        wallet=wallet_of(customer, aum, as_of),
        group=group_total(customer, user, night_id),
        profile=profile_of(customer, as_of),
        promises=open_promises(tasks, logged, as_of, user)[:MOST],
        since=timezone.localtime(logged.happened_at).date() if logged else None,
        last=logged,
    )
    brief.changes = _changes(customer, user, brief)
    brief.ahead = _ahead(customer, brief)
    brief.risks = _risks(customer, brief)
    brief.suggestions = _suggestions(tasks, brief)
    known = [row for row in brief.profile.rows if row.fact and row.topic in TELLING]
    brief.preferences = [(row.field, row.fact.value) for row in known][: MOST + 2]
    return brief


def assets_then_and_now(analysed: Analysed | None, since: date | None) -> tuple[int, int] | None:
    """Month-average assets in fen of the month of the last contact, and of the newest month."""
    if analysed is None or since is None or not analysed.months:
        return None
    now = analysed.as_of
    back = (now.year - since.year) * 12 + now.month - since.month
    if not 0 < back < len(analysed.months):
        return None
    return analysed.months[-1 - back], analysed.months[-1]


def _changes(customer, user, brief):
    """What happened since the last contact, newest first; contacts and one's own notes left out."""
    after = timezone.make_aware(datetime.combine(brief.since, time.max)) if brief.since else None
    items, _more = events_of(customer, user, without=("contact", "profile"), most=20)
    fresh = [item for item in items if after is None or item["date"] > after]
    return fresh[:MOST]


def _ahead(customer, brief):
    """The dates of the next 90 days: agreed, maturing, expiring, birthday."""
    until = brief.as_of + timedelta(days=AHEAD_DAYS)
    found = []
    if customer.next_date:
        found.append((customer.next_date, _("next contact agreed")))
    for holding in [*brief.holdings.assets, *brief.holdings.loans]:
        account: Account = holding.account
        if account.matures_on and brief.as_of <= account.matures_on <= until:
            words = _("%(product)s matures, %(amount)s")
            amount = figures.short_money(holding.balance_fen or account.principal_fen)
            found.append((account.matures_on, words % {"product": account.product.name, "amount": amount}))
    identity = getattr(customer, "identity", None)
    expires = identity.document_expires_on if identity else None
    if expires and brief.as_of <= expires <= until:
        found.append((expires, _("document expires")))
    if (
        customer.is_person
        and (birthday := next_birthday(customer.born_on, brief.as_of))
        and birthday <= until
    ):
        found.append((birthday, _("birthday")))
    if (ends := tested_until(customer)) and brief.as_of <= ends <= until:
        found.append((ends, _("risk test expires")))
    return sorted(found)[:MOST]


def next_birthday(born: date | None, as_of: date) -> date | None:
    """The next birthday on or after `as_of`; who was born on 29 February has it on 1 March in other years."""
    if born is None:
        return None
    for year in (as_of.year, as_of.year + 1):
        try:
            day = born.replace(year=year)
        except ValueError:
            day = date(year, 3, 1)
        if day >= as_of:
            return day
    return None


def _risks(customer, brief):
    """(kind of mark, sentence): loans first, then leaving, papers, laundering."""
    found = []
    state = brief.holdings.worst_loan
    if state and state.overdue_days:
        found.append(("danger", _("A loan is %(days)s days overdue") % {"days": state.overdue_days}))
    elif state and state.loan_class != LoanClass.PASS:
        found.append(("warn", _("Loan class: %(class)s") % {"class": state.get_loan_class_display()}))
    row = brief.analysed.row if brief.analysed else None
    if row and row.persistency_churn is not None:
        band = risk_band(round(row.persistency_churn * 10000))
        if band != "low":
            drivers = [driver_words(d, row) for d in (row.persistency_driver, row.persistency_driver2) if d]
            words = _("Risk of leaving %(share)s") % {"share": figures.percent(row.persistency_churn)}
            found.append(("danger" if band == "high" else "warn", " · ".join([words, *map(str, drivers)])))
    identity = getattr(customer, "identity", None)
    if identity and identity.document_expires_on and identity.document_expires_on < brief.as_of:
        told = dates.full_day(identity.document_expires_on)
        found.append(("warn", _("The document expired on %(date)s") % {"date": told}))
    until = tested_until(customer)
    if customer.is_person and until is None:
        found.append(("warn", _("No risk test: no investment may be offered")))
    elif customer.is_person and until < brief.as_of:
        told = {"date": dates.full_day(until)}
        found.append(("warn", _("The risk test expired on %(date)s: no investment may be offered") % told))
    if customer.aml_level in (AmlLevel.HIGH, AmlLevel.HIGHEST):
        found.append(
            ("warn", _("Money-laundering risk: %(level)s") % {"level": customer.get_aml_level_display()})
        )
    if not customer.marketing_consent:
        found.append(("info", _("Has not agreed to marketing: no offers")))
    return found[:MOST]


def _suggestions(tasks, brief):
    """Three things to do: what is due today first, then what the analyses find; (what, why)."""
    found = [(task.get_kind_display(), task_sentence(task, brief.as_of)) for task in tasks[:2]]
    if brief.analysed:
        for p in SUGGESTING:
            said = p_sentence(p, brief.analysed)
            if said.act and said.state == "normal":
                found.append((said.act, " ".join(map(str, said.clauses))))
    return found[:SUGGESTIONS]
