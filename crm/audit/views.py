"""The auditor's search: who read, revealed, exported, signed in or changed what, and when."""

from datetime import datetime, time, timedelta

from django import forms
from django.core.exceptions import PermissionDenied
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from crm import audit
from crm.audit.models import AuditRecord
from crm.audit.recording import ACTS
from crm.history.models import Change
from crm.history.tracking import rules
from crm.history.views import page_of, with_people
from crm.history.words import told_changes
from crm.http import render_page

CHANGES = "change"


class SearchForm(forms.Form):
    """Empty fields narrow nothing; a day that is no day is said beside its field."""

    show = forms.ChoiceField(
        choices=[("acts", gettext_lazy("Acts")), (CHANGES, gettext_lazy("Changes"))], required=False
    )
    person = forms.CharField(label=gettext_lazy("Staff number"), max_length=150, required=False)
    customer = forms.CharField(label=gettext_lazy("Customer number"), max_length=20, required=False)
    act = forms.ChoiceField(label=gettext_lazy("Act"), required=False)
    since = forms.DateField(
        label=gettext_lazy("First day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["act"].choices = [("", _("all")), *ACTS.items()]
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"


@require_safe
def search(request):
    """Acts, or with `show=change` changes; by person, customer, act and days. Looking is itself recorded."""
    if not request.user.sees_whole_bank:
        raise PermissionDenied
    form = SearchForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    showing = wanted.get("show") or "acts"
    rows = found_changes(wanted) if showing == CHANGES else found_acts(wanted)
    listed, pages = page_of(request, rows, order=f"audit:{showing}")
    named = {name: str(value) for name, value in wanted.items() if value and name != "show"}
    if named:
        audit.record(request, "audit_search", detail={"show": showing, **named}, own=False)
    context = {
        "form": form,
        "views": _views(request, showing),
        "showing": showing,
        "changes": with_people(told_changes(listed)) if showing == CHANGES else [],
        "acts": [{"row": row, "act": ACTS.get(row.act, row.act)} for row in listed]
        if showing != CHANGES
        else [],
        **pages,
    }
    return render_page(request, "audit/search.html", "audit/_found.html", context)


def found_acts(wanted: dict):
    """The acts that fit, unordered."""
    rows = _between(AuditRecord.objects.all(), wanted)
    for name, field in (("person", "staff_number"), ("customer", "customer_number"), ("act", "act")):
        if wanted.get(name):
            rows = rows.filter(**{field: wanted[name]})
    return rows


def found_changes(wanted: dict):
    """The changes that fit, unordered."""
    rows = _between(Change.objects.all(), wanted)
    if wanted.get("person"):
        rows = rows.filter(actor=wanted["person"])
    if wanted.get("customer"):
        customers = rules()["customers.customer"].model.objects.filter(number=wanted["customer"])
        rows = rows.filter(customer_id__in=customers.values("pk"))
    return rows


def _between(rows, wanted: dict):
    if wanted.get("since"):
        rows = rows.filter(at__gte=make_aware(datetime.combine(wanted["since"], time())))
    if wanted.get("until"):
        rows = rows.filter(at__lt=make_aware(datetime.combine(wanted["until"] + timedelta(days=1), time())))
    return rows


def _views(request, showing):
    query = request.GET.copy()
    for name in ("after", "before", "act"):
        query.pop(name, None)
    made = []
    for code, label in (("acts", _("Reads and acts")), (CHANGES, _("Changes"))):
        query["show"] = code
        made.append({"label": label, "url": f"?{query.urlencode()}", "is_current": code == showing})
    return made
