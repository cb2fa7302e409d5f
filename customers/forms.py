"""Forms of the records: log a contact in twenty seconds, by keyboard alone."""

import re
import uuid
from datetime import date, datetime, time, timedelta

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.look import dates
from customers.choices import CONTACT_CHANNELS, Channel, FeedbackKind, Outcome, Purpose, Repeat
from managers.workdays import WEEK, WorkCalendar, next_step

# 18 characters of an identity number or 11 of a mobile number, with the usual spaces and hyphens left out
SECRET = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?!\d)")
OTHER, NONE = "other", "none"
FREE_TEXTS = ("note", "attendees", "next_step", "feedback_text")
# What the form shows only when asked for: nobody needs it in the twenty seconds after a call.
MORE = ("happened_on", "attendees", "repeat", "feedback_kind", "feedback_text", "confidential")
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
    attendees = forms.CharField(label=gettext_lazy("Who else was there"), required=False, max_length=200)
    repeat = forms.ChoiceField(
        label=gettext_lazy("Call again by habit"),
        required=False,
        choices=[("", gettext_lazy("no habit")), *Repeat.choices],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    feedback_kind = forms.ChoiceField(
        label=gettext_lazy("Feedback for the bank"),
        required=False,
        choices=[("", gettext_lazy("none")), *FeedbackKind.choices],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    feedback_text = forms.CharField(
        label=gettext_lazy("What the bank should know"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "class": "form-control"}),
    )
    confidential = forms.BooleanField(
        label=gettext_lazy("Only my supervisor and I may read it"), required=False
    )

    def __init__(
        self,
        *args,
        as_of,
        now=None,
        matures_on=None,
        calendar: WorkCalendar = WEEK,
        habit=None,
        contact=None,
        **kwargs,
    ):
        """`as_of` is today; `now` the moment of saving, for a contact that was today.

        `matures_on`: the customer's next maturity, whose eve is offered as a next date. `calendar`: next
        dates fall on its free days. `habit`: the customer's FollowUp, whose next day is offered first.
        `contact`: the Interaction that is changed; its day is judged by when it was logged.
        """
        self.as_of, self.now, self.calendar, self.habit = as_of, now, calendar, habit
        self.contact = contact
        self.logged_on = timezone.localtime(contact.created_at).date() if contact else as_of
        self.moved_from = None  # the day asked for, where another one was taken
        super().__init__(*args, **kwargs)
        self.offered = next_days(as_of, matures_on, calendar, habit)
        self.fields["when"].choices = [
            *((day.isoformat(), words) for day, words in self.offered),
            (OTHER, _("Choose a date")),
            (NONE, _("None, because…")),
        ]
        for name in ("next_step", "no_next_reason", "attendees"):
            self.fields[name].widget.attrs["class"] = "form-control"
        for name in ("confidential", "keep_note"):
            self.fields[name].widget.attrs["class"] = "form-check-input"
        self.fields["happened_on"].widget.attrs |= {
            "min": self.earliest.isoformat(),
            "max": self.logged_on.isoformat(),
        }
        self.fields["next_date"].widget.attrs["min"] = as_of.isoformat()

    @property
    def earliest(self) -> date:
        """The first day that the contact may have had."""
        return self.logged_on - timedelta(days=settings.CONTACT_BACKDATE_DAYS)

    @property
    def _kept_date(self):
        """The next date that a contact being changed has already."""
        return self.contact.next_date if self.contact else None

    @property
    def shows_more(self) -> bool:
        """Whether the fields that are folded away hold something, or an error."""
        if any(name in self.errors for name in MORE) or "__all__" in self.errors:
            return True
        usual = {"happened_on": self.as_of, "repeat": self.habit.every if self.habit else ""}
        return any(str(self[name].value() or "") != str(usual.get(name, "")) for name in MORE)

    @staticmethod
    def blank(as_of, *, purpose="", task=None, calendar: WorkCalendar = WEEK, habit=None) -> dict:
        """What an empty form starts with; `ref` makes a second sending of it harmless."""
        usual = habit_day(habit, as_of, calendar) or next_days(as_of, None, calendar)[0][0]
        return {
            "repeat": habit.every if habit else "",
            "ref": f"web-{uuid.uuid4().hex}",
            "task": task.public_id if task else None,
            "channel": Channel.PHONE.value,
            "purpose": purpose or Purpose.MAINTENANCE.value,
            "outcome": Outcome.REACHED.value,
            "happened_on": as_of,
            "when": usual.isoformat(),
        }

    @staticmethod
    def of_contact(contact, habit=None) -> dict:
        """What the form of a contact that is there already starts with."""
        names = ("channel", "purpose", "outcome", "note", "attendees", "confidential", "next_date")
        told = {name: getattr(contact, name) for name in (*names, "next_step", "no_next_reason")}
        feedback = {name: getattr(contact, name) for name in ("feedback_kind", "feedback_text")}
        return {
            "ref": contact.ref,
            "happened_on": timezone.localtime(contact.happened_at).date(),
            "when": OTHER if contact.next_date else NONE,
            "repeat": habit.every if habit else "",
            **told,
            **feedback,
        }

    def clean_happened_on(self):
        day = self.cleaned_data["happened_on"]
        if day > self.logged_on:
            raise forms.ValidationError(
                _("A contact cannot lie in the future: it is logged when it has happened")
            )
        if day < self.earliest:
            said = _("A contact is logged within %(days)s days: from %(date)s on. Ask your supervisor.")
            raise forms.ValidationError(
                said % {"days": settings.CONTACT_BACKDATE_DAYS, "date": dates.day(self.earliest, spaced=True)}
            )
        return day

    def clean_next_date(self):
        day = self.cleaned_data["next_date"]
        if day and day < self.as_of and day != self._kept_date:
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
        if when == OTHER:
            self._to_a_free_day(cleaned)
        if cleaned.get("repeat") and when == NONE:
            self.add_error("repeat", _("A habit needs a next date: choose one, or no habit"))
        if bool(cleaned.get("feedback_kind")) != bool(cleaned.get("feedback_text")):
            missing = "feedback_text" if cleaned.get("feedback_kind") else "feedback_kind"
            if missing not in self.errors:
                self.add_error(missing, _("Feedback needs its kind and a sentence"))
        if not cleaned.get("keep_note"):
            for name in FREE_TEXTS:
                if holds_secret(cleaned.get(name, "")):
                    said = _("This looks like an identity or mobile number: take it out, or tick the box")
                    self.add_error(name, said)
        return cleaned

    def _to_a_free_day(self, cleaned):
        """A next date on a day off moves to the next free day; `moved_from` keeps what was asked for."""
        asked = cleaned.get("next_date")
        if asked and asked != self._kept_date and not self.calendar.is_free(asked):
            cleaned["next_date"], self.moved_from = self.calendar.free_day(asked), asked

    @property
    def asks_about_note(self) -> bool:
        """Whether the box that lets a number stand is shown."""
        return self.is_bound and any(holds_secret(self.data.get(name, "")) for name in FREE_TEXTS)

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
                "attendees",
                "confidential",
                "next_date",
                "next_step",
                "no_next_reason",
                "feedback_kind",
                "feedback_text",
            )
        } | {
            "happened_at": self._happened_at(cleaned["happened_on"]),
            # a form that does not ask about the habit leaves it alone
            "repeat": cleaned["repeat"] if "repeat" in self.data else None,
        }

    def _happened_at(self, day):
        """Now for today; noon for an earlier day, whose hour nobody asks for."""
        if self.contact and day == timezone.localtime(self.contact.happened_at).date():
            return self.contact.happened_at
        if day == self.as_of and self.now is not None:
            return self.now
        return timezone.make_aware(datetime.combine(day, time(12)))


def next_days(
    as_of: date, matures_on: date | None = None, calendar: WorkCalendar = WEEK, habit=None
) -> list[tuple[date, str]]:
    """The dates offered, with their words, all on free days of `calendar`: the habit's next day, tomorrow,
    this week's last working day, in a week, in a month, before a maturity."""
    offered = {}
    usual = habit_day(habit, as_of, calendar)
    if usual:
        values = {"date": dates.day(usual), "every": habit.get_every_display()}
        offered[usual] = _("%(date)s, %(every)s") % values
    tomorrow = calendar.free_day(as_of + timedelta(days=1))
    later = f"{dates.weekday(tomorrow)} {dates.day(tomorrow)}"
    offered.setdefault(tomorrow, _("Tomorrow") if (tomorrow - as_of).days == 1 else later)
    friday = as_of + timedelta(days=(4 - as_of.weekday()) % 7 or 7)
    last = calendar.free_day_before(friday)
    if last <= as_of:  # the rest of the week is free of work
        last = calendar.free_day(friday)
    offered.setdefault(last, f"{dates.weekday(last)} {dates.day(last)}")
    for days in (7, 30):
        day = calendar.free_day(as_of + timedelta(days=days))
        offered.setdefault(day, dates.day(day))
    if matures_on and as_of < matures_on <= as_of + timedelta(days=90):
        eve = calendar.free_day_before(matures_on - timedelta(days=1))
        if eve > as_of:
            before = _("%(date)s, the day before maturity")
            if (matures_on - eve).days > 1:
                before = _("%(date)s, the last working day before maturity")
            offered[eve] = before % {"date": dates.day(eve)}
    return sorted(offered.items())


def habit_day(habit, as_of: date, calendar: WorkCalendar) -> date | None:
    """The next day of a customer's habit as counted from its anchor, moved to a free day."""
    return calendar.free_day(next_step(habit.anchor_on, habit.every, as_of)) if habit else None


def holds_secret(text: str) -> bool:
    """Whether `text` holds something shaped like an identity number or a mobile number."""
    return bool(SECRET.search(text) or SECRET.search(SEPARATORS.sub("", text)))
