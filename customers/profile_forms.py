"""Forms of the profile: one fact, or one part of the identity, with where it comes from."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers import rules
from customers.choices import FactSource, IdDocument, IdentityPart
from customers.formats import document_fault, mobile_fault

AMOUNT = re.compile(r"(\d[\d,]*(?:\.\d+)?)(万|亿)?元?")
UNITS = {"": 1, "万": 10_000, "亿": 100_000_000}
MOST = Decimal(10) ** 13  # yuan; more is a slip of the finger
PERSONAL_DOCUMENTS = [choice for choice in IdDocument if choice != IdDocument.USCC]


def read_amount(text: str) -> Decimal:
    """Return yuan from what people write: 120000, 120,000, 12 万, 1.3亿. ValueError with a sentence."""
    match = AMOUNT.fullmatch(re.sub(r"\s|约", "", text))
    if match is None:
        raise ValueError(_("Write an amount in yuan: 120000, 12 万 or 1.3 亿"))
    try:
        yuan = Decimal(match[1].replace(",", "")) * UNITS[match[2] or ""]
    except InvalidOperation as error:
        raise ValueError(_("Write an amount in yuan: 120000, 12 万 or 1.3 亿")) from error
    if not 0 < yuan < MOST:
        raise ValueError(_("The amount lies above 0 and below 10,000,000,000,000 yuan"))
    return yuan


def written_amount(yuan: Decimal) -> str:
    """The one form that is stored of a told amount: "12 万", "1.3 亿", "8,000 元"."""
    for unit in ("亿", "万"):
        if yuan >= UNITS[unit]:
            return f"{(yuan / UNITS[unit]).normalize():f} {unit}"
    return f"{yuan.normalize():,f} 元"


class _Dated(forms.Form):
    """What facts and parts of the identity share: source, checked or not, what one saw before."""

    source = forms.ChoiceField(
        label=gettext_lazy("Source"),
        choices=FactSource.choices,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    is_verified = forms.BooleanField(
        label=gettext_lazy("I have verified it today"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    expires_on = forms.DateField(
        label=gettext_lazy("Valid until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    seen = forms.CharField(max_length=20, widget=forms.HiddenInput)

    def __init__(self, *args, as_of: date, **kwargs):
        self.as_of = as_of
        super().__init__(*args, **kwargs)
        self.fields["expires_on"].widget.attrs["min"] = as_of.isoformat()

    def clean_expires_on(self):
        day = self.cleaned_data["expires_on"]
        if day and day < self.as_of:
            raise forms.ValidationError(_("This would have expired already: choose today or a later day"))
        if day and day.year > self.as_of.year + 60:
            raise forms.ValidationError(_("This lies more than sixty years ahead: look at the year again"))
        return day

    def values(self) -> dict:
        """What the service takes, from a form that is valid."""
        return dict(self.cleaned_data)


class FactForm(_Dated):
    """One fact of one field; the field's rules say how it is entered."""

    def __init__(self, *args, field, current="", **kwargs):
        super().__init__(*args, **kwargs)
        self.told = rules.field(field.code)
        label = _("Value")
        if self.told["entry"] == "choice":
            options = list(self.told["options"])
            options += [current] if current and current not in options else []
            value = forms.ChoiceField(
                label=label,
                choices=[("", "—"), *((option, option) for option in options)],
                widget=forms.Select(attrs={"class": "form-select"}),
            )
        else:
            widget = forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"})
            value = forms.CharField(label=label, max_length=200, widget=widget)
            if self.told["entry"] == "amount":
                value.help_text = _("In yuan: 120000, 12 万 or 1.3 亿")
        value.widget.attrs["autofocus"] = True
        self.fields = {"value": value, **self.fields}

    def clean_value(self):
        value = self.cleaned_data["value"].strip()
        if self.told["entry"] != "amount":
            return value
        try:
            return written_amount(read_amount(value))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class IdentityForm(_Dated):
    """One part of the identity. What is stored is not shown; an empty field leaves it as it is."""

    def __init__(self, *args, part, customer, has_value, **kwargs):
        super().__init__(*args, **kwargs)
        self.part, self.customer, self.has_value = part, customer, has_value
        attrs = {"class": "form-control", "autocomplete": "off", "autofocus": True}
        value = forms.CharField(
            label=IdentityPart(part).label.capitalize(),
            required=not has_value,
            max_length=200 if part == IdentityPart.ADDRESS else 30,
            widget=forms.TextInput(attrs=attrs),
        )
        if has_value:
            value.help_text = _("Leave empty to keep what is stored")
        own = {"value": value}
        if part == IdentityPart.DOCUMENT:
            kinds = PERSONAL_DOCUMENTS if customer.is_person else [IdDocument.USCC, IdDocument.OTHER]
            own["document"] = forms.ChoiceField(
                label=_("Kind of document"),
                choices=[(kind.value, kind.label) for kind in kinds],
                widget=forms.Select(attrs={"class": "form-select"}),
            )
        else:
            del self.fields["expires_on"]
        self.fields = {**own, **self.fields}

    def clean(self):
        cleaned = super().clean()
        value = cleaned.get("value", "")
        fault = ""
        if value and self.part == IdentityPart.MOBILE:
            fault = mobile_fault(value)
        elif value and self.part == IdentityPart.DOCUMENT:
            fault = document_fault(cleaned.get("document", ""), value, as_of=self.as_of)
        if fault:
            self.add_error("value", fault)
        return cleaned
