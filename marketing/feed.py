"""What the feed brings for marketing: segments, campaigns, invitations, opportunities (docs/feed.md)."""

from crm.feed.kinds import Code, Date, Money, Reference, Text
from crm.feed.records import Check, Column, RecordType
from customers.choices import Channel
from customers.feed.references import CUSTOMER, PRODUCT
from managers.feed import MANAGER
from marketing.choices import Arm, Stage

_SEGMENT = Reference(
    "segments", "(SELECT code AS key, id FROM marketing_segment)", staged="code", called="segment"
)
_CAMPAIGN = Reference(
    "campaigns", "(SELECT code AS key, id FROM marketing_campaign)", staged="code", called="campaign"
)

SEGMENTS = RecordType(
    name="segments",
    table="marketing_segment",
    columns=(Column("code", Text(30), required=True), Column("name", Text(80), required=True)),
    key=("code",),
    enter=(
        """INSERT INTO marketing_segment (code, name, rule) SELECT r.code, r.name, '{}' FROM {rows} AS r
        ON CONFLICT (code) DO UPDATE SET name = excluded.name""",
    ),
)

CAMPAIGNS = RecordType(
    name="campaigns",
    table="marketing_campaign",
    columns=(
        Column("code", Text(30), required=True),
        Column("name", Text(80), required=True),
        Column("segment", _SEGMENT),
        Column("product", PRODUCT),
        Column("starts_on", Date(), required=True),
        Column("ends_on", Date(), required=True),
        Column("goal", Text(200)),
    ),
    key=("code",),
    checks=(Check("ends_on", "r.ends_on < r.starts_on", "is before starts_on"),),
    enter=(
        """INSERT INTO marketing_campaign
            (code, name, segment_id, product_id, starts_on, ends_on, goal, script)
        SELECT r.code, r.name, r.segment_id, r.product_id, r.starts_on, r.ends_on, coalesce(r.goal, ''), ''
        FROM {rows} AS r
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, segment_id = excluded.segment_id,
            product_id = excluded.product_id, starts_on = excluded.starts_on, ends_on = excluded.ends_on,
            goal = excluded.goal""",
    ),
)

INVITATIONS = RecordType(
    name="invitations",
    table="marketing_invitation",
    columns=(
        Column("campaign", _CAMPAIGN, required=True),
        Column("customer", CUSTOMER, required=True),
        Column("arm", Code.of(Arm), required=True),
        Column("channel", Code.of(Channel)),
        Column("invited_on", Date(), required=True),
        Column("responded_on", Date()),
        Column("value", Money(signed=True), target="value_fen", default="0"),
    ),
    key=("campaign", "customer"),
    checks=(
        Check(
            "channel",
            "(r.arm = 'treatment') <> (r.channel IS NOT NULL)",
            "must be given for the treatment arm, and for it alone",
        ),
        Check("responded_on", "r.responded_on < r.invited_on", "is before invited_on"),
    ),
)

OPPORTUNITIES = RecordType(
    name="opportunities",
    table="marketing_opportunity",
    columns=(
        Column("ref", Text(40), required=True),
        Column("customer", CUSTOMER, required=True),
        Column("manager", MANAGER, required=True),
        Column("product", PRODUCT, required=True),
        Column("stage", Code.of(Stage), required=True),
        Column("amount", Money(), required=True, target="amount_fen"),
        Column("opened_on", Date(), required=True),
        Column("stage_since", Date(), required=True),
        Column("expected_on", Date()),
        Column("closed_on", Date()),
        Column("loss_reason", Text(120), default="''"),
    ),
    key=("ref",),
    checks=(
        Check("stage_since", "r.stage_since < r.opened_on", "is before opened_on"),
        Check("closed_on", "r.closed_on < r.opened_on", "is before opened_on"),
        Check(
            "closed_on",
            "(r.stage IN ('won', 'lost')) <> (r.closed_on IS NOT NULL)",
            "must be given for won and lost ones, and for them alone",
        ),
    ),
)

RECORDS = (SEGMENTS, CAMPAIGNS, INVITATIONS, OPPORTUNITIES)
