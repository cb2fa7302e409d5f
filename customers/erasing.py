"""Erasing a customer from a page takes a second administrator: it cannot be undone."""

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import audit
from crm.approvals import services as approvals
from crm.approvals.registry import Kind
from crm.leaves import NONE
from customers.models import Customer
from customers.services.erasure import ErasureRefused, erase_customer, refusal


def ask_erasure(customer: Customer, *, maker, reason: str, as_of: date):
    """Ask that `customer` be erased. Raises approvals.Refused where the law keeps him on `as_of`."""
    if said := refusal(customer, as_of):
        raise approvals.Refused(said)
    return approvals.ask(ERASURE.code, maker, {"customer": customer.number}, reason, scope_path="")


def _customer(payload) -> Customer:
    return Customer.objects.get(number=payload["customer"])


def _effect(payload):
    customer = _customer(payload)
    counts = (
        (_("name, documents, mobile, address"), 1),
        (_("account numbers"), customer.accounts.count()),
        (_("facts of the profile"), customer.facts.count()),
        (_("notes of contacts"), customer.interactions.count()),
    )
    destroyed = _("destroyed for good")
    lines = [[label, count, destroyed] for label, count in counts if count]
    kept = _("kept, under the customer number alone")
    return {
        "title": _("Erase customer %(number)s") % {"number": customer.number},
        "lines": [
            [_("left on"), customer.closed_on or NONE, customer.closed_on or NONE],
            *lines,
            [_("balances, postings, scores"), _("kept"), kept],
        ],
    }


def _execute(payload, approval):
    customer = _customer(payload)
    as_of = timezone.localtime(approval.decided_at).date()
    if said := refusal(customer, as_of):
        raise approvals.Refused(said)
    audit.record(approval.checker, "erase", subject=customer, detail={"request": str(approval.public_id)})
    try:
        erase_customer(customer, as_of=as_of)
    except ErasureRefused as refused:
        raise approvals.Refused(str(refused)) from refused


ERASURE = Kind(
    "customers.erasure",
    gettext_lazy("Erasing a customer"),
    _execute,
    _effect,
    lambda user, approval: user.role == "admin",
    ("admin",),
)
KINDS = (ERASURE,)
