"""The brief before a visit, for the printer: one A4."""

from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm import audit
from crm.look import dates
from customers.context_processors import current_publication
from customers.models import Customer
from performance.selectors.brief import assets_then_and_now, brief_of


@require_safe
def brief(request, public_id):
    """Who, worth, changes since the last contact, promises, dates, risks, suggestions, preferences."""
    rows = Customer.objects.visible_to(request.user).defer("name_bigrams")
    customer = get_object_or_404(
        rows.select_related("identity", "branch", "lead__user", "co__user"), public_id=public_id
    )
    audit.record(request, "read", subject=customer, own=False, detail={"what": "brief"})
    as_of = timezone.localdate()
    made = brief_of(customer, request.user, published=current_publication(request), as_of=as_of)
    context = {
        "customer": customer,
        "brief": made,
        "assets": assets_then_and_now(made.analysed, made.since),
        "aum_fen": made.analysed.rollup.aum if made.analysed else None,
        "eva_fen": made.analysed.row.profitability_eva_fen if made.analysed else None,
        "churn": made.analysed.row.persistency_churn if made.analysed else None,
        "since": dates.full_day(made.since) if made.since else _("no contact yet"),
        "as_of": as_of,
    }
    return render(request, "performance/brief.html", context)
