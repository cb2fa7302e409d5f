"""What the records tell of a customer: contacts, channels, products, loan classes, managers, changes."""

from datetime import date

from django.db.models import F, OuterRef, Q, Subquery, Window
from django.db.models.functions import Lag
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crm.history.models import Change
from crm.history.people import actor_words
from crm.look import dates, figures
from customers import choices as c
from customers.events import Source, day_start
from customers.models import (
    Account,
    Assignment,
    Customer,
    IdentityCheck,
    Interaction,
    LoanState,
    OutsideHolding,
    ProfileFact,
    Relationship,
    Stake,
)
from customers.selectors.holdings import BAD_CLASSES
from managers.models import User

CHANNEL_ICONS = {
    c.Channel.VISIT: "map-pin",
    c.Channel.PHONE: "phone",
    c.Channel.SMS: "message-square",
    c.Channel.WECOM: "message-circle",
    c.Channel.APP: "smartphone",
    c.Channel.WEB: "globe",
    c.Channel.EMAIL: "mail",
    c.Channel.COUNTER: "landmark",
    c.Channel.SELF_SERVICE: "landmark",
    c.Channel.SYSTEM: "monitor",
}
WATCHED = ("lifecycle", "tier", "aml_level", "risk")
EDITED = {
    model._meta.db_table: model for model in (ProfileFact, IdentityCheck, OutsideHolding, Relationship, Stake)
}


def item(icon, channel, text, *, who="", then="", then_kind="") -> dict:
    """What _timeline_item.html shows; the date is added by customers.events."""
    told = {"icon": icon, "channel": channel, "who": who, "text": text}
    return told | {"then": then, "then_kind": then_kind}


def _contact(told, user):
    said = [c.Purpose(told["purpose"]).label, c.Outcome(told["outcome"]).label]
    told_short = " · ".join(map(str, said))
    wrote = told["user"] is not None and told["user"] == user.pk
    may_read = not told["confidential"] or wrote or user.is_supervisor or user.sees_whole_bank
    if not may_read:
        text = _("%(what)s. The note is confidential: its author and supervisors may read it.")
        text %= {"what": told_short}
    else:
        text = told["note"] or told_short
    channel = c.Channel(told["channel"])
    then, kind = _then(told, may_read)
    return item(CHANNEL_ICONS[channel], channel.label, text, who=told["who"] or "", then=then, then_kind=kind)


def _then(told, may_read):
    if told["next_date"]:
        when = dates.day(date.fromisoformat(told["next_date"]), spaced=True)
        if told["next_step"] and may_read:
            return _("%(step)s by %(date)s") % {"step": told["next_step"], "date": when}, "due"
        return _("Next contact %(date)s") % {"date": when}, "wait"
    if told["outcome"] in (c.Outcome.AGREED, c.Outcome.DONE):
        return c.Outcome(told["outcome"]).label, "fine"
    return "", ""


def _opened(told, user):
    text = _("%(product)s …%(four)s opened") % told
    if told["fen"]:
        text = _("%(product)s …%(four)s opened, %(amount)s")
        text %= told | {"amount": figures.short_money(told["fen"])}
    return item("wallet", _("Account"), text)


def _closed(told, user):
    return item("wallet", _("Account"), _("%(product)s …%(four)s closed") % told)


def _class_move(told, user):
    was, now = c.LoanClass(told["was"]).label, c.LoanClass(told["now"]).label
    text = _("%(product)s …%(four)s: %(was)s → %(now)s") % {**told, "was": was, "now": now}
    then = _("%(days)s days overdue") % {"days": told["days"]} if told["days"] else ""
    is_bad = told["now"] in BAD_CLASSES
    return item("triangle-alert", _("Loan class"), text, then=then, then_kind="danger" if is_bad else "due")


def _assigned(told, user):
    role = c.AssignmentRole(told["role"]).label
    text = _("%(role)s %(who)s, %(share)s") % {
        "role": role,
        "who": told["who"],
        "share": figures.percent(float(told["share"]), 0),
    }
    if told["reason"]:
        text = f"{text} · {told['reason']}"
    until = told["until"] and dates.day(date.fromisoformat(told["until"]), spaced=True)
    then = _("until %(date)s") % {"date": until} if until else ""
    return item("arrow-left-right", _("Manager"), text, then=then, then_kind="wait")


def _moved(told, user):
    """Stage, tier, risk: what the night or core banking found otherwise than before."""
    said = []
    for name in WATCHED:
        if name in told["new"]:
            field = Customer._meta.get_field(name)
            words = dict(field.flatchoices)
            was, now = (words.get(value, "—") for value in (told[name], told["new"][name]))
            said.append(f"{capfirst(field.verbose_name)}: {was} → {now}")
    return item("route", _("Customer"), " · ".join(map(str, said)))


def _edited(told, user):
    name = capfirst(EDITED[told["table"]]._meta.verbose_name)
    words = {"insert": _("%(what)s added"), "update": _("%(what)s changed")}
    text = words.get(told["label"], _("%(what)s removed")) % {"what": name}
    return item("pencil", _("Profile"), text, who=told["who"] or actor_words(told["actor"]))


def _told_contacts(is_logged):
    def rows(customer, role):
        return Interaction.objects.readable_by(role).filter(customer=customer, manager__isnull=not is_logged)

    return rows


_CONTACT = {
    "channel": F("channel"),
    "purpose": F("purpose"),
    "outcome": F("outcome"),
    "note": F("note"),
    "confidential": F("confidential"),
    "who": F("manager__user__name"),
    "user": F("manager__user_id"),
    "next_date": F("next_date"),
    "next_step": F("next_step"),
}
_ACCOUNT = {"product": F("product__name"), "four": F("last_four"), "fen": F("principal_fen")}


def _class_moves(customer, role):
    """Where a loan's class differs from the row before it."""
    before = Window(Lag("loan_class"), partition_by=F("account_id"), order_by=F("date").asc())
    rows = LoanState.objects.filter(customer=customer).annotate(was=before)
    return rows.filter(was__isnull=False).exclude(was=F("loan_class"))


def _moves(customer, role):
    keys = Q()
    for name in WATCHED:
        keys |= Q(pgh_new__has_key=name)
    return customer.history.filter(keys, pgh_label="update")


def _edits(customer, role):
    """What people changed of the profile; what the feed brings is core banking's own history."""
    people = User.objects.filter(username=OuterRef("actor")).values("name")
    rows = Change.objects.filter(customer_id=customer.pk, source__in=list(EDITED))
    return rows.exclude(actor__startswith="feed:").annotate(who=Subquery(people[:1]))


SOURCES = (
    Source("contact", "contact", _told_contacts(True), F("happened_at"), _CONTACT, _contact),
    Source("event", "channel", _told_contacts(False), F("happened_at"), _CONTACT, _contact),
    Source(
        "opened",
        "product",
        lambda customer, role: Account.objects.filter(customer=customer),
        day_start("opened_on"),
        _ACCOUNT,
        _opened,
    ),
    Source(
        "closed",
        "product",
        lambda customer, role: Account.objects.filter(customer=customer, closed_on__isnull=False),
        day_start("closed_on"),
        _ACCOUNT,
        _closed,
    ),
    Source(
        "class",
        "credit",
        _class_moves,
        day_start("date"),
        {
            "product": F("account__product__name"),
            "four": F("account__last_four"),
            "was": F("was"),
            "now": F("loan_class"),
            "days": F("overdue_days"),
        },
        _class_move,
    ),
    Source(
        "assigned",
        "manager",
        lambda customer, role: Assignment.objects.filter(customer=customer).annotate(
            starts_on=F("during__startswith"), ends_on=F("during__endswith")
        ),
        day_start("starts_on"),
        {
            "who": F("manager__user__name"),
            "role": F("role"),
            "share": F("share"),
            "until": F("ends_on"),
            "reason": F("reason"),
        },
        _assigned,
    ),
    Source(
        "moved",
        "stage",
        _moves,
        F("pgh_created_at"),
        {**{name: F(name) for name in WATCHED}, "new": F("pgh_new")},
        _moved,
    ),
    Source(
        "edited",
        "profile",
        _edits,
        F("at"),
        {"table": F("source"), "label": F("label"), "actor": F("actor"), "who": F("who")},
        _edited,
    ),
)
