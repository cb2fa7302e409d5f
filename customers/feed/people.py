"""Customers, what is known of them, relations and groups."""

from crm.feed.kinds import Boolean, Code, Date, Number, Reference, Text
from crm.feed.records import STAGING, Check, Column, LateCheck, RecordType, same_within
from customers.choices import (
    AmlLevel,
    CustomerKind,
    FactSource,
    GroupKind,
    GroupRole,
    IdDocument,
    Industry,
    Lifecycle,
    RelationshipKind,
    RiskAppetite,
)
from customers.feed.references import CUSTOMER
from customers.feed.sealing import seal_identities, stage_identities
from customers.formats import document_faults
from customers.names import initials, sound
from managers.feed import BRANCH, STAFF

_FIELD = Reference(
    "fields", "(SELECT code AS key, id FROM customers_profilefield)", staged="code", called="profile field"
)


def prepare(connection) -> None:
    """Stage what Python computes of the customers before anything is entered."""
    stage_sounds(connection)
    stage_identities(connection)


def stage_sounds(connection) -> None:
    """Put the pinyin initials and the sound of every staged name beside it, in batches."""
    connection.execute(
        f"CREATE UNLOGGED TABLE {STAGING}.sounds (name text, is_person boolean, initials text, sound text)"
    )
    with connection.transaction(), connection.cursor(name="feed_names") as names, connection.cursor() as into:
        names.itersize = 5000
        names.execute(f"SELECT DISTINCT name, kind = 'person' FROM {STAGING}.customers")
        while batch := names.fetchmany(5000):
            with into.copy(f"COPY {STAGING}.sounds FROM STDIN") as copy:
                for name, is_person in batch:
                    heard = initials(name, is_person=is_person)[:120], sound(name, is_person=is_person)
                    copy.write_row((name, is_person, *heard))
    connection.execute(f"ANALYZE {STAGING}.sounds")


FIELDS = RecordType(
    name="fields",
    table="customers_profilefield",
    columns=(
        Column("code", Text(30), required=True),
        Column("name", Text(60), required=True),
        Column("name_en", Text(60), required=True),
        Column("weight", Number(1, 1000), required=True),
        Column("for_persons", Boolean(), required=True),
        Column("for_organisations", Boolean(), required=True),
        Column("valid_months", Number(0, 1200)),
    ),
    key=("code",),
)

CUSTOMERS = RecordType(
    name="customers",
    table="customers_customer",
    columns=(
        Column("number", Text(20), required=True),
        Column("kind", Code.of(CustomerKind), required=True),
        Column("name", Text(120), required=True, private="name"),
        Column("branch", BRANCH, required=True),
        Column("since", Date(), required=True),
        Column("closed_on", Date()),
        Column("born_on", Date(), private=True),
        Column("gender", Code(("m", "f"))),
        Column("risk", Code.of(RiskAppetite)),
        Column("risk_tested_on", Date()),
        Column("aml_level", Code.of(AmlLevel), required=True),
        Column("industry", Code.of(Industry)),
        Column("lifecycle", Code.of(Lifecycle)),
        Column("marketing_consent", Boolean(), required=True),
        Column("profiling_consent", Boolean(), required=True),
        Column("document", Code.of(IdDocument)),
        Column("document_number", Text(30), private="id"),
        Column("document_expires_on", Date()),
        Column("mobile", Text(20), private="mobile"),
        Column("address", Text(200), private="address"),
    ),
    key=("number",),
    checks=(
        Check("closed_on", "r.closed_on < r.since", "is before since"),
        Check(
            "document",
            "r.document_number IS NOT NULL AND r.document IS NULL",
            "is compulsory beside a document_number",
        ),
    ),
    scan=(("document", "document_number", "mobile"), document_faults),
    prepare=prepare,
    late_checks=(
        LateCheck(
            "document_number",
            f"""SELECT row_no, 'the document is also that of row ' || first AS reason FROM (
                SELECT n.row_no, first_value(n.row_no) OVER w AS first
                FROM {STAGING}.identities AS n WHERE n.document_hash IS NOT NULL
                WINDOW w AS (PARTITION BY n.document, n.document_hash ORDER BY n.row_no)
            ) AS k WHERE row_no > first""",
        ),
        LateCheck(
            "document_number",
            f"""SELECT n.row_no,
                'the document belongs to customer ' || c.number || ' already' AS reason
            FROM {STAGING}.identities AS n
            JOIN {STAGING}.customers AS r ON r.row_no = n.row_no
            JOIN customers_customeridentity AS i
              ON i.document = n.document AND i.document_hash = n.document_hash
            JOIN customers_customer AS c ON c.id = i.customer_id AND c.number <> r.number
            WHERE NOT EXISTS (SELECT FROM {STAGING}.customers AS s WHERE s.number = c.number)""",
        ),
    ),
    enter=(
        """INSERT INTO customers_customer
            (number, kind, name, initials, sound, branch_id, branch_path, tier, lifecycle, risk,
             risk_tested_on, aml_level, industry, born_on, gender, marketing_consent, profiling_consent,
             since, closed_on)
        SELECT r.number, r.kind, r.name, i.initials, i.sound, r.branch_id, r.branch_path, 'basic',
            coalesce(r.lifecycle, c.lifecycle, 'new'), r.risk, r.risk_tested_on, r.aml_level, r.industry,
            r.born_on, r.gender, r.marketing_consent, r.profiling_consent, r.since, r.closed_on
        FROM {rows} AS r
        JOIN feed_staging.sounds AS i ON i.name = r.name AND i.is_person = (r.kind = 'person')
        LEFT JOIN customers_customer AS c ON c.number = r.number
        ON CONFLICT (number) DO UPDATE SET kind = excluded.kind, name = excluded.name,
            initials = excluded.initials, sound = excluded.sound, branch_id = excluded.branch_id,
            branch_path = excluded.branch_path,
            lifecycle = excluded.lifecycle, risk = excluded.risk, risk_tested_on = excluded.risk_tested_on,
            aml_level = excluded.aml_level, industry = excluded.industry, born_on = excluded.born_on,
            gender = excluded.gender, marketing_consent = excluded.marketing_consent,
            profiling_consent = excluded.profiling_consent, since = excluded.since,
            closed_on = excluded.closed_on
        WHERE NOT EXISTS (SELECT FROM customers_customeridentity AS e
                          WHERE e.customer_id = customers_customer.id AND e.erased_on IS NOT NULL)""",
        # documents that change hands inside one folder must not meet halfway
        """UPDATE customers_customeridentity AS i SET document_number = NULL, document_hash = NULL
        FROM {rows} AS r JOIN customers_customer AS c ON c.number = r.number
        LEFT JOIN feed_staging.identities AS n ON n.row_no = r.row_no
        WHERE i.customer_id = c.id AND i.document_number IS NOT NULL
        AND (i.document, i.document_hash) IS DISTINCT FROM (n.document, n.document_hash)""",
        seal_identities,
        """INSERT INTO customers_customeridentity AS i (customer_id, wrapped_key, document, document_number,
            document_hash, document_expires_on, mobile, mobile_hash, mobile_tail_hash, address)
        SELECT s.customer_id, s.wrapped_key, n.document, s.document_number, s.document_hash,
            n.document_expires_on, s.mobile, s.mobile_hash, s.mobile_tail_hash, s.address
        FROM feed_staging.sealed_identities AS s
        JOIN customers_customer AS c ON c.id = s.customer_id JOIN {rows} AS n ON n.number = c.number
        ON CONFLICT (customer_id) DO UPDATE SET document = excluded.document,
            document_number = excluded.document_number, document_hash = excluded.document_hash,
            document_expires_on = excluded.document_expires_on, mobile = excluded.mobile,
            mobile_hash = excluded.mobile_hash, mobile_tail_hash = excluded.mobile_tail_hash,
            address = excluded.address,
            wrapped_key = excluded.wrapped_key
        WHERE (i.document, i.document_number, i.document_expires_on, i.mobile, i.address, i.wrapped_key)
            IS DISTINCT FROM (excluded.document, excluded.document_number, excluded.document_expires_on,
                excluded.mobile, excluded.address, excluded.wrapped_key)""",
    ),
)

FACTS = RecordType(
    name="facts",
    table="customers_profilefact",
    columns=(
        Column("customer", CUSTOMER, required=True),
        Column("field", _FIELD, required=True),
        Column("noted_on", Date(), required=True),
        Column("value", Text(200), required=True, private=True),
        Column("source", Code.of(FactSource), required=True),
        Column("verified_on", Date()),
        Column("verified_by", STAFF),
        Column("expires_on", Date()),
    ),
    key=("customer", "field", "noted_on"),
    checks=(Check("expires_on", "r.expires_on < r.noted_on", "is before noted_on"),),
)

RELATIONSHIPS = RecordType(
    name="relationships",
    table="customers_relationship",
    columns=(
        Column("subject", CUSTOMER, required=True),
        Column("object", CUSTOMER, required=True),
        Column("kind", Code.of(RelationshipKind), required=True),
        Column("since", Date()),
        Column("until", Date()),
    ),
    key=("subject", "object", "kind"),
    checks=(
        Check("object", "r.subject = r.object", "is the subject himself"),
        Check("until", "r.until < r.since", "is before since"),
    ),
)

GROUPS = RecordType(
    name="groups",
    table="customers_groupmembership",
    columns=(
        Column("group", Text(30), required=True),
        Column("customer", CUSTOMER, required=True),
        Column("name", Text(80), required=True),
        Column("kind", Code.of(GroupKind), required=True),
        Column("role", Code.of(GroupRole)),
    ),
    key=("group", "customer"),
    late_checks=(
        same_within("groups", "group", ("name", "kind")),
        LateCheck(
            "role",
            f"""SELECT row_no, 'the group has a head already, in row ' || first AS reason FROM (
                SELECT row_no, first_value(row_no) OVER w AS first FROM {STAGING}.groups
                WHERE role = 'head' WINDOW w AS (PARTITION BY "group" ORDER BY row_no)
            ) AS h WHERE row_no > first""",
        ),
    ),
    enter=(
        """INSERT INTO customers_customergroup (code, name, kind)
        SELECT DISTINCT r."group", r.name, r.kind FROM {rows} AS r
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind""",
        # the old head steps back before the new one comes: a group has one
        """UPDATE customers_groupmembership AS m SET role = 'member'
        FROM {rows} AS r JOIN customers_customergroup AS g ON g.code = r."group"
        WHERE r.role = 'head' AND m.group_id = g.id AND m.role = 'head' AND m.customer_id <> r.customer_id""",
        """INSERT INTO customers_groupmembership AS m (group_id, customer_id, role)
        SELECT g.id, r.customer_id, coalesce(r.role, e.role, 'member')
        FROM {rows} AS r JOIN customers_customergroup AS g ON g.code = r."group"
        LEFT JOIN customers_groupmembership AS e ON e.group_id = g.id AND e.customer_id = r.customer_id
        ON CONFLICT (group_id, customer_id) DO UPDATE SET role = excluded.role
        WHERE m.role <> excluded.role""",
        """UPDATE customers_customergroup AS g SET size = m.members FROM (
            SELECT group_id, count(*) AS members FROM customers_groupmembership GROUP BY group_id
        ) AS m WHERE m.group_id = g.id AND m.members <> g.size""",
    ),
)
