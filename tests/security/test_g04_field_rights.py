"""G4: a form changes what it lists and nothing else, whatever fields a request sends along."""

import uuid
from datetime import date

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.forms.models import model_to_dict
from django.urls import reverse
from django.utils import timezone

from customers.choices import Channel, Outcome, Purpose
from customers.forms import ContactForm
from customers.models import ContactTemplate, Interaction, ProfileField
from customers.services.facts import identity_version
from tests.factories import make_account, make_customer, make_interaction, make_product, make_task
from tests.test_access import named_patterns

pytestmark = pytest.mark.django_db
OURS = ("managers", "customers", "service", "marketing", "performance")
MODELS = [
    model
    for app in OURS
    for model in apps.get_app_config(app).get_models()
    if model._meta.managed and "history" not in model._meta.db_table
]
# What a POST may change, by URL name: {(model, field)}, or a whole model where it makes new rows.
CONTACT_DATES = {"last_contact_at", "last_contact_on", "next_date", "contacts"}
CONTACT_FIELDS = (
    *("channel", "purpose", "outcome", "happened_at", "note", "attendees", "confidential"),
    *("next_date", "next_step", "no_next_reason", "feedback_kind", "feedback_text"),
)
MAY_CHANGE = {
    "customers:log_contact": {
        "Interaction": None,
        "Customer": CONTACT_DATES,
        "FollowUp": None,
        "Task": {
            "state",
            "done_at",
            "done_by",
            "due_on",
            "settled_at",
            "settled_by_id",
            "snooze_reason",
            "snoozed_until",
            "closed_at",
            "snoozed_to",
        },
    },
    "customers:contact_edit": {
        "Interaction": {*CONTACT_FIELDS, "edited_at", "feedback_filed_at"},
        "Customer": CONTACT_DATES,
        "FollowUp": None,
    },
    "customers:contact_templates": {"ContactTemplate": None},
    "customers:calendar_link": {"CalendarLink": None},
    "customers:contact_template": {"ContactTemplate": {"title", "purpose", "text"}},
    "customers:fact": {"ProfileFact": None},
    "customers:prospect_add": {"Customer": None, "CustomerIdentity": None, "Assignment": None},
    "customers:identity": {
        "CustomerIdentity": {"mobile", "mobile_hash", "mobile_tail_hash", "wrapped_key"},
        "IdentityCheck": None,
    },
    "customers:relate": {"Relationship": None},
    "customers:member": {"CustomerGroup": None, "GroupMembership": None},
    "customers:outside_add": {"OutsideHolding": None},
    "customers:task_done": {"Task": {"state", "done_at", "done_by", "settled_at", "closed_at"}},
    "customers:task_snooze": {"Task": {"snoozed_until", "state", "snooze_reason"}},
    "customers:task_new": {"Task": None},
    "customers:task_undo": {"Task": {"state", "due_on", "done_at", "settled_at", "closed_at", "snoozed_to"}},
}


def poison(field) -> list[str]:
    """Values that differ from every row's own and that the column would take."""
    if isinstance(field, models.BooleanField):
        return ["on", "false"]
    if isinstance(field, models.ForeignKey):
        return [
            str(key) for key in field.related_model._default_manager.values_list("pk", flat=True)[:2]
        ] or ["1"]
    if isinstance(field, models.DateTimeField):
        return ["2020-02-02T02:02"]
    if isinstance(field, models.DateField):
        return ["2020-02-02"]
    if isinstance(field, models.DecimalField | models.IntegerField | models.FloatField):
        return ["1"]
    if isinstance(field, models.UUIDField):
        return [str(uuid.UUID(int=7))]
    if field.choices:
        return [str(value) for value, _ in field.flatchoices][:2]
    return ["毒"]


def everything_sent() -> dict[str, list[str]]:
    """One value at least for every field of every model, under names that a form or formset uses."""
    sent = {}
    for model in MODELS:
        for field in model._meta.concrete_fields:
            values = poison(field)
            for name in (field.name, field.attname, f"{model._meta.model_name}-0-{field.name}"):
                sent.setdefault(name, values[0])
    return sent


def picture() -> dict:
    """Every row of every business table: {(model, key): {field: value}}."""
    return {
        (model.__name__, row["id" if "id" in row else model._meta.pk.attname]): row
        for model in MODELS
        if model._meta.db_table not in ("customers_transaction", "customers_dailybalance")
        for row in model._default_manager.values()
    }


def changes(before: dict, after: dict) -> dict[str, set[str]]:
    """What differs: {model: fields}; {"+"} for a new row, {"-"} for one that is gone."""
    found: dict[str, set[str]] = {}
    for key in {*before, *after}:
        one, other = before.get(key), after.get(key)
        if one == other:
            continue
        fields = {"+"} if one is None else {"-"} if other is None else {f for f in one if one[f] != other[f]}
        found.setdefault(key[0], set()).update(fields)
    return found


def forbidden(found: dict[str, set[str]], allowed: dict) -> dict[str, set[str]]:
    """The part of `found` that is not in `allowed`; None allows new rows of a model."""
    left = {}
    for model, fields in found.items():
        may = allowed.get(model, set())
        rest = fields - ({"+"} if may is None else may)
        if rest:
            left[model] = rest
    return left


@pytest.fixture
def records(customer, manager, colleague, foreign_customer, supervisor, outsider):
    task = make_task(customer)
    make_account(customer, make_product())
    contact = make_interaction(customer, manager=manager, happened_at=timezone.now())
    text = ContactTemplate.objects.create(manager=manager, title="到期", text="x")
    return {"customer": customer, "task": task, "contact": contact, "text": text}


def valid_contact() -> dict:
    return {
        "ref": f"web-{uuid.uuid4().hex}",
        "channel": Channel.PHONE.value,
        "purpose": Purpose.MAINTENANCE.value,
        "outcome": Outcome.REACHED.value,
        "happened_on": timezone.localdate().isoformat(),
        "when": ContactForm.blank(timezone.localdate())["when"],
        "note": "谈过",
    }


SUBJECTS = {  # the record that an address of a form names
    "customers:log_contact": "customer",
    "customers:contact_edit": "contact",
    "customers:contact_templates": "",
    "customers:calendar_link": "",
    "customers:contact_template": "text",
    "customers:task_done": "task",
    "customers:task_snooze": "task",
    "customers:task_undo": "task",
    "customers:task_new": "customer",
}
WRITES = tuple(SUBJECTS)
# Forms of the customer's page: what each takes, and the rest of its address.
ON_THE_PAGE = {
    "customers:fact": ({"value": "教师", "source": "customer", "seen": "new"}, ["occupation"]),
    "customers:identity": ({"value": "13800001234", "source": "customer", "seen": ""}, ["mobile"]),
    "customers:relate": ({"who": "", "kind": "spouse:object"}, []),
    "customers:member": ({"who": "", "role": "spouse"}, []),
    "customers:outside_add": (
        {"bank": "某行", "kind": "deposit", "amount": "45 万", "source": "customer", "seen": "new"},
        [],
    ),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("valid", [True, False], ids=["with a valid form", "poison alone"])
def test_a_post_changes_only_what_its_form_lists(as_user, manager, records, name, valid):
    url = reverse(name, args=[records[SUBJECTS[name]].public_id] if SUBJECTS[name] else [])
    own = valid_contact() | {"task": records["task"].public_id, "days": "1", "until": date(2030, 1, 1)}
    client = as_user(manager.user)
    before = picture()
    sent = everything_sent()
    if valid:  # the form's own fields are right, everything else is poison
        sent = {key: value for key, value in sent.items() if key not in ContactForm.base_fields} | own
    client.post(url, sent)
    found = changes(before, picture())
    assert forbidden(found, MAY_CHANGE[name]) == {}
    if valid and name == "customers:log_contact":
        assert "Interaction" in found  # the form itself works, so the rest was really tried


@pytest.mark.parametrize("name", sorted(ON_THE_PAGE))
def test_a_form_of_the_customers_page_changes_only_its_own(as_user, manager, records, name):
    customer = records["customer"]
    other = make_customer("宋以宁", branch=customer.branch, lead=manager)
    ProfileField.objects.create(code="occupation", name="职业", name_en="Occupation")
    own, more = ON_THE_PAGE[name]
    filled = {"who": other.number, "seen": identity_version(customer.identity, None, "mobile")}
    own = {key: value or filled[key] for key, value in own.items()}
    optional = {"is_verified", "expires_on", "matures_on", "document"}
    sent = {key: value for key, value in everything_sent().items() if key not in optional} | own
    client = as_user(manager.user)
    before = picture()
    answer = client.post(reverse(name, args=[customer.public_id, *more]), sent)
    found = changes(before, picture())
    assert answer.status_code == 303
    assert found
    assert forbidden(found, MAY_CHANGE[name]) == {}


def test_the_new_contact_says_what_the_form_said_and_who_is_signed_in(as_user, manager, records):
    form = valid_contact()
    url = reverse("customers:log_contact", args=[records["customer"].public_id])
    sent = {key: value for key, value in everything_sent().items() if key not in ContactForm.base_fields}
    as_user(manager.user).post(url, sent | form)
    written = Interaction.objects.get(ref=form["ref"])
    assert (written.manager_id, written.customer_id) == (manager.pk, records["customer"].pk)
    assert timezone.localdate(written.happened_at) == timezone.localdate()


@pytest.mark.parametrize("role", ["manager", "auditor"])
def test_poison_to_every_page_changes_nothing(request, as_user, records, role):
    """Every URL of ours about the customer, or about nothing; those that change something are tried above."""
    person = request.getfixturevalue(role)
    client = as_user(getattr(person, "user", person))
    arguments = {"public_id": records["customer"].public_id, "day": "2026-06-30"}
    sent = everything_sent()
    before, tried = picture(), 0
    for name, pattern in named_patterns().items():
        names = list(pattern.pattern.converters)
        theirs = pattern.callback.__module__.startswith("allauth")  # one's own password and factors: G16
        if theirs or name in WRITES or "logout" in name or not set(names) <= set(arguments):
            continue
        client.post(reverse(name, kwargs={key: arguments[key] for key in names}), sent)
        tried += 1
    assert tried >= 20
    assert changes(before, picture()) == {}


def test_forms_of_the_administrators_site_list_their_fields(rf, admin_user):
    """No change form takes keys, paths, public ids, digests or a password's hash."""
    never = {"id", "public_id", "path", "branch_path", "digest", "published_run", "last_login", "date_joined"}
    request = rf.get("/")
    request.user = admin_user
    for model, record in admin.site._registry.items():
        if model._meta.app_label not in OURS or not record.has_change_permission(request):
            continue
        row = model._default_manager.first()
        form = record.get_form(request, row)
        assert set(form.base_fields) & never == set(), model.__name__
        assert form._meta.fields != "__all__", model.__name__


def test_the_administrators_form_of_a_branch_ignores_what_it_does_not_list(as_user, admin_user, branch):
    client = as_user(admin_user)
    before = picture()
    data = {key: value for key, value in model_to_dict(branch).items() if value is not None}
    client.post(
        reverse("admin:managers_branch_change", args=[branch.pk]),
        {
            **everything_sent(),
            **data,
            "name": "新名字",
            "path": "HQ.X",
            "code": "X9",
            "public_id": uuid.UUID(int=7),
        },
    )
    found = changes(before, picture())
    assert found.get("Branch", set()) <= {"name", "kind", "branch_class", "opened_on", "closed_on"}
    assert set(found) <= {"Branch"}
