"""One line for each table: whose rows a request may see, and what it may write.

A new model joins with one line here; a table without a line is closed to every page, `migrate` names it, and
tests/security/test_g02_second_wall.py fails. Tables are named as the database names them: the platform
imports no app. The rules repeat what each model's `visible_to` says, from the same columns.
"""

from dataclasses import dataclass, replace

from crm.history import tracking
from crm.wall import roles

# Unset is NULL, and NULL sees no row. A sub-select is read once a statement (an InitPlan). The branch stands
# bare: the planner then reads it too and knows how many customers lie below: half the bank, or a thousandth;
# from an InitPlan it guessed 1 in 200, and sorted 50,000 customers of a branch to show 50.
_MANAGER = "(SELECT nullif(current_setting('app.manager', true), '')::bigint)"
_USER = "(SELECT nullif(current_setting('app.user', true), '')::bigint)"
_BRANCH = "nullif(current_setting('app.branch', true), '') COLLATE \"C\""
_BRANCH_END = "(nullif(current_setting('app.branch', true), '') || '~') COLLATE \"C\""
_IN_SUBTREE = "{path} >= " + _BRANCH + " AND {path} < " + _BRANCH_END
EVERYTHING = "true"


@dataclass(frozen=True)
class Line:
    """The rule of one table.

    `rules`: role → condition on its rows; None where grants alone rule (reference data).
    `readers`: the roles that may read. What may be written, each a list of PostgreSQL's privileges such as
    "insert, update (state)": `write` by managers, supervisors and the back office, `chief` by supervisors and
    administrators (what two people decide), `admin` by administrators, `everyone` by all who have signed in,
    `door` by all and before signing in too. `check`: what a written row must meet,
    where that is less than what may be read. `append_only`: the worker too only adds rows. `owned_by_worker`:
    its partitions come and go at night. `hidden`: columns that no role of pages selects, reader or not.
    """

    table: str
    rules: dict[str, str] | None = None
    readers: tuple[str, ...] = roles.SCOPED
    write: str = ""
    chief: str = ""
    admin: str = ""
    everyone: str = ""
    door: str = ""
    check: str = ""
    append_only: bool = False
    owned_by_worker: bool = False
    hidden: tuple[str, ...] = ()


def customers_themselves(table, **rights) -> Line:
    """The customers: a book by lead, co and custody of the day, a subtree by the branch's path."""
    subtree = _IN_SUBTREE.format(path="branch_path")
    return Line(
        table,
        {
            roles.MANAGER: f"lead_id = {_MANAGER} OR co_id = {_MANAGER} OR id = ANY(ARRAY("
            f"SELECT customer_id FROM customers_custody WHERE custodian_id = {_MANAGER} "
            "AND during @> bank_today()))",
            roles.BRANCH: subtree,
            roles.SERVICE: subtree,
            **_head_office(),
        },
        **rights,
    )


def of_customer(table, *columns, walked=False, **rights) -> Line:
    """Rows about a customer: seen by who sees him (one of them, where several columns name one).

    `walked`: lists read the table in an index's order and stop after a page. OFFSET 0 then keeps PostgreSQL
    from gathering everybody in scope into a hash before the first row; each row asks for its own customer.
    """
    end = " OFFSET 0" if walked else ""
    seen = " OR ".join(
        f"EXISTS (SELECT FROM customers_customer AS c WHERE c.id = {table}.{column}{end})"
        for column in columns or ("customer_id",)
    )
    return Line(table, _for_scoped(seen) | _head_office(), **rights)


def of_manager(table, *columns, **rights) -> Line:
    """Rows about a manager: his own, and his supervisors'; the back office has no part in them."""
    columns = columns or ("manager_id",)
    own = " OR ".join(f"{table}.{column} = {_MANAGER}" for column in columns)
    below = " OR ".join(
        "EXISTS (SELECT FROM managers_manager AS m JOIN managers_branch AS b ON b.id = m.branch_id "
        f"WHERE m.id = {table}.{column} AND {_IN_SUBTREE.format(path='b.path')})"
        for column in columns
    )
    return Line(table, {roles.MANAGER: own, roles.BRANCH: below, **_head_office()}, **rights)


def custodies(table, **rights) -> Line:
    """Custodies: of managers by their own columns, for the rule of the customers stands on this one."""
    line = of_customer(table, **rights)
    own = f"custodian_id = {_MANAGER} OR lead_id = {_MANAGER}"
    return replace(line, rules=line.rules | {roles.MANAGER: own})


def handovers(table, **rights) -> Line:
    """Hand-overs: giver's and receiver's, their supervisors', the witness's and whoever's prepared them."""
    line = of_manager(table, "giver_id", "receiver_id", **rights)
    own = f"{table}.witness_id = {_USER} OR {table}.prepared_by_id = {_USER}"
    mine = {role: f"{line.rules[role]} OR {own}" for role in (roles.MANAGER, roles.BRANCH)}
    return replace(line, rules=line.rules | mine | {roles.SERVICE: own})


def handover_items(table, **rights) -> Line:
    """The customers of a hand-over: seen with the hand-over, or with the customer."""
    seen = (
        f"EXISTS (SELECT FROM customers_handover AS h WHERE h.id = {table}.handover_id) "
        f"OR EXISTS (SELECT FROM customers_customer AS c WHERE c.id = {table}.customer_id)"
    )
    return Line(table, _for_scoped(seen) | _head_office(), **rights)


def of_parent(table, column, parent, *, key="id", **rights) -> Line:
    """Rows that are seen with a row of `parent`, whose own rule decides."""
    seen = f"EXISTS (SELECT FROM {parent} AS p WHERE p.{key} = {table}.{column})"
    return Line(table, _for_scoped(seen) | _head_office(), **rights)


def of_members(table, memberships, **rights) -> Line:
    """Groups: seen by who sees a member of them. A group without members is nobody's: it is being made."""
    seen = f"size = 0 OR EXISTS (SELECT FROM {memberships} AS m WHERE m.group_id = {table}.id)"
    return Line(table, _for_scoped(seen) | _head_office(), **rights)


def contacts(table, **rights) -> Line:
    """Contacts: seen with the customer; those with a prospect are his manager's and head office's alone."""
    line = of_customer(table, **rights)
    open_to_all = (
        f"EXISTS (SELECT FROM customers_customer AS c WHERE c.id = {table}.customer_id "
        "AND c.lifecycle <> 'prospect')"
    )
    return replace(line, rules=line.rules | dict.fromkeys((roles.BRANCH, roles.SERVICE), open_to_all))


def OPEN(table, **rights) -> Line:
    """Reference data: whoever has signed in reads it."""
    return Line(table, **rights)


def MACHINES(table, **rights) -> Line:
    """Reference data that /readyz and /internal/metrics read too, before anybody has signed in."""
    return Line(table, readers=roles.OF_PAGES, **rights)


def OFFICE(table, **rights) -> Line:
    """For administrators and auditors alone."""
    return Line(table, readers=(roles.OFFICE, roles.AUDITOR), **rights)


def DOOR(table, write="insert, update, delete", **rights) -> Line:
    """What signing in needs, before a request has a role: every role reads and writes it."""
    return Line(table, readers=roles.OF_PAGES, door=write, **rights)


def NONE(table, **rights) -> Line:
    """No page touches it."""
    return Line(table, readers=(), **rights)


def of_user(table, column="user_id", *, path="", **rights) -> Line:
    """A user's own rows, for whatever role he has; with `path`, also for supervisors of that branch path."""
    own = f"{table}.{column} = {_USER}"
    below = f"{own} OR ({_IN_SUBTREE.format(path=path)})" if path else own
    return Line(table, dict.fromkeys(roles.SCOPED, own) | {roles.BRANCH: below} | _head_office(), **rights)


def of_owner(table, column="user_id", **rights) -> Line:
    """What is its owner's alone: no supervisor and no head office reads it."""
    return Line(table, dict.fromkeys(roles.SCOPED, f"{table}.{column} = {_USER}"), **rights)


def of_manager_or_bank(table, column="manager_id", **rights) -> Line:
    """A manager's own rows beside those of the whole bank, which are nobody's."""
    own = f"{table}.{column} IS NULL OR {table}.{column} = {_MANAGER}"
    return Line(table, _for_scoped(own) | _head_office(), **rights)


def shared_by_user(table, column="owner_id", *, path, **rights) -> Line:
    """A user's own rows, and those shared with a branch (`path`, "" for none) that his own lies in; each
    writes his own alone."""
    own = f"{table}.{column} = {_USER}"
    shared = f"{path} <> '' AND {_BRANCH} >= {path} AND {_BRANCH} < ({path} || '~') COLLATE \"C\""
    return Line(table, dict.fromkeys(roles.SCOPED, f"{own} OR ({shared})"), check=own, **rights)


def history_lines() -> list[Line]:
    """The history beside each tracked model (crm.history): read by who sees the record, else by head office.

    Triggers with their owner's rights write it, so nobody needs a right to.
    """
    policed = {line.table for line in TABLES if line.rules}
    return [
        of_parent(
            rule.event_model._meta.db_table,
            "pgh_obj_id",
            rule.table,
            key=rule.model._meta.pk.column,
            append_only=True,
        )
        if rule.table in policed
        else OFFICE(rule.event_model._meta.db_table, append_only=True)
        for rule in tracking.rules().values()
    ]


def all_lines() -> list[Line]:
    return [*TABLES, *history_lines()]


def _for_scoped(condition: str) -> dict[str, str]:
    return dict.fromkeys((roles.MANAGER, roles.BRANCH, roles.SERVICE), condition)


def _head_office() -> dict[str, str]:
    return dict.fromkeys((roles.OFFICE, roles.AUDITOR), EVERYTHING)


_SETTINGS = "insert, update"  # the bank's own settings, kept in the administrators' site
_DECIDE = "insert, update (state, checker_id, answer, decided_at)"
# a manager keeps his own contacts, a supervisor judges their feedback; neither writes the other's columns
_CONTACT = (
    "insert, update (channel, purpose, outcome, happened_at, note, attendees, confidential, next_date, "
    "next_step, no_next_reason, feedback_kind, feedback_text, feedback_filed_at, edited_at)"
)
_JUDGE = (
    "update (feedback_quality, feedback_accepted, feedback_judged_at, feedback_judged_by_id, feedback_answer)"
)
_TEMPLATE = "insert, update (title, purpose, text, is_active), delete"
_LOGIN = "update (last_login, password)"
_PAPERS = (
    "insert, update (state, witness_id, effective_on, brief, go_on, approval_id, giver_signed_at, "
    "receiver_signed_at, witness_signed_at)"
)
_ITEMS = "insert, update (on_problem_list, note, left_out), delete"
_IDENTITY = (
    "insert, update (document, document_number, document_hash, document_expires_on, mobile, mobile_hash, "
    "mobile_tail_hash, address, wrapped_key)"
)
_GROUP = "insert, update (name, size)"

TABLES = (
    # Django's own
    DOOR("django_session"),
    # signing in: second factors, sessions, wrong tries (crm/signin)
    DOOR("account_emailaddress"),  # allauth asks for a first address; nobody has one
    NONE("account_emailconfirmation"),
    # secrets of second factors: at the door anybody's, signed in one's own
    Line(
        "mfa_authenticator",
        {roles.WEB: EVERYTHING, **dict.fromkeys(roles.SCOPED, f"user_id = {_USER}")},
        readers=roles.OF_PAGES,
        door="insert, update, delete",
    ),
    DOOR("usersessions_usersession"),
    DOOR("axes_accessattempt"),
    DOOR("axes_accessattemptexpiration"),
    NONE("axes_accessfailurelog"),
    NONE("axes_accesslog"),
    OPEN("django_content_type"),
    OPEN("auth_permission"),
    OPEN("auth_group"),
    OPEN("auth_group_permissions"),
    OFFICE("django_admin_log", admin="insert"),
    MACHINES("django_migrations"),
    NONE("demo_install"),
    # crm
    OFFICE("crm_auditrecord", append_only=True),
    of_customer("crm_change", append_only=True),
    OPEN("pghistory_context", append_only=True),
    OFFICE("crm_chainseal", append_only=True),
    OFFICE("crm_chainlink", append_only=True),
    of_user("crm_approval", "maker_id", path="scope_path", everyone=_DECIDE),
    of_parent("crm_execution", "approval_id", "crm_approval"),  # the worker alone carries out
    of_user("crm_export", everyone="insert, update"),
    of_parent("crm_exportchunk", "export_id", "crm_export", everyone="insert, delete"),
    of_owner("crm_draft", everyone="insert, update, delete"),
    of_user("crm_sentform", everyone="insert, update, delete"),
    shared_by_user(
        "crm_savedview", path="branch_path", everyone="insert, update (name, branch_path, deleted_at)"
    ),
    MACHINES("crm_feedload"),
    OPEN("crm_feedfile"),
    # managers
    Line(
        "managers_user",
        readers=roles.OF_PAGES,
        door=_LOGIN,
        admin=_SETTINGS,
        hidden=("password",),  # managers.fields.PasswordField asks a function for it
    ),
    OPEN("managers_user_groups", admin="insert, delete"),
    OPEN("managers_user_user_permissions", admin="insert, delete"),
    Line("managers_branch", readers=roles.OF_PAGES, admin=_SETTINGS),
    Line("managers_manager", readers=roles.OF_PAGES, admin=_SETTINGS),
    DOOR("managers_calendarlink"),  # a subscribed calendar is read without a session: its address is the key
    OPEN("managers_calendarday", admin="insert, update, delete"),
    OPEN("managers_course", admin=_SETTINGS),
    OPEN("managers_batch", admin=_SETTINGS),
    of_manager("managers_leave", "manager_id", "covered_by_id", admin="insert, update, delete"),
    of_manager("managers_attendance", admin=_SETTINGS),
    of_manager("managers_mentorship", "mentor_id", "mentee_id", admin="insert, update, delete"),
    of_manager("managers_rotation", admin="insert, update, delete"),
    # customers
    customers_themselves(
        "customers_customer",
        write="update (last_contact_on, next_date, sound)",
        chief="update (lead_id, co_id)",
    ),
    of_customer("customers_customeridentity", write=_IDENTITY),
    of_customer("customers_identitycheck", write="insert, update"),
    of_customer("customers_reveal", write="insert", append_only=True),
    OPEN("customers_revealgrant", write="insert", append_only=True),
    OPEN("customers_product", admin=_SETTINGS),
    OPEN("customers_profilefield", admin=_SETTINGS),
    MACHINES("customers_publication"),
    of_customer("customers_profilefact", write="insert, update"),
    of_customer("customers_outsideholding", write="insert, update"),
    of_customer("customers_relationship", "subject_id", "object_id", write="insert, update"),
    of_customer("customers_stake", write="insert, update"),
    of_members("customers_customergroup", "customers_groupmembership", write=_GROUP, admin=_SETTINGS),
    of_customer("customers_groupmembership", write="insert, update, delete"),
    of_customer("customers_account"),
    of_customer("customers_loanstate"),
    # a supervisor assigns from today on inside his subtree; the triggers of customers.0009 hold the limits
    of_customer("customers_assignment", chief="insert, update (during), delete"),
    custodies("customers_custody", chief="insert, update (during), delete"),
    OPEN("customers_capacityrule", admin=_SETTINGS),
    handovers("customers_handover", write=_PAPERS, admin=_PAPERS),
    handover_items("customers_handoveritem", write=_ITEMS, admin=_ITEMS),
    contacts("customers_interaction", write=_CONTACT, chief=_JUDGE),
    of_customer("customers_followup", write="insert, update (every, anchor_on), delete"),
    of_manager_or_bank("customers_contacttemplate", write=_TEMPLATE, admin=_SETTINGS),
    of_customer("customers_task", write="insert, update"),
    of_customer("customers_transaction", owned_by_worker=True),
    of_customer("customers_dailybalance", owned_by_worker=True),
    of_customer("customers_standing", walked=True, owned_by_worker=True),
    OFFICE("customers_rebuild"),
    # service
    of_customer("service_servicerequest", chief="update (manager_id)"),
    of_customer("service_complaint"),
    of_customer("service_survey"),
    of_customer("service_postloancheck"),
    # marketing
    OPEN("marketing_segment", admin=_SETTINGS),
    OPEN("marketing_strategy", admin=_SETTINGS),
    OPEN("marketing_campaign", admin=_SETTINGS),
    of_customer("marketing_invitation"),
    of_customer("marketing_opportunity", chief="update (manager_id)"),
    of_manager("marketing_productidea", admin="update"),
    # performance
    MACHINES("performance_night", admin="insert"),
    MACHINES("performance_step"),
    OPEN("performance_fit"),
    OPEN("performance_scheme", admin=_SETTINGS),
    OPEN("performance_period"),
    of_customer("performance_plan"),
    of_customer("performance_rollup", owned_by_worker=True),
    of_customer("performance_customeranalysis", owned_by_worker=True),
    of_manager("performance_scorecard"),
    of_parent("performance_indicatorresult", "scorecard_id", "performance_scorecard"),
    of_manager("performance_deduction", admin=_SETTINGS),
    of_manager("performance_veto", append_only=True),
    OFFICE("performance_closing", admin=_SETTINGS),
    of_manager("performance_publishedscore", append_only=True),
    of_manager("performance_paystatement", append_only=True),
    of_manager("performance_payentry", append_only=True),
)
