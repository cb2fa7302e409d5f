"""One customer in the published night: the seven P, the night before for comparison, names for ids."""

from dataclasses import dataclass, field

from customers.models import Customer, ProfileField, Publication, Standing
from customers.models import Product as ProductRecord
from performance.models import CustomerAnalysis, Fit, Night, Rollup
from performance.sentences import bits


@dataclass(frozen=True)
class Analysed:
    """What the strip and its explanations are made of. `before` is None in a customer's first night."""

    customer: Customer
    night: Night
    row: CustomerAnalysis
    rollup: Rollup
    months: list[int]  # known month-average assets, fen, oldest first
    before: CustomerAnalysis | None = None
    missing: list[ProfileField] = field(default_factory=list)  # heaviest first
    products: dict[int, ProductRecord] = field(default_factory=dict)

    @property
    def as_of(self):
        return self.night.business_date


def analysis_of(customer: Customer, published: Publication | None = None) -> Analysed | None:
    """Return the published analysis of `customer`, or None where no night holds him yet (eight queries).

    `published` spares one of them where the caller knows it.
    """
    published = published or Publication.objects.first()
    if published is None:
        return None
    night = Night.objects.get(pk=published.night_id)
    shown = [night.pk, night.previous_id] if night.previous_id else [night.pk]
    rows = {
        row.night_id: row
        for row in CustomerAnalysis.objects.filter(night_id__in=shown, customer_id=customer.pk)
    }
    rollup = Rollup.objects.of(night.pk).filter(customer_id=customer.pk).first()
    if night.pk not in rows or rollup is None:
        return None
    row = rows[night.pk]
    named = {number for number in (row.product_product_id, row.product_because_id) if number}
    return Analysed(
        customer=customer,
        night=night,
        row=row,
        rollup=rollup,
        months=_months(night, customer),
        before=rows.get(night.previous_id),
        missing=_missing(night, row),
        products=ProductRecord.objects.in_bulk(named) if named else {},
    )


def _months(night: Night, customer: Customer) -> list[int]:
    found = Standing.objects.filter(night_id=night.pk, customer_id=customer.pk).values_list(
        "months", flat=True
    )
    return [amount for amount in (found.first() or []) if amount is not None]


def _missing(night: Night, row: CustomerAnalysis) -> list[ProfileField]:
    if not row.profiling_missing:
        return []
    content = Fit.objects.filter(night=night, kind="fields").values_list("content", flat=True).first() or []
    codes = [content[position]["code"] for position in bits(row.profiling_missing) if position < len(content)]
    fields = {found.code: found for found in ProfileField.objects.filter(code__in=codes)}
    return [fields[code] for code in codes if code in fields]
