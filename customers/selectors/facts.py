"""What is known of a customer: every field that is asked, with its fact, and what is missing or gets old."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b

from django.db.models import Q

from crm.history.models import Change
from customers import rules
from customers.choices import IdDocument, IdentityPart
from customers.models import CustomerIdentity, IdentityCheck, ProfileFact, ProfileField

MISSING, EXPIRED, AGEING, UNCHECKED, KNOWN = "missing", "expired", "ageing", "unchecked", "known"
GAPS = (MISSING, EXPIRED, AGEING, UNCHECKED)
MONTH = 365 / 12


@dataclass(frozen=True)
class Row:
    """One field that is asked of this customer, with its latest fact.

    `share` is what the field counts in completeness, in percent; `holds_until` the last day on which the fact
    counts; `state` one of missing, expired, ageing (loses its validity soon), unchecked (nobody verified it),
    known.
    """

    field: ProfileField
    fact: ProfileFact | None
    state: str
    share: float
    holds_until: date | None

    @property
    def topic(self) -> str:
        return rules.field(self.field.code)["topic"]

    @property
    def counts(self) -> bool:
        """Whether the field is filled for completeness (indicator I1)."""
        return self.state not in (MISSING, EXPIRED)


@dataclass(frozen=True)
class Profile:
    """Weights filled over weights required, in percent, and every field asked, heaviest first."""

    percent: int | None
    verified_percent: int | None
    verified_on: date | None  # the latest verification of anything
    rows: list[Row]
    version: str

    @property
    def gaps(self) -> list[Row]:
        """What needs doing: missing and expired first, then what gets old or was never checked."""
        order = {state: place for place, state in enumerate(GAPS)}
        found = [row for row in self.rows if row.state in order]
        return sorted(found, key=lambda row: (order[row.state], -row.field.weight))

    @property
    def missing(self) -> list[ProfileField]:
        return [row.field for row in self.rows if not row.counts]

    def by_topic(self) -> list[tuple[str, list[Row]]]:
        """(topic, its rows that have a fact), in the order of the rules; empty topics left out."""
        kept = [
            (topic, [row for row in self.rows if row.topic == topic and row.fact]) for topic in rules.TOPICS
        ]
        return [(topic, rows) for topic, rows in kept if rows]

    def value(self, code: str) -> str:
        """What is known under `code`, or ""."""
        return next((row.fact.value for row in self.rows if row.field.code == code and row.fact), "")


@dataclass(frozen=True)
class Part:
    """One part of the identity: its masked value, and where it comes from where that was noted."""

    part: IdentityPart
    value: str
    document: str = ""  # the kind of document, in words
    is_open: bool = False  # a company's code is no personal data: shown whole
    check: IdentityCheck | None = None
    expires_on: date | None = None
    state: str = field(default=KNOWN)


def fields_asked(customer) -> list[ProfileField]:
    """The fields that are asked of this kind of customer, heaviest first."""
    kind = Q(for_persons=True) if customer.is_person else Q(for_organisations=True)
    return list(ProfileField.objects.filter(kind))


def latest_facts(customer, as_of: date) -> dict[int, ProfileFact]:
    """The latest fact of each field, by the field's id."""
    facts = ProfileFact.objects.filter(customer=customer, noted_on__lte=as_of)
    facts = (
        facts.select_related("field", "verified_by").order_by("field_id", "-noted_on").distinct("field_id")
    )
    return {fact.field_id: fact for fact in facts}


def profile_of(customer, as_of: date) -> Profile:
    """Compare the facts that hold on `as_of` with the fields asked of this kind of customer (two queries)."""
    fields, facts = fields_asked(customer), latest_facts(customer, as_of)
    total = sum(asked.weight for asked in fields)
    rows = [_row(asked, facts.get(asked.pk), total, as_of) for asked in fields]
    filled = [row for row in rows if row.counts]
    verified = [row for row in filled if row.fact.verified_on]
    dates = [fact.verified_on for fact in facts.values() if fact.verified_on and fact.verified_on <= as_of]
    return Profile(
        percent=_percent(filled, total),
        verified_percent=_percent(verified, total),
        verified_on=max(dates, default=None),
        rows=rows,
        version=rules.profile()["version"],
    )


def holds_until(fact: ProfileFact) -> date | None:
    """The last day on which a fact counts: its own end, or that of its field's validity; None: for ever."""
    ends = [fact.expires_on] if fact.expires_on else []
    if fact.field.valid_months:
        checked = fact.verified_on or fact.noted_on
        ends.append(checked + timedelta(days=round(fact.field.valid_months * MONTH)))
    return min(ends, default=None)


def version_of(fact: ProfileFact | IdentityCheck | None, *more) -> str:
    """What somebody saw when the form opened, as a short digest; "new" where there was nothing.

    Sent back with the form, it tells whether the record has changed meanwhile.
    """
    if fact is None and not any(more):
        return "new"
    told = [fact and fact.pk, *more]
    if fact is not None:
        told += [getattr(fact, "value", ""), fact.source, fact.noted_on, fact.verified_on]
        told.append(getattr(fact, "expires_on", None))
    return blake2b(repr(told).encode(), digest_size=8).hexdigest()


def changed_by(record) -> Change | None:
    """The last line of the journal about a record: who changed it and when."""
    lines = Change.objects.filter(source=record._meta.db_table, object_id=str(record.pk))
    return lines.order_by("-at", "-id").first()


def identity_parts(customer, as_of: date) -> list[Part]:
    """The parts of the identity with what was noted of each; one query beside the identity's own."""
    checks = {
        check.part: check
        for check in IdentityCheck.objects.filter(customer=customer).select_related("verified_by")
    }
    identity = CustomerIdentity.objects.filter(customer=customer).first() or CustomerIdentity(
        customer=customer
    )
    document = Part(
        IdentityPart.DOCUMENT,
        identity.document_number or "",
        identity.get_document_display() if identity.document else "",
        identity.document == IdDocument.USCC,
        checks.get(IdentityPart.DOCUMENT),
        identity.document_expires_on,
        _document_state(identity, as_of),
    )
    others = [
        Part(part, value or "", check=checks.get(part), state=KNOWN if value else MISSING)
        for part, value in ((IdentityPart.MOBILE, identity.mobile), (IdentityPart.ADDRESS, identity.address))
    ]
    return [document, *others]


def _document_state(identity, as_of):
    if not identity.document_number:
        return MISSING
    ends = identity.document_expires_on
    if ends is None:
        return KNOWN
    if ends < as_of:
        return EXPIRED
    return AGEING if ends <= as_of + timedelta(days=rules.profile()["soon_days"]) else KNOWN


def _row(asked, fact, total, as_of):
    until = holds_until(fact) if fact else None
    return Row(asked, fact, _state(fact, until, as_of), 100 * asked.weight / total if total else 0, until)


def _state(fact, until, as_of):
    if fact is None:
        return MISSING
    if fact.expires_on and fact.expires_on < as_of:
        return EXPIRED
    if until and until <= as_of + timedelta(days=rules.profile()["soon_days"]):
        return AGEING
    return KNOWN if fact.verified_on else UNCHECKED


def _percent(rows, total):
    return round(100 * sum(row.field.weight for row in rows) / total) if total else None
