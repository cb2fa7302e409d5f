"""The auditor's search: who read, revealed, exported, signed in or changed what, and when."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm import audit
from crm.audit.exports import SHEET_OF
from crm.audit.search import ACTS_LIST, CHANGES_LIST, CONDITIONS, SearchForm, found_acts, found_changes
from crm.audit.words import told_acts
from crm.history.views import page_of
from crm.history.words import told_changes
from crm.http import render_page


@require_safe
def search(request):
    """Acts, or with `show=change` changes; by person, customer, act, kind and days. Looking is recorded."""
    if not request.user.sees_whole_bank:
        raise PermissionDenied
    form = SearchForm(request.GET)
    showing, wanted = form.showing, form.conditions
    rows = found_changes(wanted) if showing == CHANGES_LIST else found_acts(wanted)
    listed, pages = page_of(request, rows, order=f"audit:{showing}")
    if wanted:
        named = {name: str(value) for name, value in wanted.items()}
        audit.record(request, "audit_search", detail={"show": showing, **named}, own=False)
    context = {
        "form": form,
        "conditions": [form[name] for name in CONDITIONS[showing]],
        "views": _views(request, showing),
        "showing": showing,
        "sheet": SHEET_OF[showing],
        "changes": told_changes(listed) if showing == CHANGES_LIST else [],
        "acts": told_acts(listed) if showing == ACTS_LIST else [],
        "clear_url": f"?show={showing}" if wanted else "",
        **pages,
    }
    return render_page(request, "audit/search.html", "audit/_found.html", context)


def _views(request, showing):
    query = request.GET.copy()
    for name in ("after", "before", "act", "kind"):
        query.pop(name, None)
    made = []
    for code, label in ((ACTS_LIST, _("Reads and acts")), (CHANGES_LIST, _("Changes"))):
        query["show"] = code
        made.append({"label": label, "url": f"?{query.urlencode()}", "is_current": code == showing})
    return made
