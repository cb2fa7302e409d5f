"""Forms of tasks: set one oneself, and put one off to a day with a reason."""

from datetime import timedelta

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.forms import holds_secret
from customers.services.tasks import MOST_DAYS

DATE = {"type": "date", "class": "form-control"}
FURTHEST = 730


class _DayForm(forms.Form):
    """A form about a day, `as_of` being today; a day off moves on afterwards."""

    def __init__(self, *args, as_of, **kwargs):
        self.as_of = as_of
        super().__init__(*args, **kwargs)

    def _free_text(self, name):
        text = " ".join(self.cleaned_data[name].split())
        if holds_secret(text):
            raise forms.ValidationError(_("This looks like an identity or mobile number: take it out"))
        return text


class TaskForm(_DayForm):
    text = forms.CharField(
        label=gettext_lazy("What is to be done"),
        max_length=120,
        widget=forms.TextInput(attrs={"class": "form-control", "autofocus": True}),
    )
    due_on = forms.DateField(
        label=gettext_lazy("By when"), widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d")
    )

    def clean_text(self):
        return self._free_text("text")

    def clean_due_on(self):
        day = self.cleaned_data["due_on"]
        if not self.as_of <= day <= self.as_of + timedelta(days=FURTHEST):
            raise forms.ValidationError(_("A task is due today or later, within two years"))
        return day


class SnoozeForm(_DayForm):
    until = forms.DateField(
        label=gettext_lazy("Put off until"),
        widget=forms.DateInput(attrs=DATE | {"autofocus": True}, format="%Y-%m-%d"),
    )
    why = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=120,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    def clean_why(self):
        return self._free_text("why")

    def clean_until(self):
        day = self.cleaned_data["until"]
        if not self.as_of < day <= self.as_of + timedelta(days=MOST_DAYS):
            said = _("Put off until a day after today, within %(days)s days")
            raise forms.ValidationError(said % {"days": MOST_DAYS})
        return day
