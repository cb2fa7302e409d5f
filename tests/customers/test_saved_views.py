"""Saved views of My book: kept, shared, renamed, deleted, brought back; each shows its reader what is his."""

import re

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from crm.savedviews.models import MOST_OF_ONE, SavedView
from crm.wall import scope
from tests.factories import make_customer
from tests.queries import OfPage

pytestmark = pytest.mark.django_db
BOOK = "/customers/"


@pytest.fixture
def mine(client, manager, colleague, branch):
    make_customer("沈知远", branch=branch, lead=manager, tier="gold")
    make_customer("顾长风", branch=branch, lead=colleague, tier="gold")
    client.force_login(manager.user)
    return client


def keep(client, query="tier=gold", **data):
    return client.post(f"{reverse('views:new', args=['book'])}?{query}", {"name": "金卡客户"} | data)


def tabs(client, query=""):
    """(name, count) of every tab, the open one first said by itself."""
    page = client.get(f"{BOOK}?{query}").content.decode()
    nav = page[page.index('<nav class="views"') :]
    nav = nav[: nav.index("</nav>")]
    found = re.findall(
        r'<a href="[^"]*"( aria-current="true")?>(?:<svg.*?</svg> )?([^<]+)<span class="count">(\d+)', nav
    )
    return {name: (int(count), bool(current)) for current, name, count in found}


def test_a_filter_is_kept_under_a_name_with_its_count(mine, manager):
    answer = keep(mine, "tier=gold&bogus=1&sort=value&view=nonsense&after=x")
    view = SavedView.objects.get()
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{BOOK}?{view.query}"
    assert (view.owner, view.query, view.branch_path) == (manager.user, "sort=value&tier=gold", "")
    assert tabs(mine, view.query)["金卡客户"] == (1, True)
    assert tabs(mine)["金卡客户"] == (1, False)


def test_it_is_ones_own_until_it_is_shared_and_then_shows_each_reader_his_own(
    mine, client, manager, colleague, outsider, supervisor, branch
):
    keep(mine)
    client.force_login(colleague.user)
    assert "金卡客户" not in tabs(client)
    client.force_login(manager.user)
    view = SavedView.objects.get()
    edit = reverse("views:edit", args=[view.public_id])
    assert client.post(edit, {"name": "金卡", "shared": "branch"}).status_code == 303
    client.force_login(colleague.user)
    assert tabs(client)["金卡"] == (1, False)
    assert "顾长风" in (page := client.get(f"{BOOK}?{view.query}").content.decode())
    assert "沈知远" not in page
    assert client.get(edit).status_code == 404
    client.force_login(outsider.user)
    assert "金卡" not in tabs(client)


def test_deleting_has_a_way_back(mine):
    keep(mine)
    view = SavedView.objects.get()
    mine.post(reverse("views:delete", args=[view.public_id]))
    assert "金卡客户" not in tabs(mine)
    assert mine.get(reverse("views:edit", args=[view.public_id])).status_code == 404
    keep(mine, "tier=private", name="私行")
    mine.post(reverse("views:restore", args=[view.public_id]))
    assert {"金卡客户", "私行"} <= set(tabs(mine))


def test_a_name_taken_meanwhile_is_said_and_nothing_is_lost(mine):
    keep(mine)
    view = SavedView.objects.get()
    mine.post(reverse("views:delete", args=[view.public_id]))
    keep(mine, "tier=private")
    mine.post(reverse("views:restore", args=[view.public_id]))
    view.refresh_from_db()
    assert view.deleted_at is not None
    assert keep(mine, "tier=platinum").status_code == 422


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ("", {}),  # nothing to keep
        ("bogus=1", {}),
        ("tier=gold", {"name": ""}),
        ("tier=gold", {"name": " "}),
        ("tier=gold", {"name": "字" * 31}),
        ("tier=gold", {"name": "a\x00b"}),
        ("tier=gold", {"shared": "everybody"}),
    ],
)
def test_bad_input_is_said_and_keeps_nothing(mine, query, data):
    assert keep(mine, query, **data).status_code == 422
    assert SavedView.objects.count() == 0


def test_one_keeps_so_many_and_no_list_that_there_is_not(mine, manager):
    for n in range(MOST_OF_ONE):
        SavedView.objects.create(owner=manager.user, list="book", name=f"{n}", query="tier=gold")
    assert keep(mine).status_code == 422
    assert mine.get(reverse("views:new", args=["nothing"])).status_code == 404


def test_their_counts_are_kept_and_queries_do_not_grow_with_customers(mine, manager, branch):
    for n in range(5):
        SavedView.objects.create(owner=manager.user, list="book", name=f"{n}", query=f"kind=person&q={n}")
    counts = []
    for size in (1, 30):
        for _n in range(size):
            make_customer("白一", branch=branch, lead=manager)
        mine.get(BOOK)
        with OfPage(connection) as captured:
            mine.get(BOOK)
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 15


def test_the_second_wall_lets_nobody_write_anothers(mine, manager, colleague):
    keep(mine, shared="branch")
    with scope.of_user(colleague.user_id):
        assert SavedView.objects.count() == 1  # shared: he reads it
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            SavedView.objects.update(name="我的")
    with scope.of_user(manager.user_id):
        assert SavedView.objects.update(name="我的") == 1
