"""The strip and one P opened: the words, who may see them, what stands there without a night."""

import struct
from datetime import date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import translation

from customers.choices import Channel, Family
from customers.models import ProfileField, Publication, Standing
from performance import sentences, tiles
from performance.choices import ChannelGroup, Driver, P, PState
from performance.layouts import LEDGER
from performance.models import CustomerAnalysis, Fit, Night, Rollup
from performance.selectors.analysis import Analysed
from tests.factories import make_product

AS_OF = date(2026, 6, 30)
WAN = 1_000_000

WORKED = {
    "overdue_days": 0,
    **{f"{p}_state": PState.COMPUTED for p in P},
    **{f"{p}_on": AS_OF for p in P},
    "profiling_tier": "platinum",
    "profiling_lifecycle": "mature",
    "profiling_month_fen": 82 * WAN,
    "profiling_completeness_pct": 92,
    "profiling_missing": 0b11,
    "profiling_missing_count": 2,
    "persistency_loyalty": 83.5833,
    "persistency_churn": 0.142479,
    "persistency_band": 0,
    "persistency_change_bp": -889,
    "persistency_maturing_fen": 30 * WAN,
    "persistency_driver": Driver.DROP,
    "persistency_driver2": Driver.MATURING,
    "profitability_nii_fen": 780_000,
    "profitability_fee_fen": 200_000,
    "profitability_cost_fen": 190_000,
    "profitability_el_fen": 50_000,
    "profitability_eva_fen": 476_250,
    "profitability_raroc_bp": 667,
    "profitability_days": 365,
    "profitability_percentile": 62,
    "performance_sales_fen": 50 * WAN,
    "performance_hhi": 0.3528,
    "performance_digital_bp": 5800,
    "performance_family": Family.WEALTH,
    "performance_channel": ChannelGroup.APP,
    "performance_yoy_bp": 2500,
    "prospecting_aum_fen": 81_410_000,
    "prospecting_low_fen": 72_920_000,
    "prospecting_high_fen": 89_900_000,
    "prospecting_slope_fen": -1_228_600,
    "prospecting_clv_fen": 886_322,
    "prospecting_gap_fen": 118 * WAN,
    "product_product_id": 9,
    "product_because_id": 2,
    "product_confidence_bp": 3500,
    "product_lift": 1.944,
    "product_value_fen": 13_300,
    "product_fallback": False,
    "promotion_response": 0.129,
    "promotion_invited": 6,
    "promotion_responded": 2,
    "promotion_channel": Channel.APP,
    "promotion_contacts": 2,
    "promotion_rest": False,
}
NUMBERS = {name: 0 for name, kind in LEDGER.items() if kind != "day"}


def analysed(**changes) -> Analysed:
    """The worked customer, unsaved."""
    fields = [
        ProfileField(name="职业", name_en="Occupation", weight=5),
        ProfileField(name_en="Income", weight=3),
    ]
    people = SimpleNamespace(marketing_consent=True, profiling_consent=True, risk="C3", is_person=True)
    return Analysed(
        customer=people,
        night=Night(business_date=AS_OF, version="2026.1"),
        row=CustomerAnalysis(customer_id=7, night_id=1, **(WORKED | changes)),
        rollup=Rollup(aum=82 * WAN),
        months=[88 * WAN, 82 * WAN],
        missing=fields,
        products={2: SimpleNamespace(name="Wealth 90"), 9: SimpleNamespace(name="Fund A")},
    )


def said(p, **changes):
    with translation.override("en"):
        sentence = sentences.sentence(p, analysed(**changes))
    return " ".join(map(str, sentence.clauses)), str(sentence.act), sentence.state


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (P.PROFILING, ("Platinum customer, profile 92% complete, 2 fields missing", "Ask for: Occupation")),
        (
            P.PERSISTENCY,
            ("assets down 9%, CNY 0.30m matures within 30 days", "Call before it matures"),
        ),
        (
            P.PROFITABILITY,
            ("Created CNY 4,763 net in a year, in the top 38% of the tier", "See what it is made of"),
        ),
        (P.PERFORMANCE, ("58% bought digitally, mostly Wealth management", "Reach by: Mobile bank")),
        (P.PROSPECTING, ("About CNY 0.81m in three months (CNY 0.73m to CNY 0.90m)", "Plan to keep")),
        (P.PRODUCT, ("35% of holders of Wealth 90 also hold Fund A", "Offer: Fund A")),
        (P.PROMOTION, ("Answered 2 of 6 invitations; best by Mobile bank", "Invite by: Mobile bank")),
    ],
)
def test_sentence_of_the_worked_customer(p, expected):
    assert said(p) == (*expected, "normal")


@pytest.mark.parametrize(
    ("p", "changes", "words", "state"),
    [
        (P.PROFILING, {"profiling_missing_count": 0}, "Platinum customer, profile complete", "normal"),
        (
            P.PERSISTENCY,
            {"persistency_driver": None, "persistency_driver2": None},
            "Nothing points to leaving, loyalty 84 of 100",
            "normal",
        ),
        (
            P.PERSISTENCY,
            {"persistency_driver": Driver.COMPLAINT, "persistency_driver2": None},
            None,
            "normal",
        ),
        (
            P.PROFITABILITY,
            {"profitability_days": 181, "profitability_percentile": 20},
            "CNY 4,763 net a year, from 181 days, below 79% of the tier",
            "normal",
        ),
        (P.PRODUCT, {"product_fallback": True}, "Too few holders to compare: most held: Fund A", "lacking"),
        (P.PRODUCT, {"product_product_id": None}, "Nothing suitable that is not held yet", "normal"),
        (
            P.PROMOTION,
            {"promotion_rest": True, "promotion_contacts": 4},
            "Leave alone: 4 contacts in 30 days",
            "rest",
        ),
        (
            P.PROMOTION,
            {"promotion_invited": 0, "promotion_responded": 0},
            "Never invited; like customers answer 13% best by Mobile bank",
            "normal",
        ),
    ],
)
def test_sentence_of_others(p, changes, words, state):
    found = said(p, **changes)

    assert found[2] == state
    assert words is None or found[0] == words


@pytest.mark.parametrize(
    ("p", "have", "need", "words"),
    [
        (P.PROFILING, 0, 1, "Too little data: 0 of 1 full month"),
        (P.PERSISTENCY, 61, 120, "Too little data: 61 of 120 days"),
        (P.PERFORMANCE, 0, 1, "Too little data: 0 of 1 sale in 12 months"),
        (P.PROMOTION, 0, 1, "Too little data: 0 of 1 invitation"),
    ],
)
def test_sentence_of_too_little_data(p, have, need, words):
    changes = {f"{p}_state": PState.INSUFFICIENT, f"{p}_have": have, f"{p}_need": need}

    assert said(p, **changes)[::2] == (words, "lacking")


def test_sentence_of_an_earlier_night_keeps_its_words():
    words = said(P.PROMOTION, promotion_state=PState.STALE, promotion_on=date(2026, 6, 29))

    assert words == ("Answered 2 of 6 invitations; best by Mobile bank", "See the reason", "stale")
    assert said(P.PROMOTION, promotion_state=PState.STALE, promotion_on=None)[2] == "pending"


def test_change_since_the_night_before():
    now = analysed()
    before = CustomerAnalysis(persistency_churn=0.123479, profitability_eva_fen=482_450)
    moved = Analysed(**{**now.__dict__, "before": before})

    with translation.override("en"):
        assert "1.9" in tiles.change(P.PERSISTENCY, moved)
        assert tiles.change(P.PROFITABILITY, moved) == "▼ CNY 62"
        assert tiles.change(P.PROFILING, moved) == ""
        assert tiles.change(P.PROFILING, now) == "first night"


@pytest.fixture
def night(customer):
    """A published night that holds `customer`, as the worked customer."""
    held, offered = make_product("W90", name="稳享90"), make_product("FA", name="成长基金")
    night = Night.objects.create(
        business_date=AS_OF,
        version="2026.1",
        upto_load=1,
        published_run=1,
        digest="d",
        published_at=datetime(2026, 7, 1, 2, 22, tzinfo=ZoneInfo("Asia/Shanghai")),
    )
    with connection.cursor() as cursor:
        for table in ("performance_rollup", "performance_customeranalysis", "customers_standing"):
            cursor.execute(f"CREATE TABLE {table}_t PARTITION OF {table} FOR VALUES IN ({night.pk})")
    of_both = {"customer_id": customer.pk, "night_id": night.pk}
    changes = {"product_product_id": offered.pk, "product_because_id": held.pk}
    CustomerAnalysis.objects.create(**of_both, **(WORKED | changes))
    Rollup.objects.create(**of_both, **NUMBERS, sales=struct.pack(">24q", 5, *[0] * 23))
    months = [None] * 7 + [88 * WAN, 90 * WAN, 92 * WAN, 91 * WAN, 86 * WAN, 82 * WAN]
    Standing.objects.create(
        **of_both, aum_fen=1, deposit_fen=1, loan_fen=0, tier="platinum", overdue_days=0, months=months
    )
    for code, weight in (("job", 5), ("income", 3)):
        ProfileField.objects.create(code=code, name=f"字段{code}", name_en=code, weight=weight)
    Fit.objects.create(night=night, kind="fields", content=[{"code": "job"}, {"code": "income"}])
    Publication.objects.create(business_date=AS_OF, night_id=night.pk, published_at=night.published_at)
    return night


def url(name, customer, *args):
    return reverse(f"performance:{name}", args=[customer.public_id, *args])


def test_strip_shows_seven_tiles(as_user, manager, customer, night):
    page = as_user(manager.user).get(url("strip", customer))

    assert page.status_code == 200
    assert page.content.decode().count('<article class="tile') == 7
    assert [tile["state"] for tile in page.context["tiles"]] == ["normal"] * 7
    assert "稳享90" in page.content.decode()
    assert "字段job" in page.content.decode()


def test_strip_is_a_fragment_for_htmx(as_user, manager, customer, night):
    page = as_user(manager.user).get(url("strip", customer), headers={"HX-Request": "true"})

    assert page.content.decode().lstrip().startswith('<div id="strip">')
    assert page["Vary"].count("HX-Request") == 1


def test_strip_queries_are_few(as_user, manager, customer, night, django_assert_max_num_queries):
    client = as_user(manager.user)
    with django_assert_max_num_queries(14):
        client.get(url("strip", customer), headers={"HX-Request": "true"})


def test_strip_actions_are_contacts_for_managers_only(as_user, manager, supervisor, customer, night):
    contact = reverse("customers:log_contact", args=[customer.public_id])
    mine = as_user(manager.user).get(url("strip", customer)).context["tiles"]
    seen = as_user(supervisor).get(url("strip", customer)).context["tiles"]

    assert sum(tile["action_url"] == contact for tile in mine) == 5
    assert sum(tile["action_url"] == contact for tile in seen) == 0


@pytest.mark.parametrize("p", P.values)
def test_explain_shows_parts_formula_and_date(as_user, manager, customer, night, p):
    page = as_user(manager.user).get(url("explain", customer, p))

    assert page.status_code == 200
    assert page.context["parts"]
    assert "2026-06-30" in page.content.decode()


def test_explain_of_too_little_data_has_no_parts(as_user, manager, customer, night):
    row = CustomerAnalysis.objects.of(night.pk).get(customer=customer)
    row.persistency_state, row.persistency_have, row.persistency_need = PState.INSUFFICIENT, 61, 120
    row.persistency_churn = None
    row.save()
    page = as_user(manager.user).get(url("explain", customer, P.PERSISTENCY))

    assert page.context["parts"] == []


@pytest.mark.parametrize("name", ["strip", "explain"])
def test_analysis_of_an_invisible_customer_is_404(as_user, manager, foreign_customer, night, name):
    args = ["persistency"] if name == "explain" else []

    assert as_user(manager.user).get(url(name, foreign_customer, *args)).status_code == 404


def test_explain_of_an_unknown_p_is_404(as_user, manager, customer, night):
    assert as_user(manager.user).get(url("explain", customer, "weather")).status_code == 404


@pytest.mark.parametrize("name", ["strip", "explain"])
def test_analysis_before_any_night_says_so(as_user, manager, customer, name):
    args = ["persistency"] if name == "explain" else []
    page = as_user(manager.user).get(url(name, customer, *args), headers={"Accept-Language": "en"})

    assert page.status_code == 200
    assert "The seven analyses of this customer come with the next night." in page.content.decode()
