"""Asking for a file, writing it, handing it out. Rights are looked up each time, the audit comes first."""

import hashlib
import json
import tempfile
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import audit
from crm.approvals import services as approvals
from crm.approvals.models import Approval
from crm.beside import beside
from crm.export.cells import masked
from crm.export.files import WRITERS
from crm.export.models import Export, ExportChunk, ExportState
from crm.export.registry import Sheet, sheets
from crm.wall.scope import as_user

PIECE = 256 * 1024
TELL_EVERY = 1000  # rows between two notes of progress
LARGE = "exports.large"
NAMES_WHOLE = ("manager", "supervisor")


class ExportRefused(Exception):
    """There is no file; the message says why and what to do."""


def filter_digest(what: str, query: dict, form: str) -> str:
    """What an approval is bound to: this sheet, this filter, this format."""
    return hashlib.sha256(approvals.canonical({"what": what, "query": query, "form": form})).hexdigest()


def start(user, what: str, told, form: str, *, reason: str = "", as_of) -> Export | Approval:
    """Ask for a file for `user`: an Export under way, or above EXPORT_ALONE_ROWS the Approval it waits for.

    `told` is the filter as the page's address had it. Raises ExportRefused.
    """
    sheet = sheets().get(what)
    if sheet is None or form not in WRITERS:
        raise ExportRefused(_("There is no such file. Go back to the list and choose again."))
    query = json.loads(approvals.canonical(sheet.clean(told)))
    _check_rights(user, sheet, query)
    expected = sheet.count(user, query, as_of)
    if not expected:
        raise ExportRefused(_("The list is empty: there is nothing to put into a file."))
    if expected > settings.EXPORT_MOST_ROWS:
        said = _("More than %(most)d rows: narrow the list first, for instance by days.")
        raise ExportRefused(said % {"most": settings.EXPORT_MOST_ROWS})
    if expected <= settings.EXPORT_ALONE_ROWS:
        return begin(user, what, query, form, expected)
    payload = {
        "user": str(user.public_id),
        "what": what,
        "query": query,
        "form": form,
        "filter": filter_digest(what, query, form),
        "rows": expected,
    }
    try:
        return approvals.ask(LARGE, user, payload, reason)
    except approvals.Refused as refusal:
        raise ExportRefused(str(refusal)) from refusal


def begin(user, what: str, query: dict, form: str, expected: int, approval: Approval | None = None) -> Export:
    """Put the file down and write it: at once where it is short, else by a worker after this commits."""
    export = Export.objects.create(
        user=user, what=what, query=query, form=form, expected=expected, approval=approval
    )
    audit.record(
        user,
        "export",
        subject=export,
        detail={"what": what, "filter": filter_digest(what, query, form), "rows": expected, "form": form},
    )
    if expected <= settings.EXPORT_IN_REQUEST_ROWS and approval is None:
        write(export.pk)
        export.refresh_from_db()
    else:
        transaction.on_commit(partial(_hand_over, export.pk))
    return export


def _hand_over(key: int) -> None:
    """Give the work to a worker; without a broker the hourly tidying finds it."""
    from kombu.exceptions import OperationalError

    from crm.export.tasks import write_export

    try:
        write_export.delay(key)
    except OperationalError:
        return


def write(key: int) -> None:
    """Write the file of an Export that waits; again for one whose worker died. Done or deleted ones stay."""
    export = Export.objects.get(pk=key)
    if export.state not in (ExportState.WAITING, ExportState.RUNNING):
        return
    # rights as they are now, not as they were when the file was asked for
    user = get_user_model().objects.get(pk=export.user_id)
    sheet = sheets()[export.what]
    try:
        Export.objects.filter(pk=key).update(state=ExportState.RUNNING)
        with tempfile.TemporaryFile() as file:
            # as the person, in the database too: the worker of itself sees the whole bank
            with as_user(user.pk) as is_active:
                _check_rights(user, sheet, export.query, is_active)
                subjects = _write_rows(export, user, sheet, file)
            _keep(export, file, subjects)
    except ExportRefused as refusal:
        Export.objects.filter(pk=key).update(state=ExportState.FAILED, fault=str(refusal)[:300])


def _write_rows(export, user, sheet, file):
    """Fill `file`; return the subjects in it. Raises ExportRefused where the list outgrew its bounds."""
    most = export.approval.payload["rows"] * 11 // 10 if export.approval else settings.EXPORT_ALONE_ROWS
    whole_names = getattr(user, "role", "") in NAMES_WHOLE
    subjects, now = set(), timezone.now()

    def cells():
        found = sheet.rows(user, export.query, timezone.localtime(now).date())
        for number, (subject, row) in enumerate(found, start=1):
            if number > most:
                raise ExportRefused(_("The list has grown since the file was asked for. Ask anew."))
            if subject is not None:
                subjects.add(subject)
            if number % TELL_EVERY == 0:
                _tell(export.pk, number)
            yield [
                masked(value, column.data_class, whole_names=whole_names)
                for value, column in zip(row, sheet.columns, strict=True)
            ]

    head = [str(column.label) for column in sheet.columns]
    export.rows = WRITERS[export.form](
        file, head, cells(), watermark(user, now), [column.width for column in sheet.columns]
    )
    return sorted(subjects)


def _tell(key: int, rows: int) -> None:
    """Let the list of files see how far this one is, while the transaction that writes it goes on."""
    with beside() as own:
        own.execute("UPDATE crm_export SET rows = %s WHERE id = %s", [rows, key])


def watermark(user, at) -> str:
    """Who has this file, and since when: under its rows and on every printed page."""
    told = {"number": user.get_username(), "name": user.get_short_name()}
    when = timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S")
    return _("%(name)s %(number)s") % told + f" · {when} · " + _("bank confidential")


def _keep(export, file, subjects) -> None:
    """Put the bytes into the database in pieces, once."""
    file.seek(0)
    digest, size, now = hashlib.sha256(), 0, timezone.now()
    with transaction.atomic():
        locked = Export.objects.select_for_update(of=("self",)).get(pk=export.pk)
        if locked.state != ExportState.RUNNING:
            return
        ExportChunk.objects.filter(export=locked).delete()
        for number, piece in enumerate(iter(partial(file.read, PIECE), b"")):
            ExportChunk.objects.create(export=locked, number=number, content=piece)
            digest.update(piece)
            size += len(piece)
        locked.rows, locked.subjects, locked.size = export.rows, subjects, size
        locked.digest, locked.state, locked.ready_at = digest.hexdigest(), ExportState.READY, now
        locked.expires_at = now + timedelta(hours=settings.EXPORT_HOURS)
        locked.save()


def open_file(request, export: Export):
    """The bytes of `export` as an open temporary file, for its owner alone, after the audit row is committed.

    Raises ExportRefused where it is not ready, has expired, or its owner may no longer see what is in it.
    """
    user = get_user_model().objects.get(pk=request.user.pk)
    if export.user_id != user.pk or export.state != ExportState.READY or export.expires_at <= timezone.now():
        raise ExportRefused(_("This file is not there any more. Ask for it anew."))
    sheet = sheets()[export.what]
    try:
        _check_rights(user, sheet, export.query)
        if not sheet.still(user, export.query, export.subjects):
            raise ExportRefused(_("Some of what is in this file is no longer yours to see. Ask for it anew."))
    except ExportRefused:
        audit.record(request, "export_refused", subject=export, detail={"what": export.what})
        raise
    detail = {"what": export.what, "rows": export.rows, "size": export.size, "digest": export.digest}
    audit.record(request, "download", subject=export, detail=detail)
    # copied here: the request's transaction, and with it the database's view of whose file it is, ends before
    # the answer is sent
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the answer closes it)
    for content in export.chunks.order_by("number").values_list("content", flat=True).iterator(chunk_size=4):
        file.write(content)
    file.seek(0)
    return file


def tidy(now) -> tuple[list[int], int]:
    """Delete the bytes of expired files; return the keys of those a worker should take up again, and how many
    were deleted."""
    old = Export.objects.filter(state=ExportState.READY, expires_at__lte=now)
    keys = list(old.values_list("pk", flat=True))
    with transaction.atomic():
        ExportChunk.objects.filter(export__in=keys).delete()
        Export.objects.filter(pk__in=keys).update(state=ExportState.EXPIRED, subjects=[])
    stuck = Export.objects.filter(
        state__in=[ExportState.WAITING, ExportState.RUNNING], asked_at__lte=now - timedelta(minutes=45)
    )
    return list(stuck.values_list("pk", flat=True)), len(keys)


def _check_rights(user, sheet: Sheet, query: dict, is_active: bool = True) -> None:
    if not is_active or not user.is_active or not sheet.may(user, query):
        raise ExportRefused(_("This list is not yours to take along."))
