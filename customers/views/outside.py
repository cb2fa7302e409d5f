"""Holdings at other banks as told: note one, correct it, end it."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import audit
from crm.http import go_to, is_fragment, render_page, toast
from crm.look import figures
from customers.choices import FactSource
from customers.context_processors import current_publication
from customers.models import OutsideHolding, Standing
from customers.profile_forms import written_amount
from customers.relation_forms import OutsideForm
from customers.selectors.outside import wallet_of
from customers.services.facts import ChangedMeanwhile
from customers.services.relations import RelationRefused, end_outside, outside_version, write_outside
from customers.views.access import manager_of, visible_customer, writing_manager


@require_safe
def outside(request, public_id):
    """What is told of other banks, and our share of the wallet: a part of the customer's page."""
    customer = visible_customer(request.user, public_id)
    if not is_fragment(request):
        audit.record(request, "read", subject=customer, own=False)
    published = current_publication(request)
    aum = Standing.objects.filter(night_id=published.night_id if published else 0, customer=customer)
    context = {
        "customer": customer,
        "wallet": wallet_of(customer, aum.values_list("aum_fen", flat=True).first(), timezone.localdate()),
        "may_write": manager_of(request.user) is not None,
    }
    return render_page(request, "customers/outside.html", "customers/_outside.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def write(request, public_id, holding=None):
    """Note a holding elsewhere, or what is told of it now."""
    customer = visible_customer(request.user, public_id)
    writing_manager(request.user)
    rows = OutsideHolding.objects.filter(customer=customer, ended_on=None)
    row = get_object_or_404(rows, public_id=holding) if holding else None
    as_of = timezone.localdate()
    if request.method != "POST":
        return _page(request, customer, OutsideForm(initial=_initial(row), as_of=as_of))
    form = OutsideForm(request.POST, as_of=as_of)
    if not form.is_valid():
        return _page(request, customer, form, status=422)
    try:
        write_outside(customer, row, by=request.user, as_of=as_of, **form.values())
    except RelationRefused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, customer, form, status=422)
    except ChangedMeanwhile as meanwhile:
        return _page(request, customer, _again(form, meanwhile), status=422)
    toast(request, _("Saved: %(name)s") % {"name": customer.name})
    return go_to(request, "customers:detail", customer.public_id)


@require_POST
def outside_end(request, public_id, holding):
    """The customer has it no more."""
    customer = visible_customer(request.user, public_id)
    writing_manager(request.user)
    if not end_outside(customer, holding, as_of=timezone.localdate()):
        raise Http404
    toast(request, _("Taken out; the history keeps it"))
    return go_to(request, "customers:detail", customer.public_id)


def _initial(row):
    if row is None:
        return {"seen": outside_version(None), "source": FactSource.CUSTOMER}
    told = {name: getattr(row, name) for name in ("bank", "kind", "matures_on", "source")}
    return told | {"amount": written_amount(figures.to_yuan(row.amount_fen)), "seen": outside_version(row)}


def _again(form, meanwhile):
    """The form as it was typed, with what stands there now: saved again it writes over that."""
    form.data = form.data.copy()
    form.data["seen"] = meanwhile.version
    now = meanwhile.current
    form.add_error(
        None,
        _("Not saved: meanwhile it reads %(bank)s %(amount)s. Yours is below; save again to write over it.")
        % {"bank": now.bank, "amount": figures.short_money(now.amount_fen)}
        if now
        else _("Not saved: it was taken out meanwhile. Yours is below."),
    )
    return form


def _page(request, customer, form, status=None):
    context = {
        "customer": customer,
        "form": form,
        "title": _("At another bank"),
        "action": request.path,
    }
    return render_page(
        request, "customers/small_form.html", "customers/_small_form.html", context, status=status
    )
