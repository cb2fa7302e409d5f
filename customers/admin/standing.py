"""What a night wrote of a customer: the published night's row, read only."""

from django.contrib import admin
from django.db import connection
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from crm.records import ReadOnlyRecord, customer_number, yuan
from customers.models import Customer, Publication, Standing


def published_night() -> int | None:
    return Publication.objects.values_list("night_id", flat=True).first()


class NightRowAdmin(ReadOnlyRecord):
    """Rows of a table partitioned by night, shown for the published night alone."""

    list_select_related = ["customer"]
    search_fields = ["=customer__number"]
    search_help_text = _("The whole customer number.")
    fields = ["customer", "night_id", "columns"]
    number = customer_number

    def get_queryset(self, request):
        return super().get_queryset(request).filter(night_id=published_night() or 0)

    def get_search_results(self, request, queryset, search_term):
        if not search_term:
            return queryset, False
        customers = list(Customer.objects.filter(number=search_term.strip()).values_list("pk", flat=True))
        return queryset.filter(customer_id__in=customers), False

    @admin.display(description=_("all columns"))
    def columns(self, row):
        """Every column of the row as the database holds it: the table has more than Django knows."""
        table = connection.ops.quote_name(self.model._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT j.key, j.value FROM {table} AS t, jsonb_each_text(to_jsonb(t)) AS j "
                "WHERE t.night_id = %s AND t.customer_id = %s ORDER BY j.key",
                [row.night_id, row.customer_id],
            )
            pairs = cursor.fetchall()
        return format_html_join(
            "", "<div><b>{}</b> {}</div>", ((k, "—" if v is None else v) for k, v in pairs)
        )


@admin.register(Standing)
class StandingAdmin(NightRowAdmin):
    list_display = ["number", "tier", "assets", "deposits", "loans", "churn_bp", "loyalty", "overdue_days"]
    list_filter = ["tier"]
    assets = yuan("aum_fen", _("assets"))
    deposits = yuan("deposit_fen", _("deposits"))
    loans = yuan("loan_fen", _("loans"))


@admin.register(Publication)
class PublicationAdmin(ReadOnlyRecord):
    list_display = ["business_date", "night_id", "published_at"]
