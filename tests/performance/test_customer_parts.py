"""Parts of the customer's page from the night: contribution, stage, worth of the profile, the brief."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.history import acting
from customers.models import Customer, Interaction, ProfileFact, ProfileField
from performance.models import IndicatorResult, Night, Scheme
from performance.scoring import default_content
from performance.selectors.brief import next_birthday
from tests.factories import make_account, make_interaction, make_product, make_task
from tests.performance.world import make_card, make_night

ENGLISH = {"Accept-Language": "en"}


def url(name, customer):
    return reverse(f"performance:{name}", args=[customer.public_id])


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def scheme(db):
    return Scheme.objects.get_or_create(
        code="default", defaults={"during": (date(2000, 1, 1), None), "content": default_content()}
    )[0]


@pytest.fixture
def card(manager, scheme):
    """The manager's scorecard: 60 of 80 weights filled (I1 75%), 7 of 10 fresh (I2 70%)."""
    made = make_card(manager, make_night())
    rows = {"I1": (60, 80, 75), "I2": (7, 10, 70)}
    for code, (above, below, value) in rows.items():
        IndicatorResult.objects.update_or_create(
            scorecard=made,
            code=code,
            defaults={
                "dimension": "information",
                "numerator": above,
                "denominator": below,
                "value": value,
                "points": 0,
                "weight": 30,
            },
        )
    return made


def test_a_gap_says_what_it_costs(as_user, manager, customer, card, today):
    ProfileField.objects.create(code="job", name="职业", name_en="Job", weight=8)
    worth = as_user(manager.user).get(url("profile_worth", customer)).context["worth"]
    gains = {gain.code: (gain.now, gain.then, gain.of_score) for gain in worth.gains}
    # I1: 68 of 80 is 85%, 45 points against 15 at 75%; 30% of information, which is 10% of a retail score
    assert gains["I1"] == (Decimal(15), Decimal(45), Decimal("0.9"))
    # I2: 80% is 48 points against 24 at 70%
    assert gains["I2"] == (Decimal(24), Decimal(48), Decimal("0.72"))
    assert (worth.freshness.is_fresh, worth.freshness.months) == (False, 36)


@pytest.mark.parametrize(
    ("level", "months_ago", "is_fresh"),
    [
        ("low", 35, True),
        ("low", 37, False),
        ("medium", 11, True),
        ("medium", 13, False),
        ("high", 5, True),
        ("high", 7, False),
    ],
)
def test_fresh_for_6_12_or_36_months(as_user, manager, customer, scheme, today, level, months_ago, is_fresh):
    Customer.objects.filter(pk=customer.pk).update(aml_level=level)
    field = ProfileField.objects.create(code="job", name="职业", name_en="Job")
    day = today - timedelta(days=round(months_ago * 30.44))
    ProfileFact.objects.create(
        customer=customer, field=field, value="教师", source="customer", noted_on=day, verified_on=day
    )
    client = as_user(manager.user)
    assert client.get(url("profile_worth", customer)).context["worth"].freshness.is_fresh == is_fresh
    if is_fresh:
        customer.identity.document_expires_on = today - timedelta(days=1)
        customer.identity.save()
        freshness = client.get(url("profile_worth", customer)).context["worth"].freshness
        assert (freshness.is_fresh, freshness.document_expired_on) == (False, today - timedelta(days=1))


def test_points_are_for_who_may_see_the_scorecard(as_user, manager, supervisor, back_office, customer, card):
    ProfileField.objects.create(code="job", name="职业", name_en="Job", weight=8)
    shown = {
        user.username: bool(as_user(user).get(url("profile_worth", customer)).context["worth"].gains)
        for user in (manager.user, supervisor, back_office)
    }
    assert shown == {"0931": True, "0102": True, "0301": False}


def test_a_stage_says_why_and_how_one_came_there(as_user, manager, customer):
    with acting("system:night"):
        Customer.objects.filter(pk=customer.pk).update(lifecycle="mature")
        Customer.objects.filter(pk=customer.pk).update(lifecycle="declining")
    context = as_user(manager.user).get(url("lifecycle", customer), headers=ENGLISH).context
    assert [(move.was, move.now) for move in context["moves"]] == [("Mature", "Declining"), ("New", "Mature")]
    assert [stage for stage, _words in context["stages"]] == [
        "prospect",
        "lost",
        "new",
        "declining",
        "growing",
        "mature",
    ]
    Customer.objects.filter(pk=customer.pk).update(lifecycle="prospect")
    text = as_user(manager.user).get(url("lifecycle", customer), headers=ENGLISH).content.decode()
    assert "No account yet" in text


def test_before_the_first_night_nothing_is_made_up(as_user, manager, customer):
    client = as_user(manager.user)
    assert "parts" not in client.get(url("contribution", customer)).context
    brief = client.get(url("brief", customer), headers=ENGLISH)
    assert brief.status_code == 200
    assert brief.context["brief"].analysed is None
    assert "—" in brief.content.decode()


def test_the_brief_holds_what_one_should_know(as_user, manager, customer, today):
    product = make_product("TD", name="三年定期", family=2)
    make_account(
        customer,
        product,
        opened_on=today - timedelta(days=900),
        matures_on=today + timedelta(days=20),
        principal_fen=30_000_000,
    )
    make_account(customer, product, opened_on=today - timedelta(days=2))
    make_interaction(
        customer,
        manager=manager,
        happened_at=timezone.now() - timedelta(days=9),
        note="询问到期安排",
        next_date=today + timedelta(days=5),
        next_step="谈到期安排",
    )
    make_task(customer, due_on=today, reason={"text": "致电"})
    field = ProfileField.objects.create(code="hobby", name="兴趣爱好", name_en="Hobbies")
    ProfileFact.objects.create(
        customer=customer, field=field, value="骑行", source="manager", noted_on=today - timedelta(days=90)
    )
    customer.identity.document_expires_on = today - timedelta(days=3)
    customer.identity.save()
    response = as_user(manager.user).get(url("brief", customer), headers=ENGLISH)
    brief = response.context["brief"]
    assert [promise.step for promise in brief.promises] == ["谈到期安排"]
    assert [words for _day, words in brief.ahead] == ["三年定期 matures, CNY 0.30m"]
    assert len(brief.changes) == 1
    assert [kind for kind, _words in brief.risks] == ["warn", "warn", "info"]
    assert [(row.code, value) for row, value in brief.preferences] == [("hobby", "骑行")]
    assert len(brief.suggestions) == 1
    assert "询问到期安排" in response.content.decode()


def test_a_confidential_note_is_not_printed(as_user, manager, customer):
    make_interaction(
        customer,
        manager=manager,
        happened_at=timezone.now(),
        note="家中变故",
        next_step="私下再谈",
        next_date=date(2099, 1, 1),
        confidential=True,
    )
    assert "家中变故" not in as_user(manager.user).get(url("brief", customer)).content.decode()


def test_the_brief_asks_a_constant_number_of_queries(
    as_user, manager, customer, today, django_assert_max_num_queries
):
    client = as_user(manager.user)
    for n in range(5):
        make_account(customer, make_product(f"P{n}"), matures_on=today + timedelta(days=n))
        make_interaction(customer, manager=manager, happened_at=timezone.now() - timedelta(days=n))
        make_task(customer, due_on=today)
        if n in (0, 4):
            client.get(url("brief", customer))
            with django_assert_max_num_queries(17):
                client.get(url("brief", customer))
    assert Interaction.objects.count() == 5
    assert not Night.objects.exists()


@pytest.mark.parametrize(
    ("born", "as_of", "expected"),
    [
        (date(1980, 3, 5), date(2026, 3, 5), date(2026, 3, 5)),
        (date(1980, 3, 5), date(2026, 3, 6), date(2027, 3, 5)),
        (date(1980, 2, 29), date(2026, 2, 1), date(2026, 3, 1)),
        (date(1980, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        (None, date(2026, 1, 1), None),
    ],
)
def test_the_next_birthday(born, as_of, expected):
    assert next_birthday(born, as_of) == expected
