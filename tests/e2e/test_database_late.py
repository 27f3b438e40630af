"""Who comes too late for a slot's database: the next holder has it, and notices nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from isolation.database import dropping
from isolation.database.address import url_of
from isolation.database.catalog import list_ours, list_roles
from isolation.database.errors import DatabaseError
from isolation.database.lending import Wanted, lend
from isolation.database.orphans import list_orphans
from isolation.database.session import Session, open_session
from poolmgr.services.databases.asking import ask_house
from poolmgr.services.databases.facts import read_facts
from poolmgr.services.databases.leaving import reached
from poolmgr.services.databases.losing import list_lost, make_anew
from poolmgr.services.databases.orphans import try_clean
from poolmgr.services.databases.server import open_server
from poolmgr.services.databases.showing import list_kept
from poolmgr.services.ground.pool import Pool
from poolmgr.store.tables.leases import note_database
from poolmgr.wiring import open_pool
from tests.e2e.pooled import Pooled
from tests.fixtures.servers import PostgresServer


@pytest.fixture
def session(embedded_server: PostgresServer) -> Iterator[Session]:
    """The server as its admin sees it."""
    with open_session(embedded_server.admin) as opened:
        yield opened


@pytest.fixture
def pool(unpooled: Pooled, session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pooled]:
    """A pool of one slot on the tests' own server, for commands and for the code in this process."""
    unpooled.cli.variables |= {
        "POOLMGR_DATABASE_MODE": "server",
        "POOLMGR_DATABASE_DSN": url_of(session.address),
        "POOLMGR_DATABASE_CONNECTIONS": "2",
        "POOLMGR_DATABASE_SPARES": "0",
    }
    for name, value in unpooled.cli.variables.items():
        monkeypatch.setenv(name, value)
    unpooled.init(1)
    yield unpooled
    unpooled.cli.settle()
    unpooled.run("cleanup", "--rescue")


@pytest.fixture
def inner(pool: Pooled) -> Iterator[Pool]:
    """The same pool as the code sees it."""
    opened = open_pool(pool.repo.path)
    yield opened
    opened.engine.close()


def test_a_lease_that_is_over_has_lost_nothing(pool: Pooled, inner: Pool, session: Session) -> None:
    first = pool.acquire()
    pool.cli.settle()
    dropping.drop_lease(session, inner.facts.pool_id, first["fence"])
    with open_server(inner) as server:
        ((slot, lease),) = list_lost(inner, server)
        pool.release(first["slot"])
        pool.await_ready(1)
        second = pool.acquire(agent="bob")
        variables, facts = Path(second["path"], ".env.worktree").read_bytes(), read_facts(slot)
        make_anew(inner, slot, lease)
    assert Path(second["path"], ".env.worktree").read_bytes() == variables
    assert read_facts(slot) == facts
    assert (
        pool.run("db", "psql", second["slot"], "--", "-Atc", "SELECT current_user").stdout.strip()
        == (second["database"])
    )
    assert "was lost" not in pool.run("events").stdout


def test_a_lost_database_is_made_anew_once(pool: Pooled, inner: Pool, session: Session) -> None:
    lent = pool.acquire()
    pool.cli.settle()
    dropping.drop_lease(session, inner.facts.pool_id, lent["fence"])
    with open_server(inner) as server:
        (lost,) = list_lost(inner, server)
        make_anew(inner, *lost)
        facts = read_facts(lost[0])
        make_anew(inner, *lost)
        assert read_facts(lost[0]) == facts
    assert pool.run("events").stdout.count("was lost") == 1


def test_a_debt_on_another_server_than_the_settings_name_stays_until_they_name_it(
    pool: Pooled, session: Session, system_server: PostgresServer
) -> None:
    lent = pool.acquire()
    pool.cli.settle()
    other = {"env": {"POOLMGR_DATABASE_DSN": url_of(system_server.admin), "POOLMGR_DATABASE_SPARES": "1"}}
    result = pool.run("release", lent["slot"], **other)
    assert "is not out of its database yet" in result.stderr
    assert f"not {system_server.admin.where}" in result.stderr
    pool.cli.settle()
    for _ in range(2):
        (pool.repo.state / "database" / "later").unlink(missing_ok=True)
        pool.run("status", **other)
        pool.cli.settle()
    assert pool.run("events").stdout.count("is on another server than the settings name") == 1
    found = [each for each in pool.ask("doctor", check=False)["findings"] if each["kind"] == "database_owed"]
    assert [each["subject"] for each in found] == [lent["database"]]
    pool.run("doctor", "--fix")
    assert session.rows("SELECT 1 FROM pg_roles WHERE rolname = %s", (lent["database"],)) == []
    with open_session(system_server.admin) as there:  # the house went on with what it could do
        assert [found.kind for found in list_ours(there, pool_id_of(pool))] == ["spare"]
        assert dropping.drop_pool(there, pool_id_of(pool)) == []


def test_what_cannot_be_closed_while_databases_are_switched_off_is_said_and_owed(
    pool: Pooled, session: Session
) -> None:
    lent = pool.acquire()
    pool.cli.settle()
    off = {"env": {"POOLMGR_DATABASE_MODE": "off"}}
    assert "not out of its database yet: slots have no" in pool.run("release", lent["slot"], **off).stderr
    pool.cli.settle()
    assert f"found: database_owed {lent['database']}" in pool.run("doctor", check=False, **off).stdout
    assert "database.mode is off" in pool.run("doctor", "--fix", check=False, **off).stdout
    pool.run("doctor", "--fix")
    assert session.rows("SELECT 1 FROM pg_roles WHERE rolname = %s", (lent["database"],)) == []


def test_the_same_server_under_another_name_is_known_by_what_is_on_it(pool: Pooled, session: Session) -> None:
    lent = pool.acquire()
    pool.cli.settle()
    named = {"env": {"POOLMGR_DATABASE_DSN": url_of(session.address._replace(host="localhost"))}}
    assert "not out of its database" not in pool.run("release", lent["slot"], **named).stderr
    pool.cli.settle()
    assert session.rows("SELECT 1 FROM pg_roles WHERE rolname = %s", (lent["database"],)) == []


def test_what_was_lent_after_the_first_look_is_no_orphan(pool: Pooled, inner: Pool, session: Session) -> None:
    lent = pool.acquire()
    (orphan,) = list_orphans(session, inner.facts.pool_id, (), 0)
    assert try_clean(inner, session, orphan).stays == "a slot has it"
    assert pool.ask("db", "url", lent["slot"])["database"] == lent["database"]


def test_what_was_taken_from_a_slot_stays_while_its_lease_lives(
    pool: Pooled, inner: Pool, session: Session
) -> None:
    lent = pool.acquire()
    pool.cli.settle()
    session.do("ALTER DATABASE {name} OWNER TO {us}", name=lent["database"], us=session.role)
    assert pool.ask("db", "orphans")["orphans"] == []
    (orphan,) = [each for each in list_orphans(session, inner.facts.pool_id, (), 0) if not each.role]
    assert try_clean(inner, session, orphan).stays == "a slot has it"
    refused = pool.run("db", "reset", lent["slot"], check=False).stderr
    assert f"{lent['database']} is not this pool's, so it is left alone: it belongs to admin" in refused
    assert [each.name for each in list_ours(session, inner.facts.pool_id)] == [lent["database"]]
    session.do("DROP DATABASE {name}", name=lent["database"])


def test_a_holder_is_out_at_release_whatever_transaction_it_leaves_open(
    pool: Pooled, session: Session
) -> None:
    lent = pool.acquire()
    said = pool.ask("db", "url", lent["slot"])
    address = session.address._replace(user=said["user"], password=said["password"], dbname=lent["database"])
    with open_session(address) as own:
        own.do("BEGIN; ALTER ROLE CURRENT_USER PASSWORD 'mine'")
        assert "not out of its database" not in pool.run("release", lent["slot"]).stderr
        with pytest.raises(DatabaseError):
            own.rows("SELECT 1")
    with pytest.raises(DatabaseError), open_session(address._replace(password="mine")):
        pass


def test_what_is_owed_belongs_to_no_slot_any_more(pool: Pooled, inner: Pool, session: Session) -> None:
    first = pool.acquire()
    pool.release(first["slot"])
    pool.await_ready(1)
    pool.acquire("--no-database", agent="bob")
    pool.cli.settle()
    with open_server(inner) as server:
        wanted = Wanted(server.prefix, inner.facts.pool_id, 1, 1, first["fence"], "", 1)
        left = lend(session, wanted)
    with inner.engine.write() as stored:
        note_database(stored, first["lease"], left.name)
    assert [(kept.found.name, kept.slot) for kept in list_kept(inner, session)] == [(left.name, "")]


def test_a_server_that_was_never_on_record_is_left_all_the_same(pool: Pooled, session: Session) -> None:
    ours = pool_id_of(pool)
    pool.cli.settle()
    (pool.repo.state / "database" / "given").write_text("another:5432")
    stays = f"at another:5432 stays, unless that is {session.address.where} by another name: "
    assert stays in pool.run("cleanup").stderr
    assert list_roles(session, ours) == []
    pool.init(1)


def test_a_server_that_is_only_looked_at_or_taken_leave_of_is_not_touched(
    pool: Pooled, session: Session, system_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = pool_id_of(pool)
    pool.cli.settle()
    monkeypatch.setenv("POOLMGR_DATABASE_DSN", url_of(system_server.admin))
    pool.cli.variables["POOLMGR_DATABASE_DSN"] = url_of(system_server.admin)
    with open_session(system_server.admin) as there:
        for words in (("db", "status"), ("db", "orphans"), ("doctor",)):
            pool.run(*words)
            assert list_roles(there, ours) == [], words
        with closing((other := open_pool(pool.repo.path)).engine):
            with reached(other):
                assert list_roles(there, ours) == []
            ask_house(other)
        assert f"at {session.address.where} stays" in pool.run("cleanup").stderr
        assert list_roles(there, ours) == []
    assert dropping.drop_pool(session, ours) == []
    pool.init(1)


def test_what_its_holder_dropped_is_named_and_left_to_the_holder(
    pool: Pooled, inner: Pool, session: Session
) -> None:
    lent = pool.acquire()
    pool.cli.settle()
    said = pool.ask("db", "url", lent["slot"])
    address = session.address._replace(user=said["user"], password=said["password"])
    with open_session(address._replace(dbname=lent["database"])) as own:
        own.do("CREATE DATABASE {other}", other=f"{lent['database']}_other")
    with open_session(address._replace(dbname=f"{lent['database']}_other")) as own:
        own.do("DROP DATABASE {name}", name=lent["database"])
        assert pool.ask("db", "status")["lost"] == [{"slot": lent["slot"], "database": lent["database"]}]
        with open_server(inner) as server:
            assert list_lost(inner, server) == []
    pool.run("db", "reset", lent["slot"])
    assert pool.ask("db", "status")["lost"] == []


def pool_id_of(pool: Pooled) -> str:
    """Whose databases they are."""
    return str(json.loads((pool.repo.state / "pool.json").read_bytes())["pool_id"])
