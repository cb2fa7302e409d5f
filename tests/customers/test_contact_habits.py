"""Next dates on free days, habits, texts to begin with, and one's own contact changed for a while."""

from datetime import date, timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from customers.forms import ContactForm, next_days
from customers.models import ContactTemplate, FollowUp, Interaction
from managers.models import CalendarDay, Leave
from managers.workdays import Absence, WorkCalendar
from tests.customers.test_contacts import url
from tests.factories import make_customer, make_interaction

pytestmark = pytest.mark.django_db
THURSDAY = date(2026, 10, 8)


def offered(as_of, calendar, **more):
    return [day.isoformat() for day, _words in next_days(as_of, calendar=calendar, **more)]


def closed(*days):
    return WorkCalendar(dict.fromkeys(days, (False, "节")))


# --- Free days ----------------------------------------------------------------------------------------------
def test_the_days_offered_are_free():
    holiday = closed(*(date(2026, 10, n) for n in range(1, 8)))
    assert offered(date(2026, 9, 30), holiday) == ["2026-10-08", "2026-10-30"]
    away = WorkCalendar({}, (Absence(date(2026, 10, 9), date(2026, 10, 16)),))
    assert offered(THURSDAY, away) == ["2026-10-16", "2026-11-09"]
    covered = WorkCalendar({}, (Absence(date(2026, 10, 9), date(2026, 10, 16), "白屿"),))
    assert offered(THURSDAY, covered) == ["2026-10-09", "2026-10-15", "2026-11-09"]


def test_the_eve_of_a_maturity_is_a_working_day():
    monday = date(2026, 10, 19)
    days = next_days(THURSDAY, monday)
    assert "2026-10-16" in [day.isoformat() for day, _words in days]


def test_a_habit_is_offered_and_chosen():
    habit = FollowUp(every="month", anchor_on=date(2026, 8, 31))
    form = ContactForm(
        initial=ContactForm.blank(THURSDAY, habit=habit), as_of=THURSDAY, habit=habit
    )  # 31 October 2026 is a Saturday
    assert form.initial["when"] == "2026-11-02"
    assert form.initial["repeat"] == "month"
    assert "2026-11-02" in dict(form.fields["when"].choices)
    assert not form.shows_more


def test_a_day_off_moves_on_and_the_page_says_so(as_user, manager, customer, filled, today):
    asked = today + timedelta(days=9)
    for n in range(9, 12):
        CalendarDay.objects.create(date=today + timedelta(days=n), is_working=False, note="国庆节")
    CalendarDay.objects.create(date=today + timedelta(days=12), is_working=True, note="")
    client = as_user(manager.user)
    page = client.get(client.post(url(customer), filled | {"next_date": asked.isoformat()})["Location"])
    assert Interaction.objects.get().next_date == today + timedelta(days=12)
    assert "国庆节" in page.content.decode()


def test_leave_moves_the_date_and_cover_is_told(
    as_user,
    manager,
    colleague,
    customer,
    filled,
    today,
    make_working,
):
    make_working(today, 40)
    away = (today + timedelta(days=9), today + timedelta(days=11))
    leave = Leave.objects.create(manager=manager, during=away, kind="annual")
    client = as_user(manager.user)
    client.post(url(customer), filled)
    assert Interaction.objects.get(ref=filled["ref"]).next_date == today + timedelta(days=11)
    leave.covered_by = colleague
    leave.save()
    page = client.get(client.post(url(customer), filled | {"ref": "web-2"})["Location"])
    assert Interaction.objects.get(ref="web-2").next_date == today + timedelta(days=9)
    assert colleague.name in page.content.decode()


@pytest.fixture
def make_working(db):
    """Every day from today on is worked: what a test says of one day does not hang on the weekday."""

    def make(today, days):
        CalendarDay.objects.bulk_create(
            CalendarDay(date=today + timedelta(days=n), is_working=True) for n in range(days)
        )

    return make


# --- Habits -------------------------------------------------------------------------------------------------
def test_a_habit_begins_stays_changes_and_ends(as_user, manager, customer, filled, today):
    client = as_user(manager.user)
    client.post(url(customer), filled | {"repeat": "month"})
    first = Interaction.objects.get().next_date
    habit = FollowUp.objects.get()
    assert (habit.customer, habit.every, habit.anchor_on) == (customer, "month", first)
    later = {"next_date": (today + timedelta(days=20)).isoformat()}
    client.post(url(customer), filled | later | {"ref": "b", "repeat": "month"})
    assert FollowUp.objects.get().anchor_on == first
    client.post(url(customer), filled | later | {"ref": "c"})  # a form that does not ask about it
    assert FollowUp.objects.get().every == "month"
    client.post(url(customer), filled | later | {"ref": "d", "repeat": "week"})
    assert FollowUp.objects.get().anchor_on == Interaction.objects.get(ref="d").next_date
    client.post(url(customer), filled | later | {"ref": "e", "repeat": ""})
    assert not FollowUp.objects.exists()


def test_a_habit_needs_a_next_date(as_user, manager, customer, filled):
    sent = filled | {"when": "none", "no_next_reason": "已搬走", "repeat": "week"}
    response = as_user(manager.user).post(url(customer), sent)
    assert list(response.context["form"].errors) == ["repeat"]


# --- Attendees and feedback of the form ---------------------------------------------------------------------
def test_attendees_and_feedback_are_kept(as_user, manager, customer, filled):
    sent = filled | {"attendees": "财务总监", "feedback_kind": "market", "feedback_text": "隔壁行利率 2.1%"}
    as_user(manager.user).post(url(customer), sent)
    contact = Interaction.objects.get()
    assert (contact.attendees, contact.feedback_kind, contact.feedback_text) == (
        "财务总监",
        "market",
        "隔壁行利率 2.1%",
    )
    assert contact.feedback_filed_at is not None
    assert (contact.feedback_quality, contact.feedback_accepted) == (None, False)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"feedback_kind": "market"}, "feedback_text"),
        ({"feedback_text": "隔壁行利率 2.1%"}, "feedback_kind"),
        ({"feedback_kind": "market", "feedback_text": "电话 13800000000"}, "feedback_text"),
        ({"attendees": "张三 138-0000-0000"}, "attendees"),
        ({"feedback_kind": "praise", "feedback_text": "好"}, "feedback_kind"),
    ],
)
def test_feedback_that_is_not_whole_is_asked_for(as_user, manager, customer, filled, sent, field):
    response = as_user(manager.user).post(url(customer), filled | sent)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert response.context["form"].shows_more
    assert not Interaction.objects.exists()


# --- Changing one's own -------------------------------------------------------------------------------------
def edit_url(contact):
    return reverse("customers:contact_edit", args=[contact.public_id])


@pytest.fixture
def logged(as_user, manager, customer, filled):
    as_user(manager.user).post(url(customer), filled)
    return Interaction.objects.get()


def test_ones_own_contact_is_changed_and_its_history_kept(
    as_user,
    manager,
    customer,
    logged,
    filled,
    make_working,
    today,
):
    make_working(today, 40)
    client = as_user(manager.user)
    assert client.get(edit_url(logged)).context["form"].initial["note"] == "倾向拆成两笔"
    sent = filled | {"note": "倾向拆成三笔", "next_date": (today + timedelta(days=5)).isoformat()}
    response = client.post(edit_url(logged), sent)
    assert response["Location"] == reverse("customers:contacts", args=[customer.public_id])
    logged.refresh_from_db()
    customer.refresh_from_db()
    assert (logged.note, logged.edited_at is not None) == ("倾向拆成三笔", True)
    assert customer.next_date == today + timedelta(days=5)
    (before,) = logged.history.filter(pgh_label="update")
    assert before.note == "倾向拆成两笔"
    assert Interaction.objects.count() == 1
    page = client.get(reverse("customers:contacts", args=[customer.public_id]))
    assert page.context["items"][0]["edit_url"] == edit_url(logged)


def test_only_its_author_and_only_for_a_while(
    as_user,
    branch,
    manager,
    colleague,
    supervisor,
    outsider,
    filled,
):
    customer = make_customer("苏棠", branch=branch, lead=manager, co=colleague)
    contact = make_interaction(customer, manager=manager, happened_at=timezone.now())
    for user, status in ((colleague.user, 403), (supervisor, 403), (outsider.user, 404)):
        client = as_user(user)
        assert client.get(edit_url(contact)).status_code == status
        assert client.post(edit_url(contact), filled).status_code == status
    old = timezone.now() - timedelta(hours=settings.CONTACT_EDIT_HOURS)
    Interaction.objects.filter(pk=contact.pk).update(created_at=old)
    client = as_user(manager.user)
    assert client.post(edit_url(contact), filled).status_code == 403
    page = client.get(reverse("customers:contacts", args=[customer.public_id]))
    assert page.context["items"][0]["edit_url"] == ""
    contact.refresh_from_db()
    assert (contact.note, contact.edited_at) == ("", None)


def test_a_contact_is_not_dated_back_by_changing_it(as_user, manager, logged, filled, today):
    early = today - timedelta(days=settings.CONTACT_BACKDATE_DAYS + 1)
    response = as_user(manager.user).post(edit_url(logged), filled | {"happened_on": early.isoformat()})
    assert list(response.context["form"].errors) == ["happened_on"]


def test_judged_feedback_stays(as_user, manager, supervisor, logged, filled):
    told = {"feedback_kind": "need", "feedback_text": "要换汇"}
    Interaction.objects.filter(pk=logged.pk).update(
        feedback_filed_at=timezone.now(),
        feedback_judged_at=timezone.now(),
        feedback_judged_by=supervisor,
        feedback_quality=3,
        feedback_accepted=True,
        **told,
    )
    as_user(manager.user).post(edit_url(logged), filled | {"feedback_kind": "risk", "feedback_text": "别的"})
    logged.refresh_from_db()
    assert (logged.feedback_kind, logged.feedback_text) == ("need", "要换汇")


# --- The feed -----------------------------------------------------------------------------------------------
def test_the_feed_shows_people_or_channels(as_user, manager, customer, today):
    mine = make_interaction(customer, manager=manager, note="面谈", attendees="会计")
    make_interaction(customer, channel=9, note="取款机")
    client, address = as_user(manager.user), reverse("customers:contacts", args=[customer.public_id])

    def texts(show):
        return {item["text"] for item in client.get(address, {"show": show}).context["items"]}

    assert texts("all") == texts("nonsense") == {"面谈", "取款机"}
    assert (texts("people"), texts("channels")) == ({"面谈"}, {"取款机"})
    assert "会计" in client.get(address).content.decode()
    assert mine.manager == manager


def test_what_is_confidential_is_so_in_every_part(as_user, branch, manager, colleague, supervisor, today):
    customer = make_customer("苏棠", branch=branch, lead=manager, co=colleague)
    make_interaction(
        customer,
        manager=manager,
        confidential=True,
        happened_at=timezone.now(),
        note="秘密报价",
        attendees="秘密来客",
        next_step="秘密承诺",
        next_date=today + timedelta(days=3),
        feedback_kind="risk",
        feedback_text="秘密反馈",
        feedback_filed_at=timezone.now(),
    )
    pages = [reverse(f"customers:{name}", args=[customer.public_id]) for name in ("contacts", "detail")]
    for page in pages:
        assert "秘密" not in as_user(colleague.user).get(page).content.decode().replace("保密", "")
        assert "秘密承诺" in as_user(manager.user).get(page).content.decode()
        assert "秘密承诺" in as_user(supervisor).get(page).content.decode()


# --- Texts --------------------------------------------------------------------------------------------------
def test_a_manager_keeps_texts_of_his_own(as_user, manager, colleague, customer):
    ContactTemplate.objects.create(title="到期提醒", text="您的存款…", purpose="maturity")
    client, address = as_user(manager.user), reverse("customers:contact_templates")
    assert client.post(address, {"title": "回访", "text": "回访要点"}).status_code == 303
    assert client.post(address, {"title": "回访", "text": "又一次"}).status_code == 422
    assert client.post(address, {"title": "电话", "text": "打 13800000000"}).status_code == 422
    shown = client.get(url(customer)).context["templates"]
    assert [(row.title, row.manager) for row in shown] == [("回访", manager), ("到期提醒", None)]
    row = ContactTemplate.objects.get(title="回访")
    one = reverse("customers:contact_template", args=[row.public_id])
    assert as_user(colleague.user).get(one).status_code == 404
    assert as_user(colleague.user).post(one, {"drop": "1"}).status_code == 404
    client = as_user(manager.user)
    client.post(one, {"title": "回访二", "text": "要点"})
    row.refresh_from_db()
    assert (row.title, row.manager) == ("回访二", manager)
    client.post(one, {"drop": "1"})
    assert [row.title for row in ContactTemplate.objects.all()] == ["到期提醒"]


def test_the_banks_texts_are_not_a_managers_to_change(as_user, manager):
    row = ContactTemplate.objects.create(title="到期提醒", text="您的存款…")
    assert (
        as_user(manager.user)
        .post(reverse("customers:contact_template", args=[row.public_id]), {"drop": "1"})
        .status_code
        == 404
    )
    assert ContactTemplate.objects.count() == 1
