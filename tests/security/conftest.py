"""Second people, for what nobody may do alone."""

import pytest

from managers.choices import Role
from tests.factories import make_user


@pytest.fixture
def second_supervisor(branch):
    return make_user("0103", role=Role.SUPERVISOR, branch=branch, name="贺兰")


@pytest.fixture
def second_admin(head_office):
    return make_user("0002", role=Role.ADMIN, branch=head_office, name="管理员二")
