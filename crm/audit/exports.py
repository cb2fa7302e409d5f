"""What the auditor found, as a file: the same conditions, every row, in words."""

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy

from crm.audit.search import ACTS_LIST, CHANGES_LIST, CONDITIONS, SearchForm, found_acts, found_changes
from crm.audit.words import told_acts
from crm.export.batches import BATCH, batched
from crm.export.registry import Column, Sheet
from crm.history.words import told_changes

SHEET_OF = {ACTS_LIST: "audit-acts", CHANGES_LIST: "audit-changes"}


def _clean(show):
    """The conditions of one list; `upto` is now: later rows have no part in the file."""

    def clean(told):
        form = SearchForm({name: told.get(name, "") for name in CONDITIONS[show]} | {"show": show})
        kept = {name: str(value) for name, value in form.conditions.items()}
        return kept | {"upto": timezone.now().isoformat()}

    return clean


def _found(show, query):
    form = SearchForm({**query, "show": show})
    rows = (found_changes if show == CHANGES_LIST else found_acts)(form.conditions)
    return rows.filter(at__lt=parse_datetime(query["upto"]))


def _may(user, query):
    return user.sees_whole_bank


def _count(show):
    # counted no further than a file may grow: a count over years of acts would take minutes
    return lambda user, query, as_of: _found(show, query)[: settings.EXPORT_MOST_ROWS + 1].count()


def _rows(show, told, cells):
    """Every row in words, the newest first, BATCH at a time."""

    def rows(user, query, as_of):
        found = _found(show, query).order_by("-at", "-id")
        for batch in batched(found.iterator(chunk_size=BATCH)):
            for each in told(batch):
                yield None, cells(each)

    return rows


def _act_cells(told):
    row = told["row"]
    return (
        _moment(row.at),
        row.staff_number,
        told["who"],
        told["role"],
        told["branch"],
        told["act"],
        row.customer_number,
        told["kind"],
        row.subject_id,
        "; ".join(f"{name}: {value}" for name, value in told["detail"]),
        row.address,
        row.request_id,
    )


def _change_cells(told):
    change = told["change"]
    return (
        _moment(change.at),
        change.actor,
        told["who"],
        told["kind"],
        told["what"],
        told["customer"],
        change.object_id,
        change.rows,
        "; ".join(f"{field.label}: {field.old} → {field.new}" for field in told["fields"]),
        change.reason,
        told["asked_by"],
        told["request"],
    )


def _moment(at) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"


def _title(label):
    def title(query):
        form = SearchForm(query)
        told = [f"{form.fields[name].label} {form[name].value()}" for name in query if name in form.fields]
        return " · ".join([str(label), *told])

    return title


def _sheet(show, label, rows, columns) -> Sheet:
    return Sheet(
        SHEET_OF[show],
        label,
        columns,
        _clean(show),
        _may,
        _count(show),
        rows,
        lambda user, query, subjects: user.sees_whole_bank,
        _title(label),
    )


EXPORTS = (
    _sheet(
        ACTS_LIST,
        gettext_lazy("Audit: reads and acts"),
        _rows(ACTS_LIST, told_acts, _act_cells),
        (
            Column(gettext_lazy("When"), width=20),
            Column(gettext_lazy("Staff number")),
            Column(gettext_lazy("Who"), width=20),
            Column(gettext_lazy("Role")),
            Column(gettext_lazy("Unit"), width=24),
            Column(gettext_lazy("Act"), width=20),
            Column(gettext_lazy("Customer number")),
            Column(gettext_lazy("Kind of record"), width=18),
            Column(gettext_lazy("Record"), width=38),
            Column(gettext_lazy("Detail"), width=48),
            Column(gettext_lazy("Address"), width=16),
            Column(gettext_lazy("Request"), width=34),
        ),
    ),
    _sheet(
        CHANGES_LIST,
        gettext_lazy("Audit: changes"),
        _rows(CHANGES_LIST, told_changes, _change_cells),
        (
            Column(gettext_lazy("When"), width=20),
            Column(gettext_lazy("Staff number")),
            Column(gettext_lazy("Who"), width=20),
            Column(gettext_lazy("Kind of record"), width=18),
            Column(gettext_lazy("Change")),
            Column(gettext_lazy("Customer number")),
            Column(gettext_lazy("Record"), width=18),
            Column(gettext_lazy("Rows"), width=8),
            Column(gettext_lazy("Old → new"), width=60),
            Column(gettext_lazy("Why"), width=36),
            Column(gettext_lazy("Asked by"), width=16),
            Column(gettext_lazy("Request"), width=34),
        ),
    ),
)
