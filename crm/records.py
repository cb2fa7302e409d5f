"""How records stand in the administrators' site: rights in the class, bounded counts, masks.

A record of money or of history is looked at, never edited here: corrections come through the feed or
through a page that keeps its rule. Each class says what may be added or changed; nothing may be deleted
unless it says so.
"""

from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget
from django.contrib.postgres.fields import DateRangeField
from django.contrib.postgres.forms import RangeWidget
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from crm.approvals import services as approvals
from crm.look import figures, masks

COUNTED = 1000  # how many rows a list counts at most: a count over a whole ledger would take minutes


class CappedPaginator(Paginator):
    """Counts no further than COUNTED rows; a longer list is narrowed by search, not paged through."""

    @cached_property
    def count(self):
        return min(self.object_list[: COUNTED + 1].count(), COUNTED)


class Rights:
    """Rights follow from the site's door and from three flags of the class."""

    may_add = may_change = may_delete = False

    def _is_open(self, request):
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request):
        return self._is_open(request)

    def has_view_permission(self, request, obj=None):
        return self._is_open(request)

    def has_add_permission(self, request, obj=None):
        return self.may_add and self._is_open(request)

    def has_change_permission(self, request, obj=None):
        return self.may_change and self._is_open(request)

    def has_delete_permission(self, request, obj=None):
        return self.may_delete and self._is_open(request)


class ReadOnlyRecord(Rights, admin.ModelAdmin):
    """Looked at only. Parameters that Django's admin would stumble over are refused or left out."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 50

    def to_field_allowed(self, request, to_field):
        """A field that does not exist is not allowed; Django would raise."""
        try:
            return super().to_field_allowed(request, to_field)
        except FieldDoesNotExist:
            return False

    def get_changeform_initial_data(self, request):
        """What the address fills in, without values that a column of the model cannot take."""
        found = super().get_changeform_initial_data(request)
        return {name: value for name, value in found.items() if self._may_hold(name, value)}

    def _may_hold(self, name, value) -> bool:
        try:
            self.model._meta.get_field(name).to_python(value)
        except (FieldDoesNotExist, ValidationError, ValueError, OverflowError):
            return False
        return True


class Record(ReadOnlyRecord):
    """The bank's own settings: added and changed here, with Django's log of who did it."""

    may_add = may_change = True
    formfield_overrides = {
        DateRangeField: {
            "widget": RangeWidget(AdminDateWidget),
            "help_text": _("The first day, and the day after the last (empty: no end)."),
        }
    }


class ReadOnlyInline(Rights, admin.TabularInline):
    """Rows under a record, looked at only."""

    extra = 0
    show_change_link = True


class RecordInline(ReadOnlyInline):
    may_add = may_change = True


class AskingForm(forms.ModelForm):
    """What is entered becomes a request for a second person; what could never be done is said beside it.

    `kind` is the code of the approval's kind, `payload()` what it is asked with.
    """

    kind = ""
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Whoever decides reads it. Leave personal data out."),
    )

    def payload(self) -> dict:
        raise NotImplementedError

    def _post_clean(self):
        super()._post_clean()
        if not self.errors:
            try:
                approvals.check(self.kind, self.payload())
            except approvals.Refused as refusal:
                self.add_error(None, str(refusal))


class AskedRecord(Record):
    """Nothing is saved here: what was entered waits for a second person (crm.approvals)."""

    def ask(self, request, form):
        """Write the request down; `form` is a valid AskingForm."""
        raise NotImplementedError

    def save_model(self, request, obj, form, change):
        try:
            self.ask(request, form)
        except approvals.Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.warning(request, _("This waits for a second person; nothing has changed yet."))

    def save_related(self, request, form, formsets, change):
        """Nothing was saved that others could hang on."""

    def log_addition(self, request, obj, message):
        """Not added yet: the approval is the record."""

    def log_change(self, request, obj, message):
        """Not changed yet: the approval is the record."""

    def response_add(self, request, obj, post_url_continue=None):
        return redirect("approvals:mine")

    def response_change(self, request, obj):
        return redirect("approvals:mine")


def yuan(field: str, label):
    """A column of exact yuan for a fen field."""

    @admin.display(description=label, ordering=field)
    def column(_self, row):
        return figures.exact_yuan(getattr(row, field))

    return column


def masked(field: str, label, mask=masks.mask_id):
    """A column that shows the mask of a class C2 field (security.md), never the value."""

    @admin.display(description=label)
    def column(_self, row):
        return masks.hidden(mask(getattr(row, field))) or "—"

    return column


def span(field: str, label):
    """A column for a half-open range of days: first and last day, or an open end."""

    @admin.display(description=label, ordering=field)
    def column(_self, row):
        days = getattr(row, field)
        if days is None:
            return "—"
        last = "" if days.upper is None else f"{days.upper - timedelta(days=1)}"
        return f"{days.lower or ''} – {last}"

    return column


@admin.display(description=_("customer"))
def customer_number(_self, row):
    """The customer by number: the name is class C2 and has no place in a list of records."""
    return row.customer.number
