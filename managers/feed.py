"""What the feed brings for the organisation: branches, staff, calendar, leaves, training (docs/feed.md)."""

from crm.feed.kinds import Boolean, Code, Date, Number, Reference, Text
from crm.feed.records import Check, Column, LateCheck, RecordType, same_within
from managers.choices import AttendanceResult, BranchClass, BranchKind, Grade, LeaveKind, Line, Role

BRANCH = Reference(
    "branches",
    "(SELECT code AS key, id, path FROM managers_branch)",
    staged="code",
    extras=("path",),
    called="branch",
)
STAFF = Reference("staff", "(SELECT username AS key, id FROM managers_user)", called="member of staff")
MANAGER = Reference(
    "staff",
    "(SELECT u.username AS key, m.id FROM managers_manager AS m JOIN managers_user AS u ON u.id = m.user_id)",
    staged_if="role = 'manager'",
    called="manager",
)
CODE = Text(20, r"^[0-9A-Za-z_.-]+$", "a code of at most 20 letters, digits, _ . -")

BRANCHES = RecordType(
    name="branches",
    table="managers_branch",
    columns=(
        Column("code", CODE, required=True),
        Column("name", Text(80), required=True),
        Column("kind", Code.of(BranchKind), required=True),
        Column("class", Code.of(BranchClass), default="'urban'"),
        Column("parent", BRANCH),
        Column("opened_on", Date()),
        Column("closed_on", Date()),
    ),
    key=("code",),
    checks=(
        Check("code", "length(r.code) > 20", "is longer than 20 characters"),
        Check(
            "parent",
            "(r.kind = 'head_office') <> (r.parent IS NULL)",
            "must be empty for the head office and for it alone",
        ),
        Check("closed_on", "r.closed_on < r.opened_on", "is before opened_on"),
    ),
    before=(
        """CREATE TEMP TABLE feed_branches ON COMMIT DROP AS
        SELECT r.*, coalesce(b.id, nextval(pg_get_serial_sequence('managers_branch', 'id'))) AS id
        FROM {rows} AS r LEFT JOIN managers_branch AS b ON b.code = r.code""",
        """CREATE TEMP TABLE feed_tree ON COMMIT DROP AS
        WITH RECURSIVE known AS (
            SELECT code, id, parent FROM feed_branches
            UNION ALL
            SELECT b.code, b.id, p.code FROM managers_branch AS b
            LEFT JOIN managers_branch AS p ON p.id = b.parent_id
            WHERE b.code NOT IN (SELECT code FROM feed_branches)
        ), tree AS (
            SELECT code, id, NULL::bigint AS parent_id, code || '/' AS path FROM known WHERE parent IS NULL
            UNION ALL
            SELECT k.code, k.id, t.id, t.path || k.code || '/'
            FROM known AS k JOIN tree AS t ON t.code = k.parent
        ) SELECT * FROM tree""",
    ),
    late_checks=(
        LateCheck(
            "parent",
            """SELECT row_no, 'never reaches the head office: the parents form a ring' AS reason
            FROM feed_branches WHERE code NOT IN (SELECT code FROM feed_tree)""",
        ),
        LateCheck(
            "parent",
            """SELECT row_no, 'stands too deep: the path is over 120 characters' AS reason
            FROM feed_branches JOIN feed_tree USING (code) WHERE length(path) > 120""",
        ),
    ),
    enter=(
        """INSERT INTO managers_branch
            (id, code, name, kind, branch_class, parent_id, path, opened_on, closed_on)
        SELECT f.id, f.code, f.name, f.kind, coalesce(f.class, 'urban'), t.parent_id, t.path, f.opened_on,
            f.closed_on
        FROM feed_branches AS f JOIN feed_tree AS t USING (code)
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind,
            branch_class = excluded.branch_class, parent_id = excluded.parent_id, path = excluded.path,
            opened_on = excluded.opened_on, closed_on = excluded.closed_on""",
        """UPDATE managers_branch AS b SET path = t.path FROM feed_tree AS t
        WHERE t.id = b.id AND t.path <> b.path""",
    ),
)

STAFF_RECORD = RecordType(
    name="staff",
    table="managers_user",
    columns=(
        Column("number", CODE, required=True),
        Column("name", Text(60), required=True, private=True),
        Column("role", Code.of(Role), required=True),
        Column("branch", BRANCH),
        Column("line", Code.of(Line)),
        Column("grade", Code.of(Grade)),
        Column("capacity", Number(0, 100000)),
        Column("in_post_from", Date()),
        Column("in_post_to", Date()),
    ),
    key=("number",),
    checks=(
        Check("branch", "r.role <> 'admin' AND r.branch IS NULL", "is compulsory except for administrators"),
        Check("branch", "r.role = 'manager' AND r.branch IS NULL", "is compulsory for managers"),
        Check("line", "r.role = 'manager' AND r.line IS NULL", "is compulsory for managers"),
        Check("grade", "r.role = 'manager' AND r.grade IS NULL", "is compulsory for managers"),
        Check("capacity", "r.role = 'manager' AND r.capacity IS NULL", "is compulsory for managers"),
        Check("in_post_from", "r.role = 'manager' AND r.in_post_from IS NULL", "is compulsory for managers"),
        Check("in_post_to", "r.in_post_to <= r.in_post_from", "is not after in_post_from"),
    ),
    enter=(
        # '!' and a random tail: no password fits until an administrator gives one
        """INSERT INTO managers_user
            (username, password, name, role, branch_id, email, is_active, is_staff, is_superuser, date_joined)
        SELECT r.number, '!' || replace(gen_random_uuid()::text, '-', ''), r.name, r.role, r.branch_id, '',
            true, r.role = 'admin', r.role = 'admin', now()
        FROM {rows} AS r
        ON CONFLICT (username) DO UPDATE SET name = excluded.name, role = excluded.role,
            branch_id = excluded.branch_id, is_staff = excluded.is_staff,
            is_superuser = excluded.is_superuser""",
        """INSERT INTO managers_manager (user_id, branch_id, line, grade, capacity, in_post)
        SELECT u.id, r.branch_id, r.line, r.grade, r.capacity, daterange(r.in_post_from, r.in_post_to)
        FROM {rows} AS r JOIN managers_user AS u ON u.username = r.number WHERE r.role = 'manager'
        ON CONFLICT (user_id) DO UPDATE SET branch_id = excluded.branch_id, line = excluded.line,
            grade = excluded.grade, capacity = excluded.capacity, in_post = excluded.in_post""",
    ),
)

CALENDAR = RecordType(
    name="calendar",
    table="managers_calendarday",
    columns=(
        Column("date", Date(), required=True),
        Column("is_working", Boolean(), required=True),
        Column("note", Text(80), default="''"),
    ),
    key=("date",),
)

LEAVES = RecordType(
    name="leaves",
    table="managers_leave",
    columns=(
        Column("staff", MANAGER, required=True),
        Column("from", Date(), required=True),
        Column("to", Date(), required=True),
        Column("kind", Code.of(LeaveKind), required=True),
        Column("covered_by", MANAGER),
    ),
    key=("staff", "from"),
    checks=(
        Check("to", 'r."to" <= r."from"', "is not after from (it is the first day back)"),
        Check("covered_by", "r.covered_by = r.staff", "is the absent manager himself"),
    ),
    before=(
        """CREATE TEMP TABLE feed_leaves ON COMMIT DROP AS
        SELECT r.*, daterange(r."from", r."to") AS during, l.id AS old_id,
            coalesce(l.public_id, gen_random_uuid()) AS public_id
        FROM {rows} AS r
        LEFT JOIN managers_leave AS l ON l.manager_id = r.staff_id AND lower(l.during) = r."from" """,
    ),
    late_checks=(
        LateCheck(
            "from",
            """SELECT f.row_no, 'overlaps another leave of the same manager' AS reason
            FROM feed_leaves AS f WHERE EXISTS (
                SELECT FROM feed_leaves AS o
                WHERE o.staff_id = f.staff_id AND o."from" <> f."from" AND o.during && f.during
            ) OR EXISTS (
                SELECT FROM managers_leave AS l
                WHERE l.manager_id = f.staff_id AND l.during && f.during
                AND l.id NOT IN (SELECT old_id FROM feed_leaves WHERE old_id IS NOT NULL)
            )""",
        ),
    ),
    enter=(
        "DELETE FROM managers_leave WHERE id IN (SELECT old_id FROM feed_leaves)",
        """INSERT INTO managers_leave (manager_id, during, kind, covered_by_id, public_id)
        SELECT staff_id, during, kind, covered_by_id, public_id FROM feed_leaves""",
    ),
)

TRAINING = RecordType(
    name="training",
    table="managers_attendance",
    columns=(
        Column("batch", Text(30), required=True),
        Column("staff", MANAGER, required=True),
        Column("course", CODE, required=True),
        Column("course_name", Text(80), required=True),
        Column("valid_months", Number(0, 1200)),
        Column("from", Date(), required=True),
        Column("to", Date(), required=True),
        Column("place", Text(80)),
        Column("result", Code.of(AttendanceResult), required=True),
        Column("score", Number(0, 100, places=2, times=None)),
        Column("certificate_expires_on", Date()),
    ),
    key=("batch", "staff"),
    checks=(
        Check("to", 'r."to" <= r."from"', "is not after from (it is the first day after)"),
        Check(
            "certificate_expires_on",
            "r.certificate_expires_on IS NOT NULL AND r.result <> 'passed'",
            "is only for those who passed",
        ),
    ),
    late_checks=(
        same_within("training", "batch", ("course", "from", "to", "place")),
        same_within("training", "course", ("course_name", "valid_months")),
    ),
    enter=(
        """INSERT INTO managers_course (code, name, valid_months)
        SELECT DISTINCT r.course, r.course_name, r.valid_months FROM {rows} AS r
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, valid_months = excluded.valid_months""",
        """INSERT INTO managers_batch (code, course_id, during, place)
        SELECT DISTINCT r.batch, c.id, daterange(r."from", r."to"), coalesce(r.place, '')
        FROM {rows} AS r JOIN managers_course AS c ON c.code = r.course
        ON CONFLICT (code) DO UPDATE SET course_id = excluded.course_id, during = excluded.during,
            place = excluded.place""",
        """INSERT INTO managers_attendance (batch_id, manager_id, result, score, certificate_expires_on)
        SELECT b.id, r.staff_id, r.result, r.score, r.certificate_expires_on
        FROM {rows} AS r JOIN managers_batch AS b ON b.code = r.batch
        ON CONFLICT (batch_id, manager_id) DO UPDATE SET result = excluded.result, score = excluded.score,
            certificate_expires_on = excluded.certificate_expires_on""",
    ),
)

RECORDS = (BRANCHES, STAFF_RECORD, CALENDAR, LEAVES, TRAINING)
