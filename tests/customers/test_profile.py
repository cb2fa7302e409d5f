"""The profile: completeness, facts edited in place with provenance, and two people at one field."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from crm.history.models import Change
from customers.models import CustomerIdentity, IdentityCheck, ProfileFact, ProfileField
from customers.profile_forms import read_amount, written_amount
from customers.selectors.facts import profile_of
from tests.factories import make_customer

HTMX = {"HX-Request": "true", "Accept-Language": "en"}


@pytest.fixture
def job(db):
    return ProfileField.objects.create(code="occupation", name="职业", name_en="Occupation", weight=5)


def address(customer, code="occupation"):
    return reverse("customers:fact", args=[customer.public_id, code])


def part_address(customer, part):
    return reverse("customers:identity", args=[customer.public_id, part])


def opened(client, url):
    """What the form holds when it opens: the version seen."""
    text = client.get(url, headers=HTMX).content.decode()
    return re.search(r'name="seen" value="([^"]+)"', text)[1]


def send(client, url, value, seen, **more):
    data = {"value": value, "source": "customer", "is_verified": "on", "seen": seen} | more
    return client.post(url, data, headers=HTMX)


def make_fact(customer, field, value, day, **extra):
    return ProfileFact.objects.create(
        customer=customer, field=field, value=value, source="customer", noted_on=day, **extra
    )


def test_completeness_weighs_what_holds(customer, today):
    fields = [
        ProfileField.objects.create(code=code, name=code, name_en=code, weight=weight, for_persons=persons)
        for code, weight, persons in (
            ("income", 5, True),
            ("job", 3, True),
            ("seal", 9, False),
            ("old", 2, True),
        )
    ]
    for field, expires in ((fields[1], None), (fields[3], today - timedelta(days=1))):
        make_fact(customer, field, "有", today - timedelta(days=30), verified_on=today, expires_on=expires)
    profile = profile_of(customer, today)
    assert (profile.percent, profile.verified_percent) == (30, 30)
    assert [field.code for field in profile.missing] == ["income", "old"]
    assert [(row.field.code, row.state, row.share) for row in profile.gaps] == [
        ("income", "missing", 50),
        ("old", "expired", 20),
    ]


@pytest.mark.parametrize(
    ("days_ago", "verified_ago", "months", "state"),
    [
        (10, None, None, "unchecked"),
        (10, 10, None, "known"),
        (400, 300, 12, "known"),
        (400, 310, 12, "ageing"),
        (900, 400, 12, "ageing"),
    ],
)
def test_the_state_of_a_fact(customer, today, days_ago, verified_ago, months, state):
    field = ProfileField.objects.create(code="job", name="职业", name_en="Job", valid_months=months)
    verified = today - timedelta(days=verified_ago) if verified_ago else None
    make_fact(customer, field, "教师", today - timedelta(days=days_ago), verified_on=verified)
    (row,) = profile_of(customer, today).rows
    assert (row.state, row.counts) == (state, True)


def test_a_missing_fact_is_added_in_place(as_user, manager, customer, job, today):
    client = as_user(manager.user)
    shown = client.get(reverse("customers:profile", args=[customer.public_id]), headers=HTMX)
    assert "100 points of completeness" in shown.content.decode().replace("100.0", "100")
    answer = send(client, address(customer), "教师", opened(client, address(customer)))
    assert (answer.status_code, "教师" in answer.content.decode()) == (200, True)
    fact = ProfileFact.objects.get()
    assert (fact.value, fact.source, fact.noted_on, fact.verified_on, fact.verified_by) == (
        "教师",
        "customer",
        today,
        today,
        manager.user,
    )
    line = Change.objects.get(source="customers_profilefact")
    assert (line.actor, line.label, line.customer_id) == ("0931", "insert", customer.pk)


def test_an_earlier_fact_stays_and_the_same_day_replaces(as_user, manager, customer, job, today):
    make_fact(customer, job, "学生", today - timedelta(days=400))
    client = as_user(manager.user)
    for value in ("教师", "校长"):
        send(client, address(customer), value, opened(client, address(customer)))
    facts = ProfileFact.objects.order_by("noted_on").values_list("value", "noted_on")
    assert list(facts) == [("学生", today - timedelta(days=400)), ("校长", today)]
    assert Change.objects.filter(source="customers_profilefact", label="update").count() == 1


def test_a_correction_that_nobody_checked_is_not_verified(as_user, manager, customer, job, today):
    make_fact(customer, job, "教师", today, verified_on=today, verified_by=manager.user)
    client = as_user(manager.user)
    send(client, address(customer), "校长", opened(client, address(customer)), is_verified="")
    assert ProfileFact.objects.get().verified_on is None


def test_two_people_at_one_field_the_second_sees_both(as_user, manager, colleague, branch, job, today):
    customer = make_customer("沈知远", branch=branch, lead=manager, co=colleague)
    client, url = as_user(manager.user), address(customer)
    seen = opened(client, url)
    send(as_user(colleague.user), url, "校长", seen)
    second = send(as_user(manager.user), url, "教师", seen)
    text = second.content.decode()
    assert second.status_code == 422
    assert "白屿 changed this at" in text
    assert "校长" in text
    assert 'value="教师"' in text  # nothing typed is lost
    assert ProfileFact.objects.get().value == "校长"
    newer = re.search(r'name="seen" value="([^"]+)"', text)[1]
    assert newer != seen
    assert send(as_user(manager.user), url, "教师", newer).status_code == 200
    assert ProfileFact.objects.get().value == "教师"
    assert send(as_user(colleague.user), url, "厨师", seen).status_code == 422


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"value": ""}, "required"),
        ({"value": "x" * 201}, "200"),
        ({"source": "hearsay"}, "choice"),
        ({"expires_on": "2020-01-01"}, "expired already"),
        ({"expires_on": "2199-01-01"}, "sixty years"),
        ({"expires_on": "2020-02-31"}, "date"),
        ({"seen": ""}, ""),
    ],
)
def test_bad_input_is_said_and_kept(as_user, manager, customer, job, data, said):
    client = as_user(manager.user)
    seen = opened(client, address(customer))
    answer = send(client, address(customer), **({"value": "教师", "seen": seen} | data))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not ProfileFact.objects.exists()


def test_amounts_have_one_form():
    told = ["120000", "120,000", "12 万", "约 12万", "1.3亿", "8000", "8,000.50 元"]
    assert [written_amount(read_amount(text)) for text in told] == [
        "12 万",
        "12 万",
        "12 万",
        "12 万",
        "1.3 亿",
        "8,000 元",
        "8,000.5 元",
    ]
    for text in ("", "很多", "-5", "0", "1e9", "12 万亿", "9" * 20):
        with pytest.raises(ValueError, match=r"\w"), translation.override("en"):
            read_amount(text)


def test_a_choice_outside_its_options_is_refused_and_an_old_one_may_stay(as_user, manager, customer, today):
    field = ProfileField.objects.create(code="marital", name="婚姻状况", name_en="Marital status")
    client, url = as_user(manager.user), address(customer, "marital")
    assert send(client, url, "同居", opened(client, url)).status_code == 422
    make_fact(customer, field, "同居", today - timedelta(days=9))
    assert send(client, url, "同居", opened(client, url)).status_code == 200


def test_a_field_of_organisations_is_not_asked_of_persons(as_user, manager, customer):
    ProfileField.objects.create(code="seal", name="印鉴", name_en="Seal", for_persons=False)
    assert as_user(manager.user).get(address(customer, "seal")).status_code == 404


def test_the_mobile_is_written_sealed_and_dated(as_user, manager, customer, today):
    client, url = as_user(manager.user), part_address(customer, "mobile")
    wrong = send(client, url, "138000000000", opened(client, url))
    assert (wrong.status_code, "this has 12" in wrong.content.decode()) == (422, True)
    right = send(client, url, "+86 138 0000 1234", opened(client, url))
    text = right.content.decode()
    assert (right.status_code, "138****1234" in text, "13800001234" in text) == (200, True, False)
    assert CustomerIdentity.objects.get().mobile == "13800001234"
    check = IdentityCheck.objects.get()
    assert (check.part, check.verified_on, check.verified_by) == ("mobile", today, manager.user)
    again = client.get(url, headers=HTMX).content.decode()
    assert "13800001234" not in again


def test_a_document_is_checked_by_its_rule_and_belongs_to_one(as_user, manager, customer, branch, today):
    other = make_customer("顾长风", branch=branch, lead=manager)
    other.identity.document, other.identity.document_number = "resident_id", "110101190001010014"
    other.identity.save()
    client, url = as_user(manager.user), part_address(customer, "document")
    more = {"document": "resident_id", "expires_on": (today + timedelta(days=900)).isoformat()}
    for number, said in (
        ("110101190001010010", "The check digit should be 4, not 0"),
        ("110101190001010014", "another customer"),
    ):
        answer = send(client, url, number, opened(client, url), **more)
        assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert send(client, url, "310115190102280027", opened(client, url), **more).status_code == 200
    identity = CustomerIdentity.objects.get(customer=customer)
    assert (identity.document_number, identity.document_expires_on) == (
        "310115190102280027",
        today + timedelta(days=900),
    )
    # verified again without typing the number: it stays
    assert send(client, url, "", opened(client, url), **more).status_code == 200
    assert CustomerIdentity.objects.get(customer=customer).document_number == "310115190102280027"


def test_a_mobile_changed_meanwhile_is_not_overwritten(as_user, manager, customer):
    client, url = as_user(manager.user), part_address(customer, "mobile")
    seen = opened(client, url)
    send(client, url, "13800001234", seen)
    second = send(client, url, "13900001234", seen)
    assert (second.status_code, "13900001234" in second.content.decode()) == (422, True)
    assert CustomerIdentity.objects.get().mobile == "13800001234"


def test_others_read_and_only_managers_write(as_user, supervisor, auditor, customer, job):
    for user in (supervisor, auditor):
        client = as_user(user)
        text = client.get(reverse("customers:profile", args=[customer.public_id])).content.decode()
        assert address(customer) not in text
        assert client.post(address(customer), {"value": "x"}).status_code == 403
        assert client.post(part_address(customer, "mobile"), {"value": "x"}).status_code == 403


def test_number_of_queries_does_not_grow(as_user, manager, customer, today, django_assert_max_num_queries):
    client, url = as_user(manager.user), reverse("customers:profile", args=[customer.public_id])
    for n in range(6):
        field = ProfileField.objects.create(code=f"f{n}", name="字段", name_en="field")
        make_fact(customer, field, "有", today, verified_on=today, verified_by=manager.user)
        if n in (0, 5):
            client.get(url, headers=HTMX)
            with django_assert_max_num_queries(9):
                client.get(url, headers=HTMX)
