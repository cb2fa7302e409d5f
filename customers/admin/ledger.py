"""The ledger: read only and one customer at a time, because a row is found by customer and date alone."""

from datetime import date

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from crm.look import figures
from crm.records import ReadOnlyRecord, customer_number, yuan
from customers.models import Customer, DailyBalance, Rebuild, Transaction

CUSTOMER = "customer__id__exact"


class LedgerChangeList(ChangeList):
    def url_for_result(self, row):
        """A row's address carries customer and date: `<customer>-<yyyymmdd>-<id>`."""
        day = getattr(row, self.model_admin.day_field)
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(name, args=[f"{row.customer_id}-{day:%Y%m%d}-{row.pk}"])


class LedgerAdmin(ReadOnlyRecord):
    """Lists nothing until a customer is named, by link from his record or by his number."""

    day_field = ""
    search_fields = ["=customer__number"]
    search_help_text = _("The whole customer number: the ledger is read one customer at a time.")
    number = customer_number

    @admin.display(description=_("account"))
    def holding(self, row):
        url = reverse("admin:customers_account_change", args=[row.account_id])
        return format_html('<a href="{}">{}</a>', url, row.account)

    @admin.display(description=_("branch"))
    def place(self, row):
        return row.branch.name

    def get_changelist(self, request, **kwargs):
        return LedgerChangeList

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows if request.GET.get(CUSTOMER) or request.GET.get("q") else rows.none()

    def get_search_results(self, request, queryset, search_term):
        """Resolve the customer first, so that one hash partition is read and not sixteen."""
        if not search_term:
            return queryset, False
        customers = list(Customer.objects.filter(number=search_term.strip()).values_list("pk", flat=True))
        return queryset.filter(customer_id__in=customers), False

    def get_object(self, request, object_id, from_field=None):
        """Find a row by `<customer>-<yyyymmdd>-<id>`; anything else does not exist."""
        try:
            customer, day, row = object_id.split("-")
            booked = date(int(day[:4]), int(day[4:6]), int(day[6:8]))
            found = self.model.objects.filter(
                customer_id=int(customer), **{self.day_field: booked}, pk=int(row)
            )
        except ValueError:
            return None
        return found.select_related("customer", "account").first()

    def changelist_view(self, request, extra_context=None):
        if not (request.GET.get(CUSTOMER) or request.GET.get("q")):
            messages.info(
                request, _("Search a customer number, or open the ledger from a customer's record.")
            )
        return super().changelist_view(request, extra_context)


@admin.register(Transaction)
class TransactionAdmin(LedgerAdmin):
    day_field = "booked_on"
    list_display = ["booked_on", "number", "holding", "kind", "channel", "family", "amount", "place"]
    list_filter = ["kind", "channel", "family"]
    list_select_related = ["customer", "account", "branch"]
    ordering = ["-booked_on", "-id"]
    fields = [
        "number",
        "holding",
        "place",
        "booked_on",
        ("kind", "channel", "family"),
        "amount",
        "load_id",
    ]
    amount = yuan("amount_fen", _("amount"))


@admin.register(DailyBalance)
class DailyBalanceAdmin(LedgerAdmin):
    day_field = "date"
    list_display = ["date", "number", "holding", "family", "amount", "rate", "transfer_price"]
    list_filter = ["family"]
    list_select_related = ["customer", "account"]
    ordering = ["-date", "-id"]
    fields = [
        "number",
        "holding",
        "date",
        "family",
        "amount",
        ("rate", "transfer_price"),
        ("pd_bp", "lgd_pct"),
        "load_id",
    ]
    amount = yuan("amount_fen", _("balance"))

    @admin.display(description=_("rate"))
    def rate(self, row):
        return figures.rate(row.rate_e5)

    @admin.display(description=_("transfer price"))
    def transfer_price(self, row):
        return figures.rate(row.ftp_e5)


@admin.register(Rebuild)
class RebuildAdmin(ReadOnlyRecord):
    list_display = ["customer", "since", "load_id", "done_by_night"]
    list_select_related = ["customer"]
    search_fields = ["=customer__number"]
