"""What needs a second person about scores: the rules (schemes), and the closing of a quarter."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Avg, Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.approvals import services as approvals
from crm.approvals.registry import Addition, Kind
from crm.leaves import NONE, differences
from crm.look import figures
from crm.money import yuan
from customers.models import Customer
from managers.models import Manager
from performance import closing, scoring
from performance.flows import Flow, Window, attributed, flows_of_customer
from performance.models import Closing, Night, Period, Scheme, Scorecard
from performance.scoring import contribution


def scheme_payload(scheme: Scheme) -> dict:
    """A version of the rules as the form left it, saved or not; `id` None: a new one."""
    days = scheme.during
    return {
        "id": scheme.pk,
        "code": scheme.code,
        "from": days.lower.isoformat() if days.lower else None,
        "until": days.upper.isoformat() if days.upper else None,
        "content": scheme.content,
    }


def ask_scheme(scheme: Scheme, *, maker, reason: str):
    return approvals.ask(SCHEME.code, maker, scheme_payload(scheme), reason, scope_path="")


def ask_close(frozen: Closing, *, maker, reason: str):
    """Ask a second administrator to sign the frozen scores of a quarter, which publishes and pays them.

    Raises approvals.Refused while something hinders it (performance.closing.refusal).
    """
    if said := closing.refusal(frozen):
        raise approvals.Refused(said)
    payload = {"closing": str(frozen.public_id), "digest": frozen.digest}
    return approvals.ask(CLOSE.code, maker, payload, reason, scope_path="")


def _scheme_is_sound(payload):
    """Rules that cannot be used, or whose code or days are others', are not even asked for."""
    try:
        scoring.rules_of(payload["content"])
    except scoring.SchemeError as error:
        raise approvals.Refused(str(error)) from error
    if payload["from"] is None:
        raise approvals.Refused(_("Rules need a first day: choose the first of a quarter that is ahead."))
    others = Scheme.objects.exclude(pk=payload["id"])
    if others.filter(code=payload["code"]).exists():
        raise approvals.Refused(_("The code is taken. Choose another."))
    overlapping = others.filter(during__overlap=(payload["from"], payload["until"])).first()
    if overlapping is not None:
        said = _("These days overlap those of %(code)s. Correct the days, or end %(code)s first.")
        raise approvals.Refused(said % {"code": overlapping.code})


def _scheme_effect(payload):
    scheme = Scheme.objects.filter(pk=payload["id"]).first() if payload["id"] else None
    now = scheme_payload(scheme) if scheme else {}
    lines = [
        [_("first day"), now.get("from") or NONE, payload["from"] or NONE],
        [_("day after the last"), now.get("until") or NONE, payload["until"] or NONE],
    ]
    lines += differences(now.get("content"), payload["content"])
    kept = [line for line in lines if line[1] != line[2]]
    return {"title": _("Scorecard rules %(code)s") % {"code": payload["code"]}, "lines": kept}


def _scheme_execute(payload, approval):
    first = date.fromisoformat(payload["from"]) if payload["from"] else None
    today = timezone.localtime(approval.decided_at).date()
    scheme = (
        Scheme.objects.select_for_update().filter(pk=payload["id"]).first() if payload["id"] else Scheme()
    )
    if scheme is None:
        raise approvals.Refused(_("These rules do not exist any more. Ask anew."))
    began = scheme.pk and (scheme.during.lower is None or scheme.during.lower <= today)
    if began or first is None or first <= today:
        raise approvals.Refused(_("Rules change only before they come into force. Choose a later first day."))
    until = date.fromisoformat(payload["until"]) if payload["until"] else None
    scheme.code, scheme.content, scheme.during = payload["code"], payload["content"], (first, until)
    try:
        with transaction.atomic():
            scheme.save()
    except IntegrityError as error:
        said = _("These rules overlap others, or their code is taken. Correct the days or the code.")
        raise approvals.Refused(said) from error


def _close_effect(payload):
    frozen = Closing.objects.select_related("night", "period").get(public_id=payload["closing"])
    cards = Scorecard.objects.filter(night=frozen.night)
    rated = cards.filter(total__isnull=False).aggregate(n=Count("pk"), mean=Avg("total"))
    mean = NONE if rated["mean"] is None else f"{rated['mean']:.2f}"
    pool = NONE if frozen.pool_fen is None else yuan(frozen.pool_fen)
    return {
        "title": _("Close the quarter %(code)s") % {"code": frozen.period.code},
        "lines": [
            [_("state"), _("open"), _("closed: nothing in it changes any more")],
            [_("scorecards"), NONE, cards.count()],
            [_("with a score"), NONE, rated["n"]],
            [_("average score"), NONE, mean],
            [_("pool of performance pay"), NONE, pool],
            [_("differences explained"), NONE, frozen.note or NONE],
        ],
    }


def _close_execute(payload, approval):
    frozen = Closing.objects.filter(public_id=payload["closing"]).first()
    if frozen is None or frozen.digest != payload["digest"]:
        raise approvals.Refused(_("This freeze was taken back. Freeze, reconcile and ask anew."))
    try:
        closing.publish(frozen, by=approval.checker, at=timezone.localtime(approval.decided_at))
    except closing.CloseRefused as refusal:
        raise approvals.Refused(str(refusal)) from refusal


def _is_admin(user, approval):
    return user.role == "admin"


SCHEME = Kind(
    "performance.scheme",
    gettext_lazy("Scorecard rules"),
    _scheme_execute,
    _scheme_effect,
    _is_admin,
    ("admin",),
    check=_scheme_is_sound,
)
CLOSE = Kind(
    "performance.close_period",
    gettext_lazy("Closing of a quarter"),
    _close_execute,
    _close_effect,
    _is_admin,
    ("admin",),
)
KINDS = (SCHEME, CLOSE)


def _outside_closed_quarters(payload):
    """A backdated assignment changes who keeps the customer on every day since: none may be closed."""
    since = date.fromisoformat(payload["from"])
    closed = Period.objects.filter(closed_at__isnull=False, during__endswith__gt=since)
    last = closed.order_by("-during").first()
    if last is not None:
        said = _("%(code)s is closed, its scores stand: choose %(date)s or a later day.")
        raise approvals.Refused(said % {"code": last.code, "date": last.during.upper.isoformat()})


def _income_that_moves(payload) -> list[list]:
    """EVA of the days since then, by whom it counts for now and would count for: scores follow it."""
    since = date.fromisoformat(payload["from"])
    period = Period.objects.select_related("scheme").filter(during__contains=since).first()
    night = Night.objects.filter(published_at__isnull=False).order_by("-business_date").first()
    if period is None or night is None or night.business_date < since:
        return []
    window = Window(period.code, since, night.business_date + timedelta(1))
    customer = Customer.objects.get(public_id=payload["customer"])
    held, whole = flows_of_customer(window, customer.pk)
    rules = scoring.rules_of(period.scheme.content)
    before = defaultdict(Decimal)
    for flow in held:
        before[flow.manager_id] += _eva(flow, rules)
    share = Decimal(payload["co_share"] or 0)
    people = Manager.objects.select_related("user")
    after = {people.get(public_id=payload["manager"]): 1 - share}
    if payload["co"]:
        after[people.get(public_id=payload["co"])] = share
    everybody = {**{one: Decimal(0) for one in people.filter(pk__in=before)}, **after}
    said = _("EVA of %(name)s since %(date)s")
    return [
        [
            said % {"name": one.user, "date": since.isoformat()},
            figures.short_money(int(before[one.pk])),
            figures.short_money(int(part * _eva(whole, rules))),
        ]
        for one, part in everybody.items()
    ]


def _eva(flow: Flow, rules) -> Decimal:
    """EVA of one flow in fen, with its share."""
    sums = attributed([flow])
    return contribution.eva({**sums, "cost": contribution.cost(sums, rules)}, rules)


ADDITIONS = (Addition("customers.backdated_assignment", _outside_closed_quarters, _income_that_moves),)
