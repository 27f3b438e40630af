"""Transactions left open keep no holder in, no slot from its next lease, no pool from its turn."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread

import psycopg
import pytest

from isolation.database.catalog import list_roles
from isolation.database.dropping import drop_lease
from isolation.database.errors import ServerBusy
from isolation.database.fencing import COMING, fence
from isolation.database.lending import Lent
from isolation.database.session import Session, open_session
from isolation.database.shutting import shut_public_out
from isolation.database.turns import turn
from tests.fixtures.patience import await_that
from tests.integration.grounds import Ground

HOLDS = "BEGIN; ALTER ROLE CURRENT_USER PASSWORD 'mine'"
CHANGES = "DO $$ BEGIN LOOP ALTER ROLE CURRENT_USER PASSWORD 'mine'; COMMIT; END LOOP; END $$"


def is_in(ground: Ground, lent: Lent) -> bool:
    """Whether its role has a session."""
    return bool(ground.session.rows("SELECT 1 FROM pg_stat_activity WHERE usename = %s", (lent.role,)))


def require_out(ground: Ground, lent: Lent) -> None:
    """Nobody is in, and nobody comes in, by whatever password."""
    assert not is_in(ground, lent)
    for password in (lent.password, "mine"):
        with pytest.raises(psycopg.OperationalError):
            ground.log_in(lent.role, password, lent.name)


def can_login(session: Session, role: str) -> bool:
    return bool(session.rows("SELECT 1 FROM pg_roles WHERE rolname = %s AND rolcanlogin", (role,)))


@contextmanager
def hammered(ground: Ground, lent: Lent, statement: str) -> Iterator[None]:
    """Its holder comes again and again, does something and stays, until the end of the block."""
    over = Event()

    def hammer() -> None:
        while not over.is_set():
            with suppress(psycopg.Error), ground.enter(lent) as inside:
                inside.execute(statement)
                while not over.wait(0.01):
                    inside.execute("SELECT 1")

    threads = [Thread(target=hammer) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("where", ["its own", "a test's", "postgres"])
def test_who_holds_its_own_role_is_out_all_the_same(ground: Ground, where: str) -> None:
    lent = ground.lend(1, 1)
    name = {"its own": lent.name, "a test's": f"test_{lent.name}", "postgres": "postgres"}[where]
    with ground.enter(lent) as first, ExitStack() as over:
        if where == "a test's":
            first.execute(f'CREATE DATABASE "{name}"')
        inside = over.enter_context(ground.enter(lent, name))
        inside.execute(HOLDS)
        fence(ground.session, ground.pool_id, 1)
        for connection in (first, inside):
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
    require_out(ground, lent)
    drop_lease(ground.session, ground.pool_id, 1)


@pytest.mark.parametrize("statement", [HOLDS, CHANGES], ids=["holds its role", "sets its password"])
def test_who_comes_again_and_again_is_out(ground: Ground, statement: str) -> None:
    lent = ground.lend(1, 1)
    with hammered(ground, lent, statement):
        await_that(lambda: is_in(ground, lent), "somebody is in")
        fence(ground.session, ground.pool_id, 1)
        require_out(ground, lent)


def test_whose_session_began_before_its_login_went_is_out(ground: Ground) -> None:
    lent = ground.lend(1, 1)
    with (
        ground.enter(lent, "postgres"),
        open_session(ground.server.superuser) as boss,
        ThreadPoolExecutor(2) as threads,
        ExitStack() as over,
    ):
        with suppress(ZeroDivisionError), boss.transaction():
            # A session that begins waits for the rename after it was let in.
            boss.do("ALTER DATABASE {name} RENAME TO {other}", name=lent.name, other=f"{lent.name}-x")
            late = threads.submit(ground.enter, lent)
            await_that(lambda: boss.rows(COMING), "a session begins")
            fenced = threads.submit(fence, ground.session, ground.pool_id, 1)
            await_that(lambda: not can_login(boss, lent.role), "the login is gone")
            raise ZeroDivisionError  # the name is as it was
        fenced.result()
        with suppress(psycopg.OperationalError):
            connection = over.enter_context(late.result())
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
    require_out(ground, lent)


def test_a_slots_next_lease_puts_out_who_is_in_still_and_has_the_name(ground: Ground) -> None:
    old = ground.lend(1, 1)
    with ground.enter(old) as inside:
        inside.execute(f'CREATE DATABASE "test_{old.name}"')
    with ground.enter(old, f"test_{old.name}") as inside:
        inside.execute(HOLDS)
        new = ground.lend(1, 2)
        with pytest.raises(psycopg.OperationalError):
            inside.execute("SELECT 1")
    assert new.name == old.name
    ground.enter(new).close()
    (left,) = [role for role in list_roles(ground.session, ground.pool_id) if role.mark.fence == 1]
    assert (left.mark.kind, left.can_login) == ("old", False)


def test_before_what_somebody_holds_the_name_gives_way(ground: Ground) -> None:
    old = ground.lend(1, 1)
    with open_session(ground.server.superuser) as boss, boss.transaction():
        boss.do("COMMENT ON DATABASE {name} IS 'mine'", name=old.name)
        new = ground.lend(1, 2)
    assert new.name.startswith(f"{old.name}-")
    ground.enter(new).close()
    drop_lease(ground.session, ground.pool_id, 1)
    assert ground.databases() == {new.name}


def test_nobodys_turn_lasts_as_long_as_anothers_transaction(ground: Ground) -> None:
    guest, host = ground.lend(1, 1), ground.lend(2, 2)
    with turn(ground.session):
        assert ground.session.rows("SHOW lock_timeout") == [("2s",)]
    with ground.enter(host) as inside:
        inside.execute(f'BEGIN; CREATE TABLE t (x int); GRANT SELECT ON t TO "{guest.role}"')
        with pytest.raises(ServerBusy):
            drop_lease(ground.session, ground.pool_id, 1)
        assert ground.databases() == {host.name}
        again = ground.lend(1, 3)  # what is left of the first has no name that the next needs
        assert again.name == guest.name
        inside.execute("COMMIT")
    drop_lease(ground.session, ground.pool_id, 1)
    assert ground.roles() == {host.role, again.role, f"{ground.prefix}_owner"}


def test_one_database_that_is_held_keeps_no_other_open(ground: Ground) -> None:
    one, other = ground.lend(1, 1), ground.lend(2, 2)
    held, free = f"a_{one.name}", f"b_{one.name}"
    with ground.enter(one) as inside:
        for name in (held, free):
            inside.execute(f'CREATE DATABASE "{name}"')
        inside.execute(f'BEGIN; GRANT CONNECT ON DATABASE "{held}" TO "{other.role}"')
        with pytest.raises(ServerBusy):
            shut_public_out(ground.session, ground.pool_id)
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            ground.enter(other, free)
        inside.execute("COMMIT")
    assert shut_public_out(ground.session, ground.pool_id) == [held]
    ground.enter(other, held).close()
