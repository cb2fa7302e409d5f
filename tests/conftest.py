"""The cast: a small bank with two sub-branches, and one person of every role.

HQ ── T1 ── S1  manager, colleague, supervisor, back_office
         └─ S2  outsider (a manager elsewhere)
HQ  admin, auditor
"""

import pytest

from managers.choices import BranchKind, Role
from tests.factories import make_branch, make_customer, make_manager, make_user


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
