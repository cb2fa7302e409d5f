"""What service tells of a customer: requests, complaints, answers to surveys, checks of his loans."""

from datetime import date

from django.db.models import F
from django.utils.translation import gettext as _

from crm.look import dates
from customers.event_sources import item
from customers.events import Source, day_start
from service import choices as c
from service.models import Complaint, PostLoanCheck, ServiceRequest, Survey


def _request(told, user):
    department = c.Department(told["department"]).label
    text = _("%(what)s, with %(department)s") % {"what": told["kind"], "department": department}
    state = c.RequestState(told["state"])
    kind = {c.RequestState.DONE: "fine", c.RequestState.REFUSED: "due"}.get(state, "wait")
    return item("ticket", _("Request"), text, who=told["number"], then=state.label, then_kind=kind)


def _complaint(told, user):
    text = f"{c.ComplaintCause(told['cause']).label} · {c.ComplaintBusiness(told['business']).label}"
    if told["closed"]:
        then, kind = _("closed %(date)s") % {"date": _day(told["closed"])}, "fine"
    else:
        then, kind = _("open, due %(date)s") % {"date": _day(told["due"])}, "due"
    return item("octagon-alert", _("Complaint"), text, who=told["number"], then=then, then_kind=kind)


def _survey(told, user):
    most = {c.SurveyKind.CSAT: 5, c.SurveyKind.NPS: 10}[told["kind"]]
    words = _("%(kind)s: %(score)s of %(most)s")
    values = {"kind": c.SurveyKind(told["kind"]).label, "score": told["score"], "most": most}
    return item("star", _("Survey"), words % values)


def _check(told, user):
    result = c.CheckResult(told["result"])
    kind = {c.CheckResult.NORMAL: "fine", c.CheckResult.RISK: "danger"}.get(result, "due")
    text = _("Loan …%(four)s checked") % told
    return item("shield", _("Post-loan check"), text, then=result.label, then_kind=kind)


def _day(text):
    return dates.day(date.fromisoformat(text), spaced=True)


SOURCES = (
    Source(
        "request",
        "service",
        lambda customer, role: ServiceRequest.objects.filter(customer=customer),
        F("opened_at"),
        {name: F(name) for name in ("kind", "department", "state", "number")},
        _request,
    ),
    Source(
        "complaint",
        "service",
        lambda customer, role: Complaint.objects.filter(customer=customer),
        day_start("received_on"),
        {
            **{name: F(name) for name in ("cause", "business", "number")},
            "due": F("due_on"),
            "closed": F("closed_on"),
        },
        _complaint,
    ),
    Source(
        "survey",
        "service",
        lambda customer, role: Survey.objects.filter(customer=customer, answered_on__isnull=False),
        day_start("answered_on"),
        {"kind": F("kind"), "score": F("score")},
        _survey,
    ),
    Source(
        "check",
        "credit",
        lambda customer, role: PostLoanCheck.objects.filter(customer=customer, done_on__isnull=False),
        day_start("done_on"),
        {"result": F("result"), "four": F("account__last_four")},
        _check,
    ),
)
