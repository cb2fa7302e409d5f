"""Forms of the records: log a contact in twenty seconds, by keyboard alone."""

import re
import uuid
from datetime import date, datetime, time, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.look import dates
from customers.choices import CONTACT_CHANNELS, Channel, Outcome, Purpose

# 18 characters of an identity number or 11 of a mobile number, with the usual spaces and hyphens left out
SECRET = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?!\d)")
OTHER, NONE = "other", "none"
SEPARATORS = re.compile(r"(?<=\d)[\s\-](?=\d)")


class ContactForm(forms.Form):
    """One contact: channel, purpose, result, what was said, and when next, or why not."""

    ref = forms.CharField(max_length=40, widget=forms.HiddenInput)
    task = forms.UUIDField(required=False, widget=forms.HiddenInput)
    channel = forms.TypedChoiceField(
        label=gettext_lazy("Channel"),
        coerce=int,
        choices=[(channel.value, channel.label) for channel in CONTACT_CHANNELS],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose the channel: keys 1 to 8")},
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"),
        choices=Purpose.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what the contact was about")},
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("Result"),
        choices=Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how it ended")},
    )
    note = forms.CharField(
        label=gettext_lazy("What was said"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
    )
    keep_note = forms.BooleanField(
        label=gettext_lazy("It is no identity or mobile number: save as it is"), required=False
    )
    happened_on = forms.DateField(
        label=gettext_lazy("Day of the contact"),
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    when = forms.ChoiceField(
        label=gettext_lazy("Next contact"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Say when you will be in touch again, or why not")},
    )
    next_date = forms.DateField(
        label=gettext_lazy("Date of the next contact"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    no_next_reason = forms.CharField(
        label=gettext_lazy("No next contact, because"), required=False, max_length=120
    )
    next_step = forms.CharField(
        label=gettext_lazy("Promised to the customer"), required=False, max_length=120
    )
    confidential = forms.BooleanField(
        label=gettext_lazy("Only my supervisor and I may read it"), required=False
    )

    def __init__(self, *args, as_of, now=None, matures_on=None, **kwargs):
        """`as_of` is today; `now` the moment of saving, for a contact that was today.

        `matures_on`: the customer's next maturity, whose eve is offered as a next date.
        """
        self.as_of, self.now = as_of, now
        super().__init__(*args, **kwargs)
        self.fields["when"].choices = [
            *((day.isoformat(), words) for day, words in next_days(as_of, matures_on)),
            (OTHER, _("Choose a date")),
            (NONE, _("None, because…")),
        ]
        for name in ("next_step", "no_next_reason"):
            self.fields[name].widget.attrs["class"] = "form-control"
        for name in ("confidential", "keep_note"):
            self.fields[name].widget.attrs["class"] = "form-check-input"
        self.fields["happened_on"].widget.attrs["max"] = as_of.isoformat()
        self.fields["next_date"].widget.attrs["min"] = as_of.isoformat()

    @staticmethod
    def blank(as_of, *, purpose="", task=None) -> dict:
        """What an empty form starts with; `ref` makes a second sending of it harmless."""
        return {
            "ref": f"web-{uuid.uuid4().hex}",
            "task": task.public_id if task else None,
            "channel": Channel.PHONE.value,
            "purpose": purpose or Purpose.MAINTENANCE.value,
            "outcome": Outcome.REACHED.value,
            "happened_on": as_of,
            "when": next_days(as_of)[0][0].isoformat(),
        }

    def clean_happened_on(self):
        day = self.cleaned_data["happened_on"]
        if day > self.as_of:
            raise forms.ValidationError(
                _("A contact cannot lie in the future: it is logged when it has happened")
            )
        if (self.as_of - day).days > 31:
            raise forms.ValidationError(
                _("A contact is logged within 31 days; ask your supervisor for older ones")
            )
        return day

    def clean_next_date(self):
        day = self.cleaned_data["next_date"]
        if day and day < self.as_of:
            raise forms.ValidationError(_("The next contact is today or later"))
        if day and (day - self.as_of).days > 730:
            raise forms.ValidationError(_("The next contact is within two years"))
        return day

    def clean(self):
        cleaned = super().clean()
        when = cleaned.get("when")
        if when == OTHER and not cleaned.get("next_date") and "next_date" not in self.errors:
            self.add_error("next_date", _("Choose the date of the next contact"))
        if when == NONE and not cleaned.get("no_next_reason"):
            self.add_error("no_next_reason", _("Say in a few words why there is no next contact"))
        # the choice decides: what stands in a field that is not shown does not count
        if when and when != OTHER:
            cleaned["next_date"] = None if when == NONE else date.fromisoformat(when)
        if when != NONE:
            cleaned["no_next_reason"] = ""
        if holds_secret(cleaned.get("note", "")) and not cleaned.get("keep_note"):
            self.add_error(
                "note", _("This looks like an identity or mobile number: take it out, or tick the box below")
            )
        return cleaned

    @property
    def asks_about_note(self) -> bool:
        """Whether the box that lets a number stand is shown."""
        return self.is_bound and holds_secret(self.data.get("note", ""))

    def values(self) -> dict:
        """What log_contact takes, from a form that is valid."""
        cleaned = self.cleaned_data
        return {
            name: cleaned[name]
            for name in (
                "ref",
                "channel",
                "purpose",
                "outcome",
                "note",
                "confidential",
                "next_date",
                "next_step",
                "no_next_reason",
            )
        } | {"happened_at": self._happened_at(cleaned["happened_on"])}

    def _happened_at(self, day):
        """Now for today; noon for an earlier day, whose hour nobody asks for."""
        if day == self.as_of and self.now is not None:
            return self.now
        return timezone.make_aware(datetime.combine(day, time(12)))


def next_days(as_of: date, matures_on: date | None = None) -> list[tuple[date, str]]:
    """The dates offered, with their words: tomorrow, Friday, in a week, in a month, before a maturity."""
    tomorrow = _workday(as_of + timedelta(days=1))
    friday = as_of + timedelta(days=(4 - as_of.weekday()) % 7 or 7)
    offered = {
        tomorrow: _("Tomorrow") if (tomorrow - as_of).days == 1 else dates.day(tomorrow),
        friday: _("Friday %(date)s") % {"date": dates.day(friday)},
    }
    for days in (7, 30):
        day = _workday(as_of + timedelta(days=days))
        offered.setdefault(day, dates.day(day))
    if matures_on and as_of < matures_on <= as_of + timedelta(days=90):
        eve = matures_on - timedelta(days=1)
        if eve > as_of:
            offered[eve] = _("%(date)s, the day before maturity") % {"date": dates.day(eve)}
    return sorted(offered.items())


def _workday(day):
    """A Saturday or Sunday moves to Monday."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() > 4 else day


def holds_secret(text: str) -> bool:
    """Whether `text` holds something shaped like an identity number or a mobile number."""
    return bool(SECRET.search(text) or SECRET.search(SEPARATORS.sub("", text)))
