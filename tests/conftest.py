"""The cast: a small bank with two sub-branches, and one person of every role.

HQ ── T1 ── S1  manager, colleague, supervisor, back_office
         └─ S2  outsider (a manager elsewhere)
HQ  admin, auditor
"""

import io
import json
import logging

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import TransactionTestCase

from crm.ops.logs import logging_config
from managers.choices import BranchKind, Role
from tests import soak
from tests.bank import make_bank
from tests.database import clone_of_template, copy_of_bank, empty_tables
from tests.factories import make_branch, make_customer, make_manager, make_user
from tests.queries import assert_num_queries

# Begun first, so that no worker is left alone with one of them in the end. Slowest first; two of the first
# four need no database, so that few wait while it is migrated.
LONG_FILES = (
    "tests/crm/test_bank.py",
    "tests/crm/test_embedded.py",
    "tests/performance/test_night_faults.py",
    "tests/examples/test_berka.py",
    "tests/browser/test_journeys.py",
    "tests/performance/test_nights.py",
    "tests/test_admin.py",
    "tests/browser/test_look.py",
    "tests/browser/test_sign_in.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Where several workers share the suite, order its files; within a file nothing changes."""
    soak.leave_out_what_passed(items, config)
    if hasattr(config, "workerinput"):
        rank = {name: number for number, name in enumerate(LONG_FILES)}
        items.sort(key=lambda item: rank.get(item.nodeid.partition("::")[0], len(rank)))


def pytest_runtest_logreport(report):
    soak.note(report)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix, django_db_blocker, tmp_path_factory, worker_id
):
    """Copy the database of each of several workers from one that was migrated."""
    if worker_id != "master":
        with django_db_blocker.unblock():
            clone_of_template(tmp_path_factory.getbasetemp().parent)


@pytest.fixture(scope="module")
def demo_bank(django_db_setup, django_db_blocker, tmp_path_factory, worker_id):
    """A bank of 120 customers with everything in it and a published night, for the tests of one module.

    Made once in a run, then copied (0.5 s). Mark the tests `django_db`: each is rolled back as always. What
    a test commits (`live_server`, threads, workers) stays until the module ends. `tests.bank.AS_OF` is its
    day; `demo_logins` gave everybody a password. Where the tests write by real processes, start them after
    this fixture.
    """
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent

    def make():
        make_bank(tmp_path_factory.mktemp("bank"))

    with django_db_blocker.unblock(), copy_of_bank(shared, make):
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_flush():
    """After a test that commits, empty only the tables that hold rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: empty_tables())
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_passwords():
    """argon2 as in production, with the least that it takes: 1 ms for 60."""
    with pytest.MonkeyPatch.context() as patch:
        for name, least in (("time_cost", 1), ("memory_cost", 8), ("parallelism", 1)):
            patch.setattr(Argon2PasswordHasher, name, least)
        yield


@pytest.fixture
def django_assert_num_queries():
    """Overrides pytest-django's: the request's own transaction and scope are not counted."""
    return assert_num_queries(exact=True)


@pytest.fixture
def django_assert_max_num_queries():
    return assert_num_queries(exact=False)


@pytest.fixture
def head_office(db):
    return make_branch("HQ", name="总行")


@pytest.fixture
def region(head_office):
    return make_branch("T1", name="青禾分行", parent=head_office, kind=BranchKind.TIER1)


@pytest.fixture
def branch(region):
    return make_branch("S1", name="青禾支行", parent=region)


@pytest.fixture
def other_branch(region):
    return make_branch("S2", name="石湖支行", parent=region)


@pytest.fixture
def manager(branch):
    """The manager (managers.Manager); sign in as `manager.user`."""
    return make_manager("0931", branch=branch, name="林见川")


@pytest.fixture
def colleague(branch):
    return make_manager("0932", branch=branch, name="白屿")


@pytest.fixture
def outsider(other_branch):
    return make_manager("0940", branch=other_branch, name="周迟")


@pytest.fixture
def supervisor(branch):
    return make_user("0102", role=Role.SUPERVISOR, branch=branch, name="周砚秋")


@pytest.fixture
def back_office(branch):
    return make_user("0301", role=Role.BACK_OFFICE, branch=branch, name="许闻笛")


@pytest.fixture
def admin_user(head_office):
    """Overrides pytest-django's: our users need a role."""
    return make_user("0001", role=Role.ADMIN, branch=head_office, name="管理员")


@pytest.fixture
def auditor(head_office):
    return make_user("0009", role=Role.AUDITOR, branch=head_office, name="方予")


@pytest.fixture
def customer(branch, manager):
    """A customer of `manager`."""
    return make_customer("沈知远", branch=branch, lead=manager, initials="szy")


@pytest.fixture
def foreign_customer(other_branch, outsider):
    """A customer whom neither `manager` nor `supervisor` may see."""
    return make_customer("陆怀瑜", branch=other_branch, lead=outsider, initials="lhy")


@pytest.fixture
def as_user(client):
    """Sign the test client in: `as_user(manager.user).get(url)`."""

    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def lines():
    """Our chain on a stream of its own; call it for what was written so far, as dictionaries."""
    stream = io.StringIO()
    config = logging_config(json=True)
    formatter = dict(config["formatters"]["line"])
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter.pop("()")(**formatter))
    root = logging.getLogger()
    root.addHandler(handler)
    before = root.level
    root.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.setLevel(before)
    root.removeHandler(handler)
