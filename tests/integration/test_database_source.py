"""What empty databases are copied from, and what becomes of them while somebody is in it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from isolation.database.building import abandon_template, begin_template
from isolation.database.dropping import drop_pool
from isolation.database.errors import SourceBusy
from isolation.database.session import Session, open_session
from isolation.database.sources import is_untouched
from isolation.database.spares import build_spare, drop_spare, list_spares
from tests.fixtures.grounds import ensure_ground
from tests.fixtures.servers import PostgresServer, shared_server

POOL = secrets.token_hex(8)
OTHER_FORM = """
ALTER DATABASE template1 IS_TEMPLATE false; ALTER DATABASE template1 RENAME TO another;
CREATE DATABASE template1 TEMPLATE template0 ENCODING SQL_ASCII LOCALE 'C' LOCALE_PROVIDER libc;
ALTER DATABASE template1 IS_TEMPLATE true
"""
BACK = """
ALTER DATABASE template1 IS_TEMPLATE false; DROP DATABASE template1;
ALTER DATABASE another RENAME TO template1; ALTER DATABASE template1 IS_TEMPLATE true
"""
# Each with what takes it back; none of them is in `template0`.
CHANGES = (
    ("CREATE EXTENSION citext", "DROP EXTENSION citext"),
    ("CREATE TABLE public.everybodys ()", "DROP TABLE public.everybodys"),
    ("CREATE CAST (text AS jsonb) WITH INOUT", "DROP CAST (text AS jsonb)"),
    ("SELECT lo_create(0)", "SELECT lo_unlink(oid) FROM pg_largeobject_metadata"),
    ("GRANT CREATE ON SCHEMA public TO pg_monitor", "REVOKE CREATE ON SCHEMA public FROM pg_monitor"),
    (
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
        "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC",
    ),
    (
        "GRANT EXECUTE ON FUNCTION pg_reload_conf() TO PUBLIC",
        "REVOKE EXECUTE ON FUNCTION pg_reload_conf() FROM PUBLIC",
    ),
    (OTHER_FORM, BACK),
)


@pytest.fixture(scope="module", params=["wheel", "system"])
def server(
    request: pytest.FixtureRequest, home: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresServer]:
    """A server of this module's own, for others make databases meanwhile."""
    with shared_server(tmp_path_factory.mktemp("source"), request.param) as server:
        yield server


@pytest.fixture
def session(server: PostgresServer) -> Iterator[Session]:
    """A plain admin's."""
    with open_session(server.admin) as opened:
        yield opened
        assert drop_pool(opened, POOL) == []


@contextmanager
def changed(server: PostgresServer, change: str, back: str) -> Iterator[None]:
    """`template1` with something in it."""
    dbname = "postgres" if "ALTER DATABASE" in change else "template1"
    for statements in (change, back):
        with open_session(server.superuser, dbname) as boss:
            for statement in statements.split(";"):
                boss.do(statement)
        if statements == change:
            yield


def test_an_empty_database_comes_while_somebody_is_where_it_would_be_copied_from(
    server: PostgresServer, session: Session
) -> None:
    prefix = ensure_ground(session, POOL, "shop", embedded=False)
    with open_session(server.superuser, "template1"):
        building = begin_template(session, prefix, POOL, "f" * 16)
        assert building
    with open_session(server.admin._replace(user=building.role, password=building.password), building.dbname):
        pass
    abandon_template(session, building)


def test_what_an_admin_put_there_no_database_goes_without(server: PostgresServer, session: Session) -> None:
    prefix = ensure_ground(session, POOL, "shop", embedded=False)
    with changed(server, *CHANGES[0]), open_session(server.boss) as boss:
        with open_session(server.boss, "template1") as guest:
            (pid,) = guest.rows("SELECT pg_backend_pid()")[0]
            with pytest.raises(SourceBusy, match=f"^boss, session {pid}, is in template1: ") as caught:
                build_spare(session, POOL, prefix, "")
            assert list_spares(session, POOL) == []
        for statement in caught.value.hint.removeprefix("as superuser: ").split("; "):
            boss.do(statement)
        name = build_spare(session, POOL, prefix, "")
        with open_session(server.superuser, name) as made:
            assert made.rows("SELECT 1 FROM pg_extension WHERE extname = 'citext'") == [(1,)]
        for spare in list_spares(session, POOL):
            drop_spare(session, POOL, spare)
        assert not is_untouched(session), "who may not look takes nothing for proven"
        boss.do("GRANT CONNECT ON DATABASE template1 TO PUBLIC")


def test_whatever_is_not_in_the_other_is_seen(server: PostgresServer, session: Session) -> None:
    assert is_untouched(session)
    for change in CHANGES:
        with changed(server, *change):
            assert not is_untouched(session), change
        assert is_untouched(session), change
