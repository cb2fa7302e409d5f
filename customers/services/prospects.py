"""Adding a prospect (潜在客户): a customer without an account, looked after by whoever found him."""

from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.db.models import Q

from customers.choices import IdDocument
from customers.formats import normal_document, normal_mobile
from customers.models import Customer, CustomerIdentity
from customers.names import initials, sound

ADD = "SELECT customers_add_prospect(%s, %s, %s, %s, %s)"
MOST = 5


@dataclass(frozen=True)
class Likeness:
    """A customer who may be the same, and by what."""

    customer: Customer
    by: str  # "mobile" | "document" | "name"


def alike(
    user, *, name: str, born_on: date | None = None, mobile: str = "", code: str = ""
) -> list[Likeness]:
    """Customers whom `user` may see and who may be the same: by mobile, company code, name (and birth date).

    Those he may not see are not told of: whether they exist is not his to know.
    """
    identities = CustomerIdentity.objects.order_by()
    found: dict[int, str] = {}
    if code:
        rows = identities.filter(document_hash=normal_document(code))
        found |= dict.fromkeys(rows.values_list("customer_id", flat=True), "document")
    if mobile:
        rows = identities.filter(mobile_hash=normal_mobile(mobile))
        found = dict.fromkeys(rows.values_list("customer_id", flat=True), "mobile") | found
    named = Q(name=name) & (Q(born_on=born_on) | Q(born_on=None) if born_on else Q())
    seen = Customer.objects.visible_to(user).defer("name_bigrams").filter(Q(pk__in=found) | named)
    return [Likeness(customer, found.get(customer.pk, "name")) for customer in seen.order_by("pk")[:MOST]]


@transaction.atomic
def add_prospect(
    *, kind: str, name: str, born_on: date | None, industry: str | None, mobile: str, code: str, address: str
) -> Customer:
    """Add a prospect of the manager whose request this is, and seal what identifies him.

    The database makes customer, assignment and number in one function (customers.0012), which knows the
    manager from the request's scope. Raises IntegrityError where the company code is another customer's.
    """
    with connection.cursor() as cursor:
        is_person = kind == "person"
        short = initials(name, is_person=is_person)[:120]
        cursor.execute(ADD, [kind, name, short, born_on, industry or None])
        (pk,) = cursor.fetchone()
    Customer.objects.filter(pk=pk).update(sound=sound(name, is_person=is_person))
    identity = CustomerIdentity.objects.get(pk=pk)
    told = {"mobile": normal_mobile(mobile), "address": address}
    if code:
        told |= {"document": IdDocument.USCC, "document_number": normal_document(code)}
    changed = []
    for column, value in told.items():
        if value:
            setattr(identity, column, value)
            changed.append(column)
    hashes = {"mobile": ["mobile_hash", "mobile_tail_hash"], "document_number": ["document_hash"]}
    changed += [name for column in tuple(changed) for name in hashes.get(column, ())]
    if changed:
        identity.save(update_fields=changed)
    return Customer.objects.defer("name_bigrams").get(pk=pk)
