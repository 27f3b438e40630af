"""Prepared transactions, which no session holds: they hold up no fence, no drop, no reset and no seal."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from isolation.database.dropping import drop_lease, drop_pool
from isolation.database.embedded.place import Home
from isolation.database.embedded.server import Wanted, ensure_server, remove_server, stop_server
from isolation.database.fencing import fence
from isolation.database.renewing import renew
from isolation.database.session import open_session
from tests.fixtures.grounds import ensure_ground
from tests.fixtures.servers import people
from tests.integration.grounds import Ground

LEFT = "SELECT gid FROM pg_prepared_xacts"


@pytest.fixture
def preparing(tmp_path: Path) -> Iterator[Ground]:
    """A plain admin's pool on a server that takes prepared transactions, which ours does not."""
    home = Home(tmp_path)
    running = ensure_server(home, Wanted(40))
    try:
        with open_session(running.address) as session:
            session.do("ALTER SYSTEM SET max_prepared_transactions = 5")
        stop_server(home)
        server = people(ensure_server(home, Wanted(40)))
        pool_id = secrets.token_hex(8)
        with open_session(server.admin) as session:
            prefix = ensure_ground(session, pool_id, "prepared", embedded=True)
            yield Ground(session, server, server.admin, pool_id, prefix)
    finally:
        remove_server(home)


def test_prepared_transactions_end_with_the_lease_the_reset_and_the_build(preparing: Ground) -> None:
    lent = preparing.lend(1, 1)
    with preparing.enter(lent) as inside:
        inside.execute("BEGIN; CREATE TABLE t (x int); PREPARE TRANSACTION 'one''s %s own'")
    renew(preparing.session, preparing.wanted(1, 1))
    assert preparing.session.rows(LEFT) == []
    with preparing.enter(lent) as inside:
        inside.execute("BEGIN; CREATE TABLE t (x int); PREPARE TRANSACTION 'another'")
        inside.execute(f'CREATE DATABASE "test_{lent.name}"')
    with preparing.enter(lent, f"test_{lent.name}") as inside:
        inside.execute("BEGIN; CREATE TABLE t (x int); PREPARE TRANSACTION 'a third'")
        inside.execute("BEGIN; ALTER ROLE CURRENT_USER PASSWORD 'mine'; PREPARE TRANSACTION 'its role'")
    fence(preparing.session, preparing.pool_id, 1)
    for password in (lent.password, "mine"):
        with pytest.raises(psycopg.OperationalError):
            preparing.log_in(lent.role, password, lent.name)
    drop_lease(preparing.session, preparing.pool_id, 1)
    assert preparing.session.rows(LEFT) == []
    assert preparing.databases() == set()

    preparing.build("f1", "BEGIN; CREATE TABLE t (x int); PREPARE TRANSACTION 'built'")
    preparing.lend(2, 2, "f1")
    assert drop_pool(preparing.session, preparing.pool_id) == []
    assert preparing.roles() == set()
