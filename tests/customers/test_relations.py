"""Relations, households, owners, holdings elsewhere: who is named, what is summed, what may be written."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from customers.choices import Family, LoanClass
from customers.models import (
    CustomerGroup,
    GroupMembership,
    LoanState,
    OutsideHolding,
    Relationship,
    Stake,
)
from customers.selectors.outside import wallet_of
from customers.selectors.relations import groups_of
from customers.services.relations import join_group
from tests.customers.conftest import NIGHT, make_standing
from tests.factories import make_account, make_customer, make_product

HTMX = {"HX-Request": "true", "Accept-Language": "en"}


def url(name, customer, *more):
    return reverse(f"customers:{name}", args=[customer.public_id, *more])


@pytest.fixture
def spouse(branch, manager):
    return make_customer("宋以宁", branch=branch, lead=manager)


@pytest.fixture
def firm(branch, manager):
    return make_customer("云岫纸业有限公司", branch=branch, lead=manager, kind="company")


def test_relations_name_only_whom_one_may_see(
    as_user, manager, customer, spouse, foreign_customer, published
):
    make_standing(spouse, aum_fen=41_500_000)
    Relationship.objects.create(subject=customer, object=spouse, kind="spouse")
    Relationship.objects.create(subject=foreign_customer, object=customer, kind="guarantor")
    response = as_user(manager.user).get(url("relations", customer), headers=HTMX)
    assert [(r.words, r.other, r.aum_fen) for r in response.context["relations"]] == [
        ("Guarantor", None, None),
        ("Spouse", spouse, 41_500_000),
    ]
    text = response.content.decode()
    assert foreign_customer.name not in text
    assert str(foreign_customer.public_id) not in text
    assert text.count('class="map-line') == 2
    assert "map-line is-hidden" in text


def test_a_group_sums_whom_one_may_see_and_counts_the_rest(
    as_user, manager, outsider, auditor, customer, spouse, foreign_customer, published
):
    group = CustomerGroup.objects.create(code="H1", name="沈家", kind="household", size=3)
    for member, role in ((spouse, "spouse"), (customer, "head"), (foreign_customer, "member")):
        GroupMembership.objects.create(group=group, customer=member, role=role)
        make_standing(member, aum_fen=82_000_000, loan_fen=10_000_000)
    response = as_user(manager.user).get(url("relations", customer), headers=HTMX)
    (shown,) = response.context["groups"]
    assert ([m.customer for m in shown.members], shown.hidden) == ([customer, spouse], 1)
    assert (shown.aum_fen, shown.loan_fen) == (164_000_000, 20_000_000)
    text = response.content.decode()
    assert "and 1 member you do not look after" in text
    assert foreign_customer.name not in text
    assert groups_of(customer, auditor, NIGHT)[0].aum_fen == 246_000_000
    # from the other side: one's own member alone, and the same size
    (theirs,) = groups_of(foreign_customer, outsider.user, NIGHT)
    assert ([m.customer for m in theirs.members], theirs.hidden) == ([foreign_customer], 2)


def test_a_relation_is_added_said_from_the_others_side_and_ended(as_user, manager, customer, spouse):
    client = as_user(manager.user)
    answer = client.post(url("relate", customer), {"who": "宋以宁", "kind": "parent:subject"})
    assert answer.status_code == 303
    row = Relationship.objects.get()
    assert (row.subject, row.object, row.kind) == (customer, spouse, "parent")
    assert (
        client.post(url("relate", customer), {"who": spouse.number, "kind": "parent:subject"}).status_code
        == 422
    )
    assert client.post(url("relation_end", customer, row.pk)).status_code == 303
    assert client.post(url("relation_end", customer, row.pk)).status_code == 404
    assert (
        client.post(url("relate", customer), {"who": spouse.number, "kind": "parent:subject"}).status_code
        == 303
    )
    assert Relationship.objects.get().until is None


@pytest.mark.parametrize(
    ("who", "said"),
    [("", "required"), ("不存在", "None of the customers"), ("宋", "Several fit"), ("沈知远", "None of the")],
)
def test_whom_one_means_must_be_clear(as_user, manager, customer, spouse, branch, who, said):
    make_customer("宋以安", branch=branch, lead=manager)
    answer = as_user(manager.user).post(
        url("relate", customer), {"who": who, "kind": "spouse:object"}, headers=HTMX
    )
    assert (answer.status_code, said in answer.content.decode()) == (422, True)


def test_a_hidden_customers_number_answers_like_none(as_user, manager, customer, foreign_customer):
    answers = [
        as_user(manager.user).post(
            url("relate", customer), {"who": who, "kind": "spouse:object"}, headers=HTMX
        )
        for who in (foreign_customer.number, "C99999999")
    ]
    errors = [re.findall("None of the customers[^<]*", answer.content.decode()) for answer in answers]
    assert errors[0] == errors[1] != []


def test_the_first_member_makes_the_household(as_user, manager, customer, spouse, branch):
    client = as_user(manager.user)
    assert client.post(url("member", customer), {"who": spouse.number, "role": "spouse"}).status_code == 303
    group = CustomerGroup.objects.get()
    roles = dict(group.memberships.values_list("customer_id", "role"))
    assert (group.kind, group.size, roles) == ("household", 2, {customer.pk: "head", spouse.pk: "spouse"})
    other = make_customer("顾长风", branch=branch, lead=manager)
    join_group(other, make_customer("顾小满", branch=branch, lead=manager), role="child")
    refused = client.post(url("member", customer), {"who": other.number, "role": "member"}, headers=HTMX)
    assert (refused.status_code, "belongs to another" in refused.content.decode()) == (422, True)
    assert client.post(url("member_leave", customer, spouse.public_id)).status_code == 303
    assert client.post(url("member_leave", customer, spouse.public_id)).status_code == 404
    group.refresh_from_db()
    assert (group.size, group.memberships.count()) == (1, 1)


def test_owners_sum_to_at_most_all(as_user, manager, firm, spouse, today):
    client = as_user(manager.user)
    told = {"control": "shares", "source": "document", "is_verified": "on"}
    assert client.post(url("owner", firm), {"name": spouse.number, "share": "60"} | told).status_code == 303
    assert client.post(url("owner", firm), {"name": "某人", "share": "15.5"} | told).status_code == 303
    over = client.post(url("owner", firm), {"name": "另一人", "share": "25"} | told, headers=HTMX)
    assert (over.status_code, "at most 24.5% is left" in over.content.decode()) == (422, True)
    stakes = list(Stake.objects.order_by("id").values_list("holder", "name", "share", "is_beneficial"))
    assert stakes == [(spouse.pk, "", Decimal(60), True), (None, "某人", Decimal("15.50"), False)]
    shown = client.get(url("relations", firm), headers=HTMX).context["ownership"]
    assert ([owner.name for owner in shown.owners], shown.unknown) == (["宋以宁", "某人"], Decimal("24.50"))
    first = Stake.objects.order_by("id").first()
    assert client.post(url("owner_end", firm, first.public_id)).status_code == 303
    assert client.post(url("owner_end", firm, first.public_id)).status_code == 404


@pytest.mark.parametrize(
    "data", [{"share": ""}, {"share": "101"}, {"share": "0"}, {"name": ""}, {"control": "x"}]
)
def test_bad_owners_are_refused(as_user, manager, firm, data):
    told = {"name": "某人", "share": "30", "control": "shares", "source": "document"} | data
    assert as_user(manager.user).post(url("owner", firm), told).status_code == 422
    assert not Stake.objects.exists()


def outside_data(client, address):
    text = client.get(address, headers=HTMX).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', text)[1]
    return {"bank": "某行", "kind": "deposit", "amount": "45 万", "source": "customer", "seen": seen}


def test_a_holding_elsewhere_and_the_share_of_wallet(as_user, manager, customer, published, today):
    make_standing(customer, aum_fen=82_000_000)
    client, add = as_user(manager.user), url("outside_add", customer)
    assert client.post(add, outside_data(client, add)).status_code == 303
    row = OutsideHolding.objects.get()
    assert (row.amount_fen, row.told_on, row.noted_by) == (45_000_000, today, manager.user)
    again = client.post(add, outside_data(client, add), headers=HTMX)
    assert (again.status_code, "noted already" in again.content.decode()) == (422, True)
    assert round(wallet_of(customer, 82_000_000, today).share, 4) == 0.6457
    page = client.get(url("outside", customer), headers=HTMX)
    assert "share of wallet about 65%" in page.content.decode()
    edit = url("outside_edit", customer, row.public_id)
    data = outside_data(client, edit)
    assert client.post(edit, data | {"amount": "50 万"}).status_code == 303
    stale = client.post(edit, data | {"amount": "60 万"}, headers=HTMX)
    text = stale.content.decode()
    assert (stale.status_code, "meanwhile it reads" in text, 'value="60 万"' in text) == (422, True, True)
    assert OutsideHolding.objects.get().amount_fen == 50_000_000
    assert client.post(url("outside_end", customer, row.public_id)).status_code == 303
    assert client.post(url("outside_end", customer, row.public_id)).status_code == 404
    assert wallet_of(customer, 82_000_000, today + timedelta(days=1)).rows == []


def test_what_was_told_long_ago_does_not_count(customer, manager, today):
    for bank, kind, days in (("甲行", "deposit", 10), ("乙行", "fund", 500), ("丙行", "loan", 10)):
        OutsideHolding.objects.create(
            customer=customer,
            bank=bank,
            kind=kind,
            amount_fen=10_000_000,
            source="customer",
            told_on=today - timedelta(days=days),
            noted_by=manager.user,
        )
    wallet = wallet_of(customer, 30_000_000, today)
    assert (wallet.share, wallet.assets_fen, wallet.loans_fen, len(wallet.stale)) == (
        0.75,
        10_000_000,
        10_000_000,
        1,
    )
    assert wallet_of(customer, None, today).share is None


@pytest.mark.parametrize("data", [{"bank": ""}, {"amount": "很多"}, {"amount": "-1"}, {"kind": "x"}])
def test_bad_holdings_elsewhere_are_refused(as_user, manager, customer, data):
    client, add = as_user(manager.user), url("outside_add", customer)
    assert client.post(add, outside_data(client, add) | data).status_code == 422
    assert not OutsideHolding.objects.exists()


def test_loans_show_how_their_class_came_about(
    as_user, manager, customer, foreign_customer, published, today
):
    loan = make_account(customer, make_product("L", family=Family.LOAN))
    day = published.business_date
    for days, code, overdue in (
        (400, LoanClass.PASS, 0),
        (300, LoanClass.PASS, 0),
        (60, LoanClass.SPECIAL_MENTION, 12),
        (30, LoanClass.SPECIAL_MENTION, 40),
        (1, LoanClass.SUBSTANDARD, 95),
    ):
        LoanState.objects.create(
            account=loan,
            customer=customer,
            date=day - timedelta(days=days),
            loan_class=code,
            overdue_days=overdue,
        )
    Relationship.objects.create(subject=foreign_customer, object=customer, kind="guarantor")
    credit = as_user(manager.user).get(url("credit", customer), headers=HTMX).context["credit"]
    moves = [(move.loan_class, move.days, move.is_worse) for move in credit.loans[0].moves]
    assert moves == [("pass", 0, False), ("special_mention", 12, True), ("substandard", 95, True)]
    assert credit.guarantors == [(None, False)]


def test_number_of_queries_does_not_grow(
    as_user, manager, branch, firm, published, django_assert_max_num_queries
):
    client = as_user(manager.user)
    for n in range(4):
        other = make_customer(f"客户{n}", branch=branch, lead=manager, kind="company")
        make_standing(other)
        Relationship.objects.create(subject=firm, object=other, kind="shareholder")
        join_group(firm, other, role="subsidiary")
        Stake.objects.create(customer=firm, holder=other, share=10, source="public", noted_on=other.since)
        if n in (0, 3):
            client.get(url("relations", firm), headers=HTMX)
            with django_assert_max_num_queries(13):
                client.get(url("relations", firm), headers=HTMX)
