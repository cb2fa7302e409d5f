"""Counting a page's statements, the envelope of its transaction left aside.

Every request opens a transaction and takes its role and scope (crm/wall); in a test that is a savepoint. It
is the same for every page, so counts of a page's own statements leave it out.
"""

from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

_ENVELOPE = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "BEGIN", "COMMIT")


class OfPage(CaptureQueriesContext):
    """Captured statements without the envelope."""

    @property
    def captured_queries(self):
        return [query for query in super().captured_queries if not _is_envelope(query["sql"])]


def _is_envelope(sql: str) -> bool:
    return sql.startswith(_ENVELOPE) or "set_config(" in sql


def assert_num_queries(*, exact: bool):
    """What the fixtures django_assert_num_queries and django_assert_max_num_queries give."""

    @contextmanager
    def check(number: int):
        with OfPage(connection) as captured:
            yield captured
        count = len(captured)
        listed = "\n".join(query["sql"] for query in captured.captured_queries)
        assert count == number if exact else count <= number, f"{count} statements, not {number}:\n{listed}"

    return check
