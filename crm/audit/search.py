"""What the auditor searches by: the form, and the acts and changes that fit it."""

from datetime import datetime, time, timedelta

from django import forms
from django.utils.text import capfirst
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.audit.models import AuditRecord
from crm.audit.recording import ACTS
from crm.history.models import Change
from crm.history.tracking import CUSTOMER, rules

ACTS_LIST, CHANGES_LIST = "acts", "change"
# Which conditions each list has.
CONDITIONS = {
    ACTS_LIST: ("person", "customer", "act", "since", "until"),
    CHANGES_LIST: ("person", "customer", "kind", "since", "until"),
}


class SearchForm(forms.Form):
    """Empty fields narrow nothing; a day that is no day is said beside its field."""

    show = forms.ChoiceField(
        choices=[(ACTS_LIST, gettext_lazy("Acts")), (CHANGES_LIST, gettext_lazy("Changes"))], required=False
    )
    person = forms.CharField(label=gettext_lazy("Staff number"), max_length=150, required=False)
    customer = forms.CharField(label=gettext_lazy("Customer number"), max_length=20, required=False)
    act = forms.ChoiceField(label=gettext_lazy("Act"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind of record"), required=False)
    since = forms.DateField(
        label=gettext_lazy("First day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["act"].choices = [("", _("all")), *ACTS.items()]
        kinds = ((rule.table, str(capfirst(rule.model._meta.verbose_name))) for rule in rules().values())
        self.fields["kind"].choices = [("", _("all")), *sorted(kinds, key=lambda kind: kind[1])]
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"

    def clean(self):
        """The days must follow each other."""
        told = super().clean()
        if told.get("since") and told.get("until") and told["since"] > told["until"]:
            self.add_error("until", _("The last day lies before the first."))
        return told

    @property
    def showing(self) -> str:
        return self.wanted.get("show") or ACTS_LIST

    @property
    def wanted(self) -> dict:
        """The conditions that are whole: name → value."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def conditions(self) -> dict:
        """Those of the list that is shown."""
        return {name: value for name, value in self.wanted.items() if name in CONDITIONS[self.showing]}


def found_acts(wanted: dict):
    """The acts that fit, unordered."""
    rows = _between(AuditRecord.objects.all(), wanted)
    for name, field in (("person", "staff_number"), ("customer", "customer_number"), ("act", "act")):
        if wanted.get(name):
            rows = rows.filter(**{field: wanted[name]})
    return rows


def found_changes(wanted: dict):
    """The changes that fit, unordered, each with its context."""
    rows = _between(Change.objects.select_related("context"), wanted)
    for name, field in (("person", "actor"), ("kind", "source")):
        if wanted.get(name):
            rows = rows.filter(**{field: wanted[name]})
    if wanted.get("customer"):
        customers = rules()[CUSTOMER].model.objects.filter(number=wanted["customer"])
        rows = rows.filter(customer_id__in=customers.values("pk"))
    return rows


def _between(rows, wanted: dict):
    if wanted.get("since"):
        rows = rows.filter(at__gte=make_aware(datetime.combine(wanted["since"], time())))
    if wanted.get("until"):
        rows = rows.filter(at__lt=make_aware(datetime.combine(wanted["until"] + timedelta(days=1), time())))
    return rows
