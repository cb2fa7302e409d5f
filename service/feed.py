"""What the feed brings for service: requests, complaints, surveys, post-loan checks (docs/feed.md)."""

from crm.feed.kinds import Boolean, Code, Date, Number, Text, Timestamp
from crm.feed.records import Check, Column, LateCheck, RecordType
from customers.feed.holdings import LOAN_FAMILIES
from customers.feed.references import ACCOUNT, CUSTOMER
from managers.feed import MANAGER
from service.choices import (
    CheckResult,
    ComplaintBusiness,
    ComplaintCause,
    ComplaintSource,
    Department,
    RequestState,
    SurveyKind,
)

REQUESTS = RecordType(
    name="requests",
    table="service_servicerequest",
    columns=(
        Column("number", Text(30), required=True),
        Column("customer", CUSTOMER, required=True),
        Column("manager", MANAGER),
        Column("kind", Text(60), required=True),
        Column("department", Code.of(Department), required=True),
        Column("state", Code.of(RequestState), required=True),
        Column("opened_at", Timestamp(), required=True),
        Column("first_response_at", Timestamp()),
        Column("due_at", Timestamp(), required=True),
        Column("closed_at", Timestamp()),
    ),
    key=("number",),
    checks=(
        Check("first_response_at", "r.first_response_at < r.opened_at", "is before opened_at"),
        Check("due_at", "r.due_at < r.opened_at", "is before opened_at"),
        Check("closed_at", "r.closed_at < r.opened_at", "is before opened_at"),
        Check(
            "closed_at",
            "(r.state IN ('done', 'refused')) <> (r.closed_at IS NOT NULL)",
            "must be given for done and refused requests, and for them alone",
        ),
    ),
)

COMPLAINTS = RecordType(
    name="complaints",
    table="service_complaint",
    columns=(
        Column("number", Text(30), required=True),
        Column("customer", CUSTOMER, required=True),
        Column("manager", MANAGER),
        Column("source", Code.of(ComplaintSource), required=True),
        Column("cause", Code.of(ComplaintCause), required=True),
        Column("business", Code.of(ComplaintBusiness), required=True),
        Column("received_on", Date(), required=True),
        Column("due_on", Date(), required=True),
        Column("closed_on", Date()),
        Column("at_fault", Boolean()),
    ),
    key=("number",),
    checks=(
        Check("due_on", "r.due_on < r.received_on", "is before received_on"),
        Check("closed_on", "r.closed_on < r.received_on", "is before received_on"),
        Check("manager", "r.at_fault AND r.manager IS NULL", "is compulsory where at_fault is 1"),
    ),
)

SURVEYS = RecordType(
    name="surveys",
    table="service_survey",
    columns=(
        Column("ref", Text(40), required=True),
        Column("customer", CUSTOMER, required=True),
        Column("manager", MANAGER, required=True),
        Column("kind", Code.of(SurveyKind), required=True),
        Column("sent_on", Date(), required=True),
        Column("answered_on", Date()),
        Column("score", Number(0, 10)),
    ),
    key=("ref",),
    checks=(
        Check("answered_on", "r.answered_on < r.sent_on", "is before sent_on"),
        Check("score", "(r.answered_on IS NULL) <> (r.score IS NULL)", "and answered_on come together"),
        Check("score", "r.kind = 'csat' AND r.score NOT BETWEEN 1 AND 5", "is not 1 to 5, as csat is"),
    ),
)

CHECKS = RecordType(
    name="checks",
    table="service_postloancheck",
    columns=(
        Column("ref", Text(40), required=True),
        Column("account", ACCOUNT, required=True, private="account"),
        Column("due_on", Date(), required=True),
        Column("done_on", Date()),
        Column("result", Code.of(CheckResult)),
        Column("note", Text(4000), default="''", private=True),
    ),
    key=("ref",),
    constants={"customer_id": "r.account_customer_id"},
    checks=(Check("result", "(r.done_on IS NULL) <> (r.result IS NULL)", "and done_on come together"),),
    late_checks=(
        LateCheck(
            "account",
            f"""SELECT r.row_no, 'is no loan' AS reason FROM {{rows}} AS r
            WHERE r.account_family NOT IN {LOAN_FAMILIES}""",
        ),
    ),
)

RECORDS = (REQUESTS, COMPLAINTS, SURVEYS, CHECKS)
