"""Products, accounts and loans."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from crm.look import figures
from crm.records import ReadOnlyRecord, Record, customer_number, yuan
from customers.admin.people import last_four
from customers.models import Account, LoanState, Product


class FoundByAccount:
    """The search also finds a whole account number, by its keyed hash."""

    account_hash = "number_hash"

    def get_search_results(self, request, queryset, search_term):
        found, doubles = super().get_search_results(request, queryset, search_term)
        words = search_term.strip()
        return (found | queryset.filter(**{self.account_hash: words}) if words else found), doubles


@admin.register(Product)
class ProductAdmin(Record):
    list_display = [
        "code",
        "name",
        "family",
        "risk",
        "on_sale",
        "rate",
        "transfer_price",
        "margin",
        "term_months",
    ]
    list_filter = ["family", "risk", "on_sale"]
    search_fields = ["=code", "name"]
    margin = yuan("margin_fen", _("yearly margin"))

    @admin.display(description=_("rate"), ordering="rate_e5")
    def rate(self, product):
        return figures.rate(product.rate_e5)

    @admin.display(description=_("transfer price"), ordering="ftp_e5")
    def transfer_price(self, product):
        return figures.rate(product.ftp_e5)

    def get_readonly_fields(self, request, obj=None):
        """The ledger carries the family: it cannot change under it."""
        return ["code", "family"] if obj else []


@admin.register(Account)
class AccountAdmin(FoundByAccount, ReadOnlyRecord):
    list_display = [
        "last_four",
        "holder",
        "product",
        "branch",
        "opened_on",
        "matures_on",
        "closed_on",
        "principal",
    ]
    list_select_related = ["customer", "product", "branch"]
    search_fields = ["=customer__number"]
    search_help_text = _("A whole account number or customer number.")
    fields = [
        "last_four",
        "customer",
        "product",
        "branch",
        ("opened_on", "matures_on", "closed_on"),
        "principal",
    ]
    last_four = last_four
    holder = customer_number
    principal = yuan("principal_fen", _("principal or limit"))


@admin.register(LoanState)
class LoanStateAdmin(FoundByAccount, ReadOnlyRecord):
    account_hash = "account__number_hash"
    list_display = ["account", "holder", "date", "loan_class", "overdue_days", "overdue", "due", "received"]
    list_filter = ["loan_class"]
    list_select_related = ["account", "customer"]
    search_fields = ["=customer__number"]
    search_help_text = _("A whole account number or customer number.")
    holder = customer_number
    overdue = yuan("overdue_fen", _("overdue"))
    due = yuan("interest_due_fen", _("interest due"))
    received = yuan("interest_received_fen", _("interest received"))
