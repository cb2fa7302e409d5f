"""Asking for a file, the list of one's files, and the file."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from crm.approvals.models import Approval
from crm.export import services
from crm.export.files import TYPES
from crm.export.models import Export, ExportState
from crm.export.registry import sheets
from crm.http import go_to, render_page, toast
from crm.navigation import forget_counts
from crm.signin import recently_authenticated

LISTED = 50


@require_http_methods(["GET", "HEAD", "POST"])
@recently_authenticated
def ask(request, what):
    """What the file will hold, and the form that asks for it; the filter stands in the address."""
    sheet = sheets().get(what)
    if sheet is None:
        raise Http404
    query, as_of = sheet.clean(request.GET), timezone.localdate()
    if not sheet.may(request.user, query):
        raise PermissionDenied
    context = {"sheet": sheet, "query": query, "alone": settings.EXPORT_ALONE_ROWS}
    if request.method == "POST":
        form, reason = request.POST.get("form", ""), request.POST.get("reason", "")
        try:
            made = services.start(request.user, what, request.GET, form, reason=reason, as_of=as_of)
        except services.ExportRefused as refusal:
            context |= {"fault": str(refusal), "reason": reason, "form": form}
        else:
            return _made(request, made)
    rows = sheet.count(request.user, query, as_of)
    context |= {
        "rows": rows,
        "is_large": rows > settings.EXPORT_ALONE_ROWS,
        "title": sheet.title(query),
        "hours": settings.EXPORT_HOURS,
        "masked": [str(column.label) for column in sheet.columns if column.data_class not in ("", "name")],
    }
    return render(request, "exports/ask.html", context, status=422 if "fault" in context else None)


@require_safe
def files(request):
    """The reader's files, the newest first; while one is being written the list looks again by itself."""
    rows = list(Export.objects.filter(user=request.user).defer("subjects")[:LISTED])
    for row in rows:
        sheet = sheets().get(row.what)
        row.title = sheet.title(row.query) if sheet else row.what
        row.percent = min(99, row.rows * 100 // row.expected) if row.expected else 0
    is_live = any(row.state in (ExportState.WAITING, ExportState.RUNNING) for row in rows)
    context = {"rows": rows, "is_live": is_live, "now": timezone.now()}
    return render_page(request, "exports/files.html", "exports/_files.html", context)


@require_safe
@recently_authenticated
def download(request, public_id):
    """The bytes, to the owner alone; the audit row is committed before the first of them."""
    export = get_object_or_404(Export, public_id=public_id, user=request.user)
    try:
        file = services.open_file(request, export)
    except services.ExportRefused as refusal:
        messages.error(request, str(refusal))
        return go_to(request, "exports:list")
    name = f"{export.what.replace('.', '-')}-{timezone.localtime(export.asked_at):%Y%m%d-%H%M}.{export.form}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[export.form])


def _made(request, made):
    forget_counts(request.user)
    if isinstance(made, Approval):
        toast(request, _("Your request waits for a second person"))
        return go_to(request, "approvals:mine")
    if made.state == ExportState.FAILED:
        messages.error(request, made.fault)
    return go_to(request, "exports:list")
