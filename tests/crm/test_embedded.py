"""The launcher of the embedded servers, with real servers and real kills."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest

from crm import embedded
from crm.embedded import binaries
from crm.embedded.layout import REPOSITORY, SOCKET_PATH_BYTES, Layout
from tests.crm.launching import (
    NAMED_UID,
    NAMELESS_UID,
    as_user,
    bare_environment,
    connect,
    eventually,
    kill,
    launch,
    may_execute,
    postmaster,
    processes_of,
    running,
    valkey,
    valkey_process,
)

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def state():
    """A folder whose parents everyone may enter, as an ordinary user's are to him (not so pytest's)."""
    folder = tempfile.mkdtemp(prefix="guanhu-test-", dir="/tmp")
    yield Path(folder) / "bank"
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made_once():
    """A bank that was opened and closed."""
    folder = tempfile.mkdtemp(prefix="guanhu-test-", dir="/tmp")
    state = Path(folder) / "bank"
    launch(state, "true").communicate(timeout=60)
    yield state
    shutil.rmtree(folder)


@pytest.fixture
def made(state, made_once):
    """A copy of it, for whom the first start is not the question."""
    subprocess.run(["cp", "-a", made_once, state], check=True)
    return state


USERS = {"user": NAMED_UID, "nameless": NAMELESS_UID}


@pytest.fixture(params=["default", *(pytest.param(name, marks=needs_root) for name in ("nobody", *USERS))])
def identity(request, state):
    """As whoever runs the tests; as root without namespaces; as a user with, and without, a name."""
    if request.param in USERS:
        uid = USERS[request.param]
        if uid == NAMELESS_UID and not may_execute(uid, binaries.postgres().program("postgres")):
            pytest.skip("the repository lies in a folder that only root may enter")
        os.chown(state.parent, uid, uid)
        return {"prefix": as_user(uid)}
    return {"GUANHU_ROOT_AS": "nobody"} if request.param == "nobody" else {}


def write_row(state, number):
    with connect(state) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [number])


def rows(state):
    with connect(state) as connection:
        return [number for (number,) in connection.execute("SELECT number FROM kept ORDER BY 1")]


def test_run_command_gets_both_servers_and_nothing_stays(state):
    code = (
        "import os, psycopg, redis;"
        "print(psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT current_user').fetchone()[0],"
        "redis.from_url(os.environ['REDIS_URL']).ping())"
    )
    process = launch(state, sys.executable, "-c", code)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "app True\n", "")
    assert processes_of(state) == set()


def test_run_command_exit_code_is_passed_on(made):
    process = launch(made, "sh", "-c", "exit 7")
    process.communicate(timeout=60)
    assert process.returncode == 7


def test_run_unknown_command_is_one_sentence(state):
    process = launch(state, "no-such-program")
    assert process.communicate(timeout=60) == (
        "",
        "guanhu: There is no command 'no-such-program': give the path of a program after --.\n",
    )
    assert process.returncode == 2
    assert not state.exists()


def test_database_owner_may_use_what_the_product_leans_on(made):
    with running(made), connect(made) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE EXTENSION btree_gist")
        trigrams = connection.execute("SELECT show_trgm('张伟')").fetchone()[0]
        assert len(trigrams) == 3
        connection.execute(
            "CREATE TABLE lead (customer int, during daterange, "
            "EXCLUDE USING gist (customer WITH =, during WITH &&))"
        )
        found = connection.execute(
            "SELECT usesuper, current_setting('fsync'), current_setting('synchronous_commit') "
            "FROM pg_user WHERE usename = current_user"
        ).fetchone()
    assert found == (False, "on", "on")


def test_kills_lose_no_row_leave_nothing_and_touch_no_permission(state, identity):
    """For every kind of user: kill -9 of the postmaster, then of the launcher, then an ordinary start."""
    closed = state.parent / "closed"
    closed.mkdir(mode=0o700)
    os.chown(closed, state.parent.stat().st_uid, -1)
    programs = binaries.postgres().folder
    outside = [closed, *closed.parents, programs, *programs.parents]
    before = [(path, path.stat().st_mode, path.stat().st_uid) for path in outside]
    state = closed / "bank"
    with running(state, **identity) as launcher:
        write_row(state, 1)
        killed = postmaster(state)
        kill(killed)
        eventually(lambda: _answers_anew(state, killed), 60, launcher)
        write_row(state, 2)
        kill(launcher.pid)
        eventually(lambda: processes_of(state) == set(), 30)
    with running(state, **identity):
        assert rows(state) == [1, 2]
    assert processes_of(state) == set()
    assert [(path, path.stat().st_mode, path.stat().st_uid) for path in outside] == before


def test_launcher_killed_next_start_does_not_wait_for_the_old_one(made):
    with running(made) as launcher:
        write_row(made, 1)
        kill(launcher.pid)
    with running(made):
        assert rows(made) == [1]


def _answers_anew(state, before):
    try:
        return postmaster(state) != before and rows(state) is not None
    except (OSError, IndexError, psycopg.OperationalError):
        return False


def test_postmaster_killed_with_busy_backend_is_restarted(made):
    """A backend in the middle of a computation outlives its postmaster and holds the shared memory."""
    with running(made) as launcher:
        write_row(made, 1)
        busy = threading.Thread(target=_compute_long, args=(made,))
        busy.start()
        with connect(made) as watcher:
            eventually(lambda: _active(watcher) == 1, 10)
        before = postmaster(made)
        kill(before)
        eventually(lambda: _answers_anew(made, before), 60, launcher)
        assert rows(made) == [1]
        busy.join(60)


def _compute_long(state):
    with pytest.raises(psycopg.OperationalError), connect(state) as connection:
        connection.execute("SELECT count(*) FROM generate_series(1, 10000000000) AS busy")


def _active(watcher):
    return watcher.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%AS busy' "
        "AND pid <> pg_backend_pid()"
    ).fetchone()[0]


def test_valkey_killed_is_restarted_with_queued_work(made):
    with running(made), valkey(made) as client:
        client.rpush("queue", "work")
        before = valkey_process(made)
        eventually(lambda: client.info("persistence")["aof_pending_bio_fsync"] == 0, 5)
        kill(before)
        eventually(lambda: valkey_process(made) not in (None, before), 20)
        assert client.lrange("queue", 0, -1) == [b"work"]


def test_second_launcher_is_refused_with_the_first_ones_number(made):
    with running(made) as first:
        second = launch(made, "true")
        out, err = second.communicate(timeout=60)
        assert (second.returncode, out) == (2, "")
        assert err == (
            f"guanhu: This bank is already running (process {first.pid}): stop it first (Ctrl-C in its "
            f"terminal), or set GUANHU_STATE to another folder. State: {made}\n"
        )
        write_row(made, 1)


def test_long_and_odd_path_uses_a_short_private_socket_folder(tmp_path):
    state = tmp_path / ("长" * 40) / "with, comma and space"
    sockets = Layout(state).sockets
    assert len(os.fsencode(Layout(state).postgres_socket)) <= SOCKET_PATH_BYTES
    assert sockets.parent.name == "tmp"
    try:
        with running(state):
            write_row(state, 1)
            assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        with running(state):
            assert rows(state) == [1]
    finally:
        sockets.rmdir()


def test_socket_folder_of_somebody_else_is_refused(tmp_path):
    state = tmp_path / ("x" * 150)
    sockets = Layout(state).sockets
    sockets.symlink_to(tmp_path)
    try:
        process = launch(state, "true")
        assert process.communicate(timeout=60)[1] == (
            f"guanhu: {sockets} is not a folder: remove it, or set GUANHU_STATE to another folder.\n"
        )
    finally:
        sockets.unlink()


def test_folder_with_other_things_is_refused_untouched(state):
    state.mkdir(mode=0o755)
    (state / "letters.txt").write_text("mine")
    process = launch(state, "true")
    assert process.communicate(timeout=60)[1] == (
        f"guanhu: {state} is not empty and holds no bank: set GUANHU_STATE to a new or empty folder.\n"
    )
    assert (os.listdir(state), stat.S_IMODE(state.stat().st_mode)) == (["letters.txt"], 0o755)


def test_discarded_bank_leaves_what_is_not_its_own(made):
    with running(made):
        write_row(made, 1)
    (made / "letters.txt").write_text("mine")
    (made / "sub").mkdir()
    command = [sys.executable, "-m", "crm.bank", "--discard"]
    subprocess.run(command, cwd=REPOSITORY, env=bare_environment(GUANHU_STATE=str(made)), check=True)
    assert sorted(os.listdir(made)) == ["letters.txt", "sub"]


def test_reused_process_number_in_postmaster_pid_does_not_lock_out(made):
    with running(made):
        write_row(made, 1)
        content = (Layout(made).postgres_data / "postmaster.pid").read_text().splitlines()
    content[0] = str(os.getpid())  # alive, and not PostgreSQL
    (Layout(made).postgres_data / "postmaster.pid").write_text("\n".join(content))
    with running(made):
        assert rows(made) == [1]


@needs_root
def test_change_of_identity_takes_the_data_along(made):
    for identity in ({}, {"GUANHU_ROOT_AS": "nobody"}, {}):
        with running(made, **identity):
            write_row(made, 1)
    with running(made):
        assert rows(made) == [1, 1, 1]


def test_half_made_data_folder_is_made_anew(state):
    (state / "postgres.partial").mkdir(parents=True)
    (state / "postgres.partial" / "PG_VERSION").write_text("18\n")
    with running(state):
        write_row(state, 1)
    assert not (state / "postgres.partial").exists()


def test_terminated_launcher_stops_command_and_servers(made):
    with running(made) as launcher:
        launcher.send_signal(signal.SIGTERM)
        launcher.communicate(timeout=60)
        assert launcher.returncode == 128 + signal.SIGTERM
        assert processes_of(made) == set()


def test_killed_pytest_leaves_nothing_and_the_next_one_sweeps(tmp_path):
    """`kill -9` of a test run: its servers go by themselves, its folder with the next run."""
    test = tmp_path / "test_waits.py"
    test.write_text(
        "import os, time\n"
        "def test_waits():\n"
        "    open('state.partial', 'w').write(os.environ['GUANHU_STATE'])\n"
        "    os.rename('state.partial', 'state')\n"
        "    time.sleep(float(os.environ['WAIT']))\n"
    )
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "crm.embedded.pytest_plugin", "-p", "no:django"]
    argv += ["-c", os.devnull, "--rootdir", str(tmp_path), str(test)]

    def run(wait):
        environment = bare_environment(PYTHONPATH=str(REPOSITORY), WAIT=str(wait), TMPDIR=str(tmp_path))
        return subprocess.Popen(argv, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)

    first = run(600)
    eventually((tmp_path / "state").exists, 60, first)
    state = Layout(type(tmp_path)((tmp_path / "state").read_text())).state
    assert processes_of(state) != set()
    kill(first.pid)
    first.wait()
    eventually(lambda: processes_of(state) == set(), 20)
    assert state.exists()
    assert run(0).wait(60) == 0
    assert not state.exists()


def test_servers_listen_on_no_network_address(made):
    with running(made):
        with connect(made) as connection:
            found = connection.execute(
                "SELECT current_setting('listen_addresses'), inet_server_addr()"
            ).fetchone()
        with valkey(made) as client:
            port = client.config_get("port")
    assert (found, port) == (("", None), {"port": "0"})


def test_no_free_space_is_said_before_anything_is_made(state):
    from crm.embedded import folders
    from crm.embedded.errors import CannotStart

    with pytest.raises(CannotStart, match=r"needs about 10,000,000,000 MB free in .*, there are [\d,]+ MB"):
        folders.require_space(state / "deeper", 10_000_000_000, "The demo bank")
    assert not state.exists()


def test_urls_are_computed_without_touching_anything(monkeypatch, state):
    monkeypatch.setenv("GUANHU_STATE", str(state))
    run = Layout(state).sockets
    assert embedded.database_url() == f"postgresql://app@/guanhu?host={run}"
    assert embedded.redis_url() == f"unix://{run}/valkey.sock?db=0"
    assert embedded.redis_url(db=1) == f"unix://{run}/valkey.sock?db=1"
    assert embedded.broker_url() == f"redis+socket://{run}/valkey.sock?virtual_host=0"
    assert embedded.broker_url("rediss://queue.bank/0") == "rediss://queue.bank/0"
    assert not state.exists()


def test_postgres_settings_follow_the_machine():
    from crm.embedded.memory import postgres_settings

    small = postgres_settings(throwaway=False, memory=1 << 30, cores=1, shared_memory=64 << 20)
    large = postgres_settings(throwaway=False, memory=64 << 30, cores=16, shared_memory=32 << 30)
    assert [(found["shared_buffers"], found["work_mem"]) for found in (small, large)] == [
        ("256MB", "16MB"),
        ("2048MB", "64MB"),
    ]
    assert (small["dynamic_shared_memory_type"], large.get("dynamic_shared_memory_type")) == ("mmap", None)
    assert "fsync" not in large


def test_port_in_use_is_one_sentence():
    from crm.bank import options
    from crm.embedded.errors import CannotStart

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        chosen = options.Options(None, "127.0.0.1", port, options._date("AS_OF", "2026-06-30"), 1)
        with pytest.raises(CannotStart) as refused:
            options.require_free_port(chosen)
    assert str(refused.value) == (
        f"127.0.0.1:{port} cannot be listened on (Address already in use): end what uses it, "
        f"or choose another port: make run PORT={port + 1}."
    )
