"""A bank in which some customers are hidden, and the pages that could betray them."""

from datetime import date

from django.apps import apps
from django.urls import reverse

from customers.models import Customer
from customers.services.assignment import assign
from tests.factories import make_customer, make_interaction, make_task

TODAY = date(2026, 7, 1)
CANARY = "金丝雀"  # in every hidden customer's name: nowhere on a page
LISTS = (
    "customers:today",
    "customers:book",
    "customers:search",
    "customers:search_quick",
    "customers:contact_pick",
    "customers:contact_templates",
    "customers:feedback",
    "customers:tasks",
    "customers:calendar",
    "customers:calendar_file",
    "customers:pool",
    "customers:handovers",
    "customers:handover_new",
    "customers:leave",
    "performance:my_scorecard",
    "performance:score_panel",
    "performance:scorecards",
    "performance:branch_board",
    "approvals:inbox",
    "approvals:mine",
    "exports:list",
)
OF_CUSTOMER = {  # every page about one customer
    "customers:detail": [],
    "customers:contacts": [],
    "customers:care": [],
    "customers:who_sees": [],
    "customers:timeline": [],
    "customers:profile": [],
    "customers:credit": [],
    "customers:relations": [],
    "customers:relate": [],
    "customers:member": [],
    "customers:outside": [],
    "customers:outside_add": [],
    "customers:identity": ["mobile"],
    "customers:log_contact": [],
    "customers:task_new": [],
    "performance:strip": [],
    "performance:explain": ["persistency"],
    "performance:contribution": [],
    "performance:lifecycle": [],
    "performance:profile_worth": [],
    "performance:brief": [],
}
CASES = ("silent", "unassigned", "overdue60", "overdue30", "complaints", "migrated")


def hide(*customers: Customer) -> None:
    """Give each hidden customer what lists and searches could find: a contact, a task, a telling number."""
    for customer in customers:
        make_interaction(customer, manager=customer.lead, note=f"{CANARY}来电")
        make_task(customer)


def make_canary(name: str, **fields) -> Customer:
    return make_customer(f"{CANARY}{name}", **fields)


def hidden_customers(other_branch, outsider, manager, branch) -> dict[str, Customer]:
    """Kind → a customer whom neither `manager` nor his supervisor may see (any more)."""
    foreign = make_customer(
        f"{CANARY}甲", branch=other_branch, lead=outsider, initials="jsqj", number="X9990001"
    )
    moved = make_customer(f"{CANARY}乙", branch=branch, lead=manager, initials="jsqy", number="X9990002")
    hide(foreign, moved)
    assign(moved, manager=outsider, from_date=TODAY, as_of=TODAY)
    Customer.objects.filter(pk=moved.pk).update(branch=other_branch, branch_path=other_branch.path)
    return {"foreign": foreign, "transferred": Customer.objects.get(pk=moved.pk)}


def list_addresses() -> list[str]:
    """Every list, sorted and searched every way that its address offers."""
    addresses = [reverse(name) for name in LISTS]
    addresses += [reverse("performance:board_cases", args=[kind]) for kind in CASES]
    book, pick = reverse("customers:book"), reverse("customers:contact_pick")
    found = reverse("customers:search"), reverse("customers:search_quick")
    words = (CANARY, "jsqj", "X9990001", "X999", "来电")
    addresses += [f"{page}?q={word}" for page in (book, pick, *found) for word in words]
    addresses += [
        f"{book}?sort={key}" for key in ("next", "-next", "silence", "aum", "-aum", "churn", "name")
    ]
    return addresses


def asked(client, address):
    """(response, its body and headers) of `address`; a search repeats the words asked, which is no trace."""
    response = client.get(address)
    said = b" ".join([response.content, *(f"{name}: {value}".encode() for name, value in response.items())])
    word = address.partition("q=")[2]
    return response, said.replace(word.encode(), b"") if word else said


def customer_addresses(customer) -> dict[str, str]:
    public_id = getattr(customer, "public_id", customer)
    return {name: reverse(name, args=[public_id, *rest]) for name, rest in OF_CUSTOMER.items()}


def take_visible_to_out(monkeypatch) -> int:
    """Let every model's `visible_to` return everything; return how many there were."""
    classes = {
        type(model._default_manager.all())
        for model in apps.get_models()
        if hasattr(model._default_manager.all(), "visible_to")
    }
    for queryset in classes:
        monkeypatch.setattr(queryset, "visible_to", lambda self, user: self.all())
    return len(classes)
