"""The administrators' site: every record opens, money and history are not edited, C2 fields are masked."""

from datetime import date

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse

from crm.approvals.models import Approval, Execution
from crm.audit.models import AuditRecord
from crm.drafts.models import Draft
from crm.export.models import Export, ExportChunk
from crm.feed.models import FeedFile
from crm.history.links import changes_url
from crm.history.models import ChainLink, ChainSeal, Change, RecordHistory
from crm.history.tracking import rules
from crm.partitions import ensure_months
from crm.records import COUNTED, CappedPaginator
from crm.replay.models import SentForm
from crm.savedviews.models import SavedView
from customers.models import (
    Custody,
    CustomerGroup,
    CustomerIdentity,
    DailyBalance,
    GroupMembership,
    Handover,
    HandoverItem,
    IdentityCheck,
    LoanState,
    ProfileFact,
    ProfileField,
    Rebuild,
    Relationship,
    Transaction,
)
from managers.models import (
    Attendance,
    Batch,
    CalendarDay,
    CalendarLink,
    Course,
    Leave,
    Mentorship,
    Rotation,
    User,
)
from marketing.models import Campaign, Invitation, Opportunity, ProductIdea, Segment, Strategy
from performance.models import Closing, Deduction, Fit, PayEntry, PayStatement, Plan, PublishedScore
from service.models import Complaint, PostLoanCheck, ServiceRequest, Survey
from tests.factories import (
    make_account,
    make_customer,
    make_interaction,
    make_product,
    make_profile,
    make_task,
)
from tests.performance.world import (
    DAY,
    make_card,
    make_load,
    make_night,
    make_period,
    make_standing,
    make_steps,
    moment,
    publish,
)

OURS = ("crm", "managers", "customers", "service", "marketing", "performance")
# Read on pages of their own (crm/history, crm/audit), which mask: the administrators' site has none of them.
HISTORY = (RecordHistory, Change, ChainLink, ChainSeal, AuditRecord)
HISTORY += (Approval, Execution, Export, ExportChunk, SentForm)  # and these on crm/approvals, crm/export
HISTORY += (Draft, CalendarLink, SavedView)  # a person's own, no record of the bank
MODELS = sorted(
    (
        model
        for model in apps.get_models()
        if model._meta.app_label in OURS and not issubclass(model, HISTORY)
    ),
    key=lambda m: m._meta.label,
)
EDITABLE = {  # the bank's own settings; everything else comes by the feed or by a page with a rule
    "managers.Branch",
    "managers.User",
    "managers.Manager",
    "managers.Leave",
    "managers.CalendarDay",
    "managers.Course",
    "managers.Batch",
    "managers.Attendance",
    "managers.Mentorship",
    "managers.Rotation",
    "customers.Product",
    "customers.ProfileField",
    "customers.CustomerGroup",
    "customers.CapacityRule",
    "customers.ContactTemplate",
    "marketing.Segment",
    "marketing.Strategy",
    "marketing.Campaign",
    "marketing.ProductIdea",
    "performance.Deduction",
    "performance.Scheme",
}
ASKED = {"performance.Veto"}  # entered here, added once a second person approves
DELETABLE = {"managers.Leave", "managers.CalendarDay", "managers.Mentorship", "managers.Rotation"}


def url(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.fixture
def ledger(customer):
    """One posting and one balance of `customer`."""
    account = make_account(customer, make_product(), number="6200000000000013")
    for table in ("customers_transaction", "customers_dailybalance"):
        ensure_months(table, DAY, DAY)
    posting = Transaction.objects.create(
        id=1,
        customer=customer,
        account=account,
        branch=customer.branch,
        booked_on=DAY,
        kind=3,
        channel=5,
        family=1,
        amount_fen=123_456,
        load_id=1,
    )
    deltas = dict.fromkeys(("aum_delta", "deposit_delta", "loan_delta", "nii_delta", "el_delta"), 0)
    balance = DailyBalance.objects.create(
        id=1,
        customer=customer,
        account=account,
        date=DAY,
        family=1,
        amount_fen=123_456,
        rate_e5=250,
        ftp_e5=1650,
        pd_bp=0,
        lgd_pct=0,
        load_id=1,
        **deltas,
    )
    return posting, balance


@pytest.fixture
def everything(customer, manager, colleague, supervisor, foreign_customer, ledger, admin_user):
    """At least one row of every model."""
    branch, account = customer.branch, ledger[0].account
    night = make_night()
    publish(night)
    make_standing(customer, night)
    make_steps(night, rest=True)
    make_card(manager, night)
    Fit.objects.create(night=night, kind="affinity", content={})
    FeedFile.objects.create(load=make_load(), record="customers", digest="a" * 64)
    during = (DAY, date(2026, 7, 5))
    CalendarDay.objects.create(date=DAY, is_working=False)
    Leave.objects.create(manager=manager, kind="annual", during=during)
    course = Course.objects.create(code="K1", name="合规")
    batch = Batch.objects.create(code="K1-1", course=course, during=during)
    Attendance.objects.create(batch=batch, manager=manager, result="passed")
    Mentorship.objects.create(mentor=colleague, mentee=manager, during=during)
    Rotation.objects.create(manager=manager, branch=branch, during=during)
    field = ProfileField.objects.create(code="job", name="职业", name_en="Job")
    ProfileFact.objects.create(customer=customer, field=field, value="教师", source="customer", noted_on=DAY)
    Relationship.objects.create(subject=customer, object=foreign_customer, kind="spouse")
    group = CustomerGroup.objects.create(code="G0", name="沈家", kind="household")
    GroupMembership.objects.create(group=group, customer=customer)
    make_profile(customer, manager)
    IdentityCheck.objects.create(customer=customer, part="mobile", source="customer", noted_on=DAY)
    handover = Handover.objects.create(
        ref="HO-1", giver=manager, receiver=colleague, effective_on=DAY, reason="balance"
    )
    Custody.objects.create(customer=customer, custodian=colleague, lead=manager, during=during)
    HandoverItem.objects.create(handover=handover, customer=customer)
    LoanState.objects.create(account=account, customer=customer, date=DAY, loan_class="pass")
    Rebuild.objects.create(customer=customer, load_id=1, since=DAY)
    make_interaction(customer, manager=manager)
    make_task(customer)
    people = {"customer": customer, "manager": manager}
    Complaint.objects.create(
        **people,
        number="T1",
        source="self",
        cause="attitude",
        business="savings",
        received_on=DAY,
        due_on=DAY,
    )
    ServiceRequest.objects.create(
        **people, number="R1", kind="x", department="risk", opened_at=moment(DAY), due_at=moment(DAY, 9)
    )
    Survey.objects.create(**people, ref="S1", kind="csat", sent_on=DAY)
    PostLoanCheck.objects.create(ref="P1", account=account, customer=customer, due_on=DAY)
    segment = Segment.objects.create(code="A", name="代发")
    Strategy.objects.create(segment=segment, kind="leader")
    campaign = Campaign.objects.create(code="M1", name="开门红", segment=segment, starts_on=DAY, ends_on=DAY)
    Invitation.objects.create(campaign=campaign, customer=customer, arm="control", invited_on=DAY)
    product = account.product
    Opportunity.objects.create(
        **people, ref="O1", product=product, stage="lead", amount_fen=1, opened_on=DAY, stage_since=DAY
    )
    ProductIdea.objects.create(manager=manager, title="x", body="y")
    Plan.objects.create(customer=customer, period="2026Q2")
    make_pay(manager, night, admin_user)
    content = ContentType.objects.get_for_model(manager)
    LogEntry.objects.create(user=admin_user, content_type=content, object_id="1", action_flag=ADDITION)
    return night


def make_pay(manager, night, admin_user):
    """A finding, a frozen quarter, a published score and what it pays."""
    period = make_period()
    Deduction.objects.create(
        manager=manager, found_on=DAY, severity="minor", finding="缺面签照片", evidence="稽核1"
    )
    Closing.objects.create(
        period=period, night=night, digest="ab" * 32, frozen_by=admin_user, frozen_at=moment(DAY)
    )
    measured = {"cases": {}, "results": {}, "points": {}, "k": 1, "made_at": moment(DAY)}
    days = {"assigned_days": 91, "days_in_post": 91, "customers": 3}
    score = PublishedScore.objects.create(
        manager=manager, period=period, line="sme", post="senior", is_rated=True, **days, **measured
    )
    amounts = {"base_fen": 100, "amount_fen": 100, "now_fen": 60, "instalments": [40]}
    statement = PayStatement.objects.create(
        score=score, manager=manager, coefficient=1, pool_factor=1, **amounts
    )
    PayEntry.objects.create(
        manager=manager,
        statement=statement,
        part=0,
        source="bank",
        target="payable",
        amount_fen=60,
        due_on=DAY,
        entered_on=DAY,
    )


def address_of(row):
    """The part of a change page's address that names the row."""
    if isinstance(row, Transaction):
        return f"{row.customer_id}-{row.booked_on:%Y%m%d}-{row.pk}"
    if isinstance(row, DailyBalance):
        return f"{row.customer_id}-{row.date:%Y%m%d}-{row.pk}"
    return row.pk


def test_every_model_is_registered():
    assert [model._meta.label for model in MODELS if not admin.site.is_registered(model)] == []


@pytest.mark.parametrize("model", [*MODELS, LogEntry], ids=lambda model: model._meta.label)
def test_list_and_record_open(as_user, admin_user, everything, model):
    client = as_user(admin_user)
    assert client.get(url(model, "changelist")).status_code == 200
    assert client.get(url(model, "changelist") + "?q=C00000001").status_code in {200, 302}
    row = model.objects.first()
    if row is not None:
        page = client.get(url(model, "change", address_of(row)))
        assert page.status_code == 200
        changes = changes_url(row, admin_user)
        assert bool(changes) == (model._meta.label_lower in rules())
        assert not changes or (changes in page.content.decode() and client.get(changes).status_code == 200)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_only_settings_are_edited_and_only_plans_are_deleted(rf, admin_user, model):
    request = rf.get("/")
    request.user = admin_user
    record = admin.site.get_model_admin(model)
    label = model._meta.label
    assert record.has_change_permission(request) == (label in EDITABLE)
    assert record.has_delete_permission(request) == (label in DELETABLE)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_form_of_a_new_setting_opens(as_user, admin_user, model):
    expected = 200 if model._meta.label in ASKED | EDITABLE - {"marketing.ProductIdea"} else 403
    assert as_user(admin_user).get(url(model, "add")).status_code == expected


def test_site_is_for_administrators_alone(as_user, client, manager, supervisor, back_office, auditor):
    assert client.get("/admin/").status_code == 302
    for user in (manager.user, supervisor, back_office, auditor):
        user.is_staff = user.is_superuser = True
        user.save()
        client = as_user(user)
        assert client.get("/admin/", follow=True).status_code == 403
        assert client.get(url(type(manager), "changelist"), follow=True).status_code == 403


def test_stranger_is_sent_to_the_one_login(client, db):
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith(reverse("login"))


def test_identity_shows_masks_only(as_user, admin_user, customer):
    identity = customer.identity
    identity.document, identity.document_number = "resident_id", "999999190001010014"
    identity.mobile = "13800001234"
    identity.address = "江南省青禾市城东区人民路一百二十八号三单元"
    identity.save()
    client = as_user(admin_user)
    for page in (
        url(CustomerIdentity, "changelist"),
        url(CustomerIdentity, "change", customer.pk),
        url(type(customer), "changelist"),
        url(type(customer), "change", customer.pk),
    ):
        text = client.get(page).content.decode()
        for secret in ("999999190001010014", "13800001234", "一百二十八号", customer.name):
            assert secret not in text


def test_account_number_shows_its_last_four(as_user, admin_user, ledger):
    account = ledger[0].account
    for page in (url(type(account), "changelist"), url(type(account), "change", account.pk)):
        text = as_user(admin_user).get(page).content.decode()
        assert "6200000000000013" not in text
        assert "0013" in text


def test_confidential_note_stays_with_the_customers_people(as_user, admin_user, customer, manager):
    contact = make_interaction(customer, manager=manager, note="家中变故", confidential=True)
    text = as_user(admin_user).get(url(type(contact), "change", contact.pk)).content.decode()
    assert "家中变故" not in text


@pytest.mark.parametrize("model", [Transaction, DailyBalance])
def test_ledger_lists_nothing_without_a_customer(as_user, admin_user, customer, ledger, model):
    client = as_user(admin_user)
    counts = {
        query: client.get(url(model, "changelist") + query).context["cl"].result_count
        for query in ("", f"?q={customer.number}", f"?customer__id__exact={customer.pk}", "?q=nobody")
    }
    assert list(counts.values()) == [0, 1, 1, 0]


@pytest.mark.parametrize("bad", ["1", "1-2-3", "a-20260630-1", "1-20269999-1"])
def test_ledger_row_needs_customer_and_date(as_user, admin_user, bad):
    assert as_user(admin_user).get(url(Transaction, "change", bad)).status_code == 302


def test_lists_never_count_the_whole_table(django_assert_num_queries, branch):
    for number in range(3):
        make_customer(f"张{number}", branch=branch)
    with django_assert_num_queries(1) as captured:
        assert CappedPaginator(branch.customers.order_by("pk"), 50).count == 3
    assert f"LIMIT {COUNTED + 1}" in captured.captured_queries[0]["sql"]


@pytest.mark.parametrize("label", ["customers.Customer", "customers.Interaction", "customers.Task"])
@pytest.mark.parametrize("size", [1, 3])
def test_list_asks_the_same_number_of_queries(
    as_user, admin_user, branch, manager, label, size, django_assert_max_num_queries
):
    for number in range(size):
        customer = make_customer(f"张{number}", branch=branch, lead=manager)
        make_interaction(customer, manager=manager)
        make_task(customer)
    client = as_user(admin_user)
    address = url(apps.get_model(label), "changelist")
    client.get(address)
    with django_assert_max_num_queries(7):
        client.get(address)


def test_code_of_a_branch_cannot_change_under_its_scope(as_user, admin_user, branch):
    address = url(type(branch), "change", branch.pk)
    form = as_user(admin_user).get(address).context["adminform"].form
    assert not {"code", "parent", "path"} & set(form.fields)


def test_scheme_in_force_is_frozen(as_user, admin_user, manager):
    card = make_card(manager, make_night())
    response = as_user(admin_user).get(url(type(card.period.scheme), "change", card.period.scheme_id))
    assert response.context["has_change_permission"] is False


def test_staff_are_added_with_their_role(as_user, admin_user, branch):
    response = as_user(admin_user).post(
        url(User, "add"),
        {
            "username": "0999",
            "name": "新人",
            "role": "manager",
            "branch": branch.pk,
            "usable_password": "true",
            "password1": "Xk29!dwoq7Lm",
            "password2": "Xk29!dwoq7Lm",
        },
    )
    assert response.status_code == 302
    added = User.objects.get(username="0999")
    assert (added.role, added.branch, added.is_staff) == ("manager", branch, False)


def test_site_speaks_chinese(as_user, admin_user):
    text = as_user(admin_user).get("/admin/", headers={"Accept-Language": "zh-hans"}).content.decode()
    assert 'lang="zh-hans"' in text
