"""What marketing tells of a customer: invitations and their answers, opportunities opened and decided."""

from datetime import date

from django.db.models import F
from django.utils.translation import gettext as _

from crm.look import dates, figures
from customers.choices import Channel
from customers.event_sources import item
from customers.events import Source, day_start
from marketing.choices import Arm, Stage
from marketing.models import Invitation, Opportunity


def _invited(told, user):
    text = _("Invited to %(campaign)s by %(channel)s")
    text %= {"campaign": told["campaign"], "channel": Channel(told["channel"]).label}
    if told["responded"]:
        day = dates.day(date.fromisoformat(told["responded"]), spaced=True)
        return item(
            "megaphone", _("Campaign"), text, then=_("answered %(date)s") % {"date": day}, then_kind="fine"
        )
    return item("megaphone", _("Campaign"), text)


def _opened(told, user):
    text = _("%(product)s, %(amount)s") % _deal(told)
    return item(
        "target", _("Opportunity"), text, who=told["who"], then=Stage(told["stage"]).label, then_kind="wait"
    )


def _decided(told, user):
    text = _("%(product)s, %(amount)s") % _deal(told)
    if told["reason"]:
        text = f"{text} · {told['reason']}"
    kind = "fine" if told["stage"] == Stage.WON else "wait"
    return item("target", _("Opportunity"), text, then=Stage(told["stage"]).label, then_kind=kind)


def _deal(told):
    return {"product": told["product"], "amount": figures.short_money(told["fen"])}


_DEAL = {
    "product": F("product__name"),
    "fen": F("amount_fen"),
    "stage": F("stage"),
    "who": F("manager__user__name"),
    "reason": F("loss_reason"),
}
SOURCES = (
    Source(
        "invited",
        "marketing",
        # nobody was contacted in the control group: there is nothing to tell
        lambda customer, role: Invitation.objects.filter(customer=customer, arm=Arm.TREATMENT),
        day_start("invited_on"),
        {"campaign": F("campaign__name"), "channel": F("channel"), "responded": F("responded_on")},
        _invited,
    ),
    Source(
        "deal",
        "marketing",
        lambda customer, role: Opportunity.objects.filter(customer=customer),
        day_start("opened_on"),
        _DEAL,
        _opened,
    ),
    Source(
        "decided",
        "marketing",
        lambda customer, role: Opportunity.objects.filter(customer=customer, closed_on__isnull=False),
        day_start("closed_on"),
        _DEAL,
        _decided,
    ),
)
