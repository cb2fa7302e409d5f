"""What the feed brings for performance: plans (docs/feed.md)."""

from crm.feed.kinds import Money, Text
from crm.feed.records import Column, RecordType
from customers.feed.references import CUSTOMER

PLANS = RecordType(
    name="plans",
    table="performance_plan",
    columns=(
        Column("customer", CUSTOMER, required=True),
        Column("period", Text(6, r"^[12][0-9]{3}Q[1-4]$", "a quarter like 2026Q2"), required=True),
        Column("eva", Money(signed=True), target="eva_fen", default="0"),
        Column("deposit", Money(signed=True), target="deposit_fen", default="0"),
        Column("deposit_base", Money(signed=True), target="deposit_base_fen", default="0"),
        Column("fee", Money(signed=True), target="fee_fen", default="0"),
    ),
    key=("customer", "period"),
)

RECORDS = (PLANS,)
