"""The form of a prospect: what one knows after the first meeting, no more."""

from datetime import date

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.choices import CustomerKind, Industry
from customers.formats import document_fault, mobile_fault

TEXT = {"class": "form-control", "autocomplete": "off"}


class ProspectForm(forms.Form):
    """Kind and name; what else is known. `is_another` answers the question about customers alike."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=CustomerKind.choices,
        initial=CustomerKind.PERSON,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        min_length=2,
        max_length=120,
        widget=forms.TextInput(attrs=TEXT | {"autofocus": True}),
    )
    mobile = forms.CharField(
        label=gettext_lazy("Mobile"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs=TEXT | {"inputmode": "tel"}),
    )
    code = forms.CharField(
        label=gettext_lazy("Unified social credit code"),
        help_text=gettext_lazy("Of organisations"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs=TEXT),
    )
    born_on = forms.DateField(
        label=gettext_lazy("Born or founded on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    industry = forms.ChoiceField(
        label=gettext_lazy("Industry"),
        required=False,
        choices=[("", "—"), *Industry.choices],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    address = forms.CharField(
        label=gettext_lazy("Address"), required=False, max_length=200, widget=forms.TextInput(attrs=TEXT)
    )
    is_another = forms.BooleanField(
        label=gettext_lazy("None of these: add the prospect"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(self, *args, as_of: date, **kwargs):
        self.as_of = as_of
        super().__init__(*args, **kwargs)

    def clean_mobile(self):
        mobile = self.cleaned_data["mobile"]
        if mobile and (fault := mobile_fault(mobile)):
            raise forms.ValidationError(fault)
        return mobile

    def clean_born_on(self):
        day = self.cleaned_data["born_on"]
        if day and not date(1850, 1, 1) <= day <= self.as_of:
            raise forms.ValidationError(_("A day between 1850 and today"))
        return day

    def clean(self):
        cleaned = super().clean()
        is_person = cleaned.get("kind") == CustomerKind.PERSON
        if cleaned.get("code") and is_person:
            self.add_error("code", _("A person has no such code: leave it empty, or change the kind"))
        elif cleaned.get("code") and (fault := document_fault("uscc", cleaned["code"], as_of=self.as_of)):
            self.add_error("code", fault)
        return cleaned

    def values(self) -> dict:
        """What add_prospect takes, from a form that is valid."""
        return {name: value for name, value in self.cleaned_data.items() if name != "is_another"}
