"""Forms of assignment, hand-over and leaving: they check words and days; the services hold the rules."""

from decimal import Decimal

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.subtree import within
from customers.choices import HandoverReason
from managers.models import Manager

ACTS = [
    ("assign", gettext_lazy("Assign")),
    ("return", gettext_lazy("To the pool")),
    ("custody", gettext_lazy("Temporary custody")),
]


def day_field(label, **extra):
    widget = forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **extra)


def reason_field(**extra):
    return forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        widget=forms.TextInput(attrs={"class": "form-control", "maxlength": 200}),
        **extra,
    )


class AssignForm(forms.Form):
    """What is to become of the chosen customers: a lead with or without co, the pool, or custody."""

    act = forms.ChoiceField(label=gettext_lazy("What"), choices=ACTS, widget=forms.RadioSelect)
    manager = forms.ModelChoiceField(
        label=gettext_lazy("Manager"),
        queryset=Manager.objects.none(),
        to_field_name="public_id",
        required=False,
    )
    co = forms.ModelChoiceField(
        label=gettext_lazy("Co-manager"),
        queryset=Manager.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label=gettext_lazy("none"),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    co_percent = forms.IntegerField(
        label=gettext_lazy("Share of the co-manager, %"),
        min_value=1,
        max_value=99,
        initial=30,
        required=False,
        widget=forms.NumberInput(attrs={"class": "form-control", "min": 1, "max": 99}),
    )
    from_date = day_field(gettext_lazy("From"))
    to_date = day_field(gettext_lazy("Until (first day without)"), required=False)
    reason = reason_field()

    def __init__(self, *args, managers, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("manager", "co"):
            self.fields[name].queryset = managers
            self.fields[name].label_from_instance = lambda manager: str(manager)

    def offer(self, managers):
        """Show only these as co-managers; whoever serves may be named all the same."""
        keys = [manager.pk for manager in managers]
        self.fields["co"].queryset = self.fields["co"].queryset.filter(pk__in=keys)

    def clean(self):
        told = super().clean()
        act, manager, co = told.get("act"), told.get("manager"), told.get("co")
        if act in ("assign", "custody") and manager is None and "manager" not in self.errors:
            self.add_error("manager", _("Choose the manager."))
        if act == "custody" and told.get("to_date") is None and "to_date" not in self.errors:
            self.add_error("to_date", _("Say when the custody ends."))
        if manager and manager == co:
            self.add_error("co", _("Lead and co-manager must be two different managers."))
        return told

    @property
    def co_terms(self) -> dict:
        """{co, co_share} for the service; {} without a co-manager."""
        co = self.cleaned_data.get("co")
        percent = self.cleaned_data.get("co_percent") or 30
        return {"co": co, "co_share": Decimal(percent) / 100} if co else {}


class HandoverForm(forms.Form):
    """The terms of a hand-over; its customers are ticked beside it."""

    receiver = forms.ModelChoiceField(
        label=gettext_lazy("Receiver"), queryset=Manager.objects.none(), to_field_name="public_id"
    )
    witness = forms.ModelChoiceField(
        label=gettext_lazy("Witness"), queryset=None, to_field_name="public_id", required=False
    )
    effective_on = day_field(gettext_lazy("Takes effect on"))
    reason = forms.ChoiceField(
        label=gettext_lazy("Why"),
        choices=HandoverReason.choices,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    with_balance = forms.BooleanField(label=gettext_lazy("The balance moves too"), required=False)
    brief = forms.CharField(
        label=gettext_lazy("Brief"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
    )
    scope = forms.ChoiceField(choices=[("ticked", ""), ("all", "")], required=False)

    def __init__(self, *args, managers, witnesses, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["receiver"].queryset = managers
        self.fields["receiver"].widget.attrs["class"] = "form-select"
        self.fields["witness"].queryset = witnesses
        self.fields["witness"].widget.attrs["class"] = "form-select"

    def offer(self, path: str):
        """Show only receivers under the branch `path`; whoever serves may be named all the same."""
        rows = self.fields["receiver"].queryset
        near = within(path, "branch__path")
        chosen = getattr(self, "cleaned_data", {}).get("receiver")
        self.fields["receiver"].queryset = rows.filter(near | Q(pk=chosen.pk) if chosen else near)


class LeaverForm(forms.Form):
    """When somebody leaves, and why."""

    last_day_off = day_field(gettext_lazy("First day without him"))
    reason = reason_field()
