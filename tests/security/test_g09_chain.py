"""G9: whatever is done to sealed history by hand, even by the database's owner, is named."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection

from crm import audit
from crm.beside import beside
from crm.history import acting, chain, monitoring
from crm.history.heads import export_heads
from crm.history.models import ChainLink, ChainSeal, Change
from crm.history.verify import verify
from crm.wall import roles
from customers.models import Customer
from managers.models import Course

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heads(tmp_path, settings):
    settings.HISTORY_HEADS = tmp_path / "heads.jsonl"
    return settings.HISTORY_HEADS


@pytest.fixture
def sealed(customer, manager, heads):
    """Three changes and two acts, sealed in two batches; the heads are outside."""
    chain.seal()
    for tier in ("gold", "private", "basic"):
        with acting("0931", "review"):
            Customer.objects.filter(pk=customer.pk).update(tier=tier)
    chain.seal()
    for act in ("read", "reveal"):
        audit.record(manager.user, act, subject=customer)
    chain.seal()
    export_heads()
    assert verify(heads).faults == ()
    return list(Change.objects.filter(source="customers_customer", label="update").order_by("id"))


def named(heads):
    return [(fault.kind, fault.what) for fault in verify(heads).faults]


def run(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount


def test_a_changed_line_is_named(sealed, heads):
    assert run("UPDATE crm_change SET actor = '0932' WHERE id = %s", sealed[1].pk) == 1
    ((kind, what),) = named(heads)
    assert (kind, what.split(" (")[0]) == ("altered", f"crm_change {sealed[1].pk}")


def test_a_changed_row_of_history_is_named(sealed, heads):
    assert (
        run("UPDATE customers_customerhistory SET tier = 'basic' WHERE pgh_id = %s", sealed[1].event_id) == 1
    )
    ((kind, what),) = named(heads)
    assert (kind, what.split(" (")[0]) == ("altered", f"crm_change {sealed[1].pk}")


def test_a_changed_new_value_is_named(sealed, heads):
    run("UPDATE customers_customerhistory SET pgh_new = '{}' WHERE pgh_id = %s", sealed[0].event_id)
    assert [kind for kind, _what in named(heads)] == ["altered"]


def test_a_changed_reason_names_every_change_made_for_it(sealed, heads):
    run('UPDATE pghistory_context SET metadata = \'{"actor": "0932"}\' WHERE id = %s', sealed[0].context_id)
    assert [what.split(" (")[0] for _kind, what in named(heads)] == [f"crm_change {c.pk}" for c in sealed]


def test_a_changed_act_is_named(sealed, heads):
    run("UPDATE crm_auditrecord SET act = 'read' WHERE act = 'reveal'")
    assert [(kind, what.split()[0]) for kind, what in named(heads)] == [("altered", "crm_auditrecord")]


def test_a_removed_line_and_its_history_are_named(sealed, heads):
    run("DELETE FROM crm_change WHERE id = %s", sealed[1].pk)
    faults = named(heads)
    assert [kind for kind, _what in faults] == ["missing", "inserted"]
    assert faults[0][1].startswith(f"crm_change {sealed[1].pk} is missing")
    assert faults[1][1].startswith(f"customers_customerhistory {sealed[1].event_id}: ")
    run("DELETE FROM customers_customerhistory WHERE pgh_id = %s", sealed[1].event_id)
    assert [kind for kind, _what in named(heads)] == ["missing"]


def test_a_removed_act_is_named_also_when_its_link_goes_with_it(sealed, heads):
    run("DELETE FROM crm_auditrecord WHERE act = 'reveal'")
    assert [kind for kind, _what in named(heads)] == ["missing"]
    last = ChainLink.objects.latest("position").position
    run("DELETE FROM crm_chainlink WHERE position = %s", last)
    assert [what for _kind, what in named(heads)] == [f"Links {last} to {last} of the chain are missing."]


def test_a_row_put_in_by_hand_is_named_before_and_after_sealing(sealed, heads):
    run(
        "INSERT INTO crm_auditrecord (act, staff_number, role, branch_path, subject_type, subject_id, "
        "customer_number, detail, request_id) VALUES ('approve', '0102', '', '', '', '', '', '{}', '')"
    )
    run(
        "INSERT INTO crm_change (source, object_id, label, actor, context_id) "
        "SELECT source, object_id, label, '0102', context_id FROM crm_change WHERE id = %s",
        sealed[0].pk,
    )
    assert [kind for kind, _what in named(heads)] == ["inserted", "inserted"]
    chain.seal()
    assert [kind for kind, _what in named(heads)] == ["inserted", "inserted"]


def test_a_row_with_an_older_transaction_is_named(sealed, heads):
    run(
        "INSERT INTO crm_change (source, object_id, label, actor, context_id, xact, depth) "
        "SELECT source, object_id, label, actor, context_id, xact, 1 FROM crm_change WHERE id = %s",
        sealed[0].pk,
    )
    ((kind, what),) = named(heads)
    assert kind == "inserted"
    assert what.endswith("was inserted after its time was sealed.")


def test_a_row_of_history_without_a_line_is_named(sealed, heads):
    columns = (
        "id, public_id, number, kind, name, branch_id, tier, lifecycle, aml_level, marketing_consent, "
        "profiling_consent, since, created_at, pgh_created_at, pgh_label, pgh_obj_id"
    )
    run(
        f"INSERT INTO customers_customerhistory ({columns}) SELECT {columns} FROM customers_customerhistory "
        "WHERE pgh_id = %s",
        sealed[0].event_id,
    )
    assert [kind for kind, _what in named(heads)] == ["inserted"]


def test_swapped_rows_are_both_named(sealed, heads):
    first, second = sealed[0].pk, sealed[2].pk
    run("UPDATE crm_change SET id = -1 WHERE id = %s", first)
    run("UPDATE crm_change SET id = %s WHERE id = %s", first, second)
    run("UPDATE crm_change SET id = %s WHERE id = -1", second)
    assert [(kind, what.split(" (")[0]) for kind, what in named(heads)] == [
        ("altered", f"crm_change {first}"),
        ("altered", f"crm_change {second}"),
    ]


def test_swapped_links_are_named(sealed, heads):
    one, two = list(ChainLink.objects.order_by("position"))[1:3]
    run("UPDATE crm_chainlink SET position = -1 WHERE position = %s", one.position)
    run("UPDATE crm_chainlink SET position = %s WHERE position = %s", one.position, two.position)
    run("UPDATE crm_chainlink SET position = %s WHERE position = -1", two.position)
    told = [what.split(" (")[0] for _kind, what in named(heads)]
    assert told[:2] == [f"Link {one.position}", f"Link {two.position}"]


def test_a_chain_written_anew_as_a_whole_does_not_fit_the_exported_heads(sealed, heads):
    run("UPDATE crm_change SET actor = '0932' WHERE id = %s", sealed[0].pk)
    run("TRUNCATE crm_chainlink, crm_chainseal")
    chain.seal()
    assert named(None) == []
    count = len(heads.read_text().splitlines())
    assert [kind for kind, _what in named(heads)] == ["head"] * count


def test_the_commands_say_it_in_one_line_a_row(sealed, heads):
    out = StringIO()
    call_command("verify_history", stdout=out)
    assert out.getvalue().startswith(
        f"Whole: {ChainLink.objects.count()} rows in {ChainSeal.objects.count()}"
    )
    run("DELETE FROM crm_change WHERE id = %s", sealed[2].pk)
    with pytest.raises(CommandError, match=r"^2 faults .*: history was tampered with\.$"):
        call_command("verify_history", stdout=out)
    out = StringIO()
    call_command("seal_history", stdout=out)
    assert "Nothing new to seal." in out.getvalue()
    assert json.loads(heads.read_text().splitlines()[-1])["seal"] == ChainSeal.objects.count()


def test_a_trigger_switched_off_is_named(sealed, heads):
    run("ALTER TABLE customers_customer DISABLE TRIGGER history_update")
    try:
        assert named(heads) == [
            ("trigger", "history_update on customers_customer is missing or switched off.")
        ]
    finally:
        run("ALTER TABLE customers_customer ENABLE TRIGGER history_update")


def test_the_worker_seals_and_proves_but_alters_nothing(customer, heads):
    run(f"SET ROLE {roles.WORKER}")
    try:
        assert chain.seal().rows > 0
        assert verify(heads).faults == ()
        for table in ("crm_change", "crm_auditrecord", "crm_chainlink", "crm_chainseal", "pghistory_context"):
            with pytest.raises(ProgrammingError, match="permission denied"):
                run(f"DELETE FROM {table}")
    finally:
        run("RESET ROLE")


@pytest.fixture
def other_session():
    """A second connection of the database's owner, in a transaction that has written."""
    with beside() as found:
        found.autocommit = False
        yield found
        found.rollback()


def test_a_transaction_that_lasts_holds_back_its_own_rows_only(sealed, heads, customer, other_session):
    other_session.execute("UPDATE customers_customer SET aml_level = 'high'")
    audit.record(None, "retention")
    with acting("0931"):
        Course.objects.create(code="A", name="甲")
    assert chain.seal().rows == 2  # the act and the course, although the update still runs
    assert verify(heads).faults == ()
    other_session.commit()
    assert verify(heads).unsealed == 1
    assert (chain.seal().rows, verify(heads).faults, verify(heads).unsealed) == (1, (), 0)


def test_a_row_put_in_as_if_from_a_finished_transaction_is_named(sealed, heads):
    run(
        "INSERT INTO crm_auditrecord (at, act, staff_number, role, branch_path, subject_type, subject_id, "
        "customer_number, detail, request_id, xact, by_function) SELECT at, act, '0999', role, branch_path, "
        "subject_type, subject_id, customer_number, detail, request_id, xact, true "
        "FROM crm_auditrecord ORDER BY id LIMIT 1"
    )
    assert [kind for kind, _what in named(heads)] == ["inserted"]


def test_more_rows_than_are_held_at_once_make_one_chain(sealed, heads, monkeypatch):
    monkeypatch.setattr(chain, "BATCH", 3)
    with acting("0931"):
        Course.objects.bulk_create(Course(code=f"K{number}", name="课") for number in range(10))
    assert chain.seal().rows == 10
    assert verify(heads).faults == ()


def test_readiness_tells_when_sealing_lags(sealed, client, monkeypatch, settings):
    assert monitoring.history() == ("ok", {"unsealed_seconds": 0})
    audit.record(None, "retention")
    settings.HISTORY_SEALED_WITHIN = -1
    state, told = monitoring.history()
    assert (state, "seal_history" in told["do"]) == ("degraded", True)
    run(f"SET ROLE {roles.WEB}")  # monitoring asks before anybody has signed in
    try:
        assert monitoring.unsealed_seconds() > 0
        assert [family.name for family in monitoring.sealing()] == ["guanhu_history_unsealed_seconds"]
    finally:
        run("RESET ROLE")
