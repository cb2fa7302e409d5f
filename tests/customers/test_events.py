"""The timeline: everything that happened, from every app, in one list, by kind and page by page."""

import re
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from crm.history import acting
from customers.choices import Family, LoanClass
from customers.events import KINDS, sources
from customers.models import Customer, LoanState, ProfileFact, ProfileField
from marketing.models import Campaign, Invitation, Opportunity
from service.models import Complaint, PostLoanCheck, ServiceRequest, Survey
from tests.factories import SHANGHAI, make_account, make_customer, make_interaction, make_product

ENGLISH = {"Accept-Language": "en"}


def address(customer, query=""):
    return reverse("customers:timeline", args=[customer.public_id]) + query


def moment(day, hour=10):
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


@pytest.fixture
def eventful(customer, manager, today):
    """A customer with an event of every kind, a day apart, newest first in this order."""
    days = iter(today - timedelta(days=n) for n in range(1, 40))
    loan = make_account(
        customer, make_product("L1", family=Family.LOAN, name="经营贷"), opened_on=today - timedelta(days=300)
    )
    people = {"customer": customer, "manager": manager}
    make_interaction(customer, manager=manager, happened_at=moment(next(days)), note="谈到期安排")
    make_interaction(customer, happened_at=moment(next(days)), channel=5, note="手机银行登录")
    for day, code in ((next(days), LoanClass.SPECIAL_MENTION), (today - timedelta(days=90), LoanClass.PASS)):
        LoanState.objects.create(
            account=loan, customer=customer, date=day, loan_class=code, overdue_days=3 * (code != "pass")
        )
    day = next(days)
    ServiceRequest.objects.create(
        **people,
        number="R1",
        kind="补打流水",
        department="operations",
        opened_at=moment(day),
        due_at=moment(day, 18),
    )
    day = next(days)
    Complaint.objects.create(
        **people,
        number="T1",
        source="self",
        cause="attitude",
        business="savings",
        received_on=day,
        due_on=today,
    )
    day = next(days)
    Survey.objects.create(**people, ref="S1", kind="csat", sent_on=day, answered_on=day, score=5)
    day = next(days)
    PostLoanCheck.objects.create(
        ref="P1", account=loan, customer=customer, due_on=day, done_on=day, result="normal"
    )
    day = next(days)
    campaign = Campaign.objects.create(code="M1", name="端午讲座", starts_on=day, ends_on=today)
    Invitation.objects.create(
        campaign=campaign, customer=customer, arm="treatment", channel=2, invited_on=day
    )
    day = next(days)
    Opportunity.objects.create(
        **people,
        ref="O1",
        product=loan.product,
        stage="lead",
        amount_fen=30_000_000,
        opened_on=day,
        stage_since=day,
    )
    return customer


def said(client, customer, query=""):
    items = client.get(address(customer, query), headers=ENGLISH).context["items"]
    return [(item["channel"], item["text"]) for item in items]


def test_everything_stands_in_one_list_newest_first(as_user, manager, eventful):
    told = said(as_user(manager.user), eventful)
    assert [channel for channel, _text in told] == [
        "Phone",
        "Mobile bank",
        "Loan class",
        "Request",
        "Complaint",
        "Survey",
        "Post-loan check",
        "Campaign",
        "Opportunity",
        "Account",
        "Manager",
    ]
    texts = dict(told)
    assert texts["Phone"] == "谈到期安排"
    assert "Pass → Special mention" in texts["Loan class"]
    assert texts["Survey"] == "Satisfaction, 1–5: 5 of 5"
    assert texts["Opportunity"].startswith("经营贷, ")
    assert texts["Manager"] == "Lead manager 林见川, 100%"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_shows_its_own(as_user, manager, eventful, kind):
    whole = as_user(manager.user).get(address(eventful), headers=ENGLISH).context["items"]
    some = as_user(manager.user).get(address(eventful, f"?kind={kind}"), headers=ENGLISH).context["items"]
    assert len(some) < len(whole)
    assert all(item in whole for item in some)


def test_pages_hold_everything_once(as_user, manager, customer, today):
    same = moment(today - timedelta(days=3))
    for n in range(30):
        make_interaction(customer, manager=manager if n % 2 else None, happened_at=same, note=f"第{n}次")
        make_account(customer, make_product(f"P{n}"), opened_on=today - timedelta(days=n + 1))
    client, query, seen = as_user(manager.user), "", []
    for _page in range(9):
        response = client.get(address(customer, query), headers=ENGLISH)
        seen += [item["text"] for item in response.context["items"]]
        query = response.context["next_url"]
        if not query:
            break
    texts = [text for text in seen if re.match("第|产品", text)]
    assert (len(texts), len(set(texts))) == (60, 60)


def test_a_move_between_stages_and_an_edit_are_told(as_user, manager, customer, today):
    with acting("system:night"):
        Customer.objects.filter(pk=customer.pk).update(lifecycle="declining", tier="gold")
    field = ProfileField.objects.create(code="job", name="职业", name_en="Job")
    with acting(manager.user):
        ProfileFact.objects.create(
            customer=customer, field=field, value="教师", source="customer", noted_on=today
        )
    client = as_user(manager.user)
    assert said(client, customer, "?kind=profile") == [("Profile", "Profile fact added")]
    assert said(client, customer, "?kind=stage") == [
        ("Customer", "Lifecycle: New → Declining · Tier: Basic → Gold")
    ]


def test_confidential_notes_and_control_groups_are_not_told(
    as_user, manager, colleague, supervisor, back_office, branch, today
):
    customer = make_customer("沈知远", branch=branch, lead=manager, co=colleague)
    make_interaction(
        customer,
        manager=manager,
        happened_at=moment(today - timedelta(days=1)),
        note="家中变故",
        confidential=True,
    )
    campaign = Campaign.objects.create(code="M1", name="对照活动", starts_on=today, ends_on=today)
    Invitation.objects.create(campaign=campaign, customer=customer, arm="control", invited_on=today)
    shown = {}
    for user in (manager.user, colleague.user, supervisor, back_office):
        text = as_user(user).get(address(customer), headers=ENGLISH).content.decode()
        shown[user.username] = "家中变故" in text
        assert "对照活动" not in text
    assert shown == {"0931": True, "0932": False, "0102": True, "0301": False}


@pytest.mark.parametrize("after", ["x", "a.b.c", "WyJ4Il0.zzz"])
def test_a_damaged_cursor_says_so(as_user, manager, customer, after):
    assert as_user(manager.user).get(address(customer, f"?after={after}")).status_code == 400


def test_a_cursor_of_another_list_is_refused(as_user, manager, customer, today):
    for n in range(25):
        make_interaction(customer, manager=manager, happened_at=moment(today - timedelta(days=n + 1)))
    client = as_user(manager.user)
    onward = client.get(address(customer)).context["next_url"]
    assert client.get(address(customer, onward)).status_code == 200
    assert client.get(address(customer, f"{onward}&kind=contact")).status_code == 400


def test_one_query_whatever_happened(as_user, manager, eventful, django_assert_max_num_queries):
    client = as_user(manager.user)
    client.get(address(eventful))
    for n in range(12):
        make_interaction(eventful, manager=manager, happened_at=moment(eventful.since, n))
    with django_assert_max_num_queries(8) as captured:
        client.get(address(eventful))
    assert sum("UNION ALL" in query["sql"] for query in captured.captured_queries) == 1


def test_codes_are_unique():
    assert len(sources()) == 15
