"""Drops while somebody's client does not read: they have their time, and hold up nobody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from isolation.database import dropping
from isolation.database.catalog import list_ours
from isolation.database.dropping import drop_lease, drop_pool, drop_rest
from isolation.database.errors import DropHeldUp, NoRight
from isolation.database.orphans import list_orphans
from isolation.database.session import Session, open_session
from isolation.database.turns import turn
from tests.fixtures.deaf import deaf
from tests.fixtures.patience import await_that
from tests.integration.grounds import Ground

DROPS = "SELECT 1 FROM pg_stat_activity WHERE query LIKE %s AND state = 'active' AND pid <> pg_backend_pid()"


@pytest.fixture(autouse=True)
def _server_that_waits(ground: Ground) -> None:
    """Before 15 a drop waited for nobody."""
    if ground.server.major < 15:
        pytest.skip("this server's drops wait for nobody")


def test_a_drop_that_is_held_up_says_by_whom_and_is_done_later(ground: Ground) -> None:
    ground.lend(1, 1)
    other = ground.lend(2, 2)
    with open_session(ground.server.superuser) as boss, deaf(ground.enter(other), boss) as pid:
        with pytest.raises(DropHeldUp, match=f"{other.role}'s session {pid}, whose client does") as caught:
            drop_lease(ground.session, ground.pool_id, 1, patience=1)
        assert f"pg_terminate_backend({pid})" in caught.value.hint
        assert caught.value.exit_code == 75
        # What is left of it is known, and no reason to forget how long other statements may take.
        assert ground.session.rows("SHOW statement_timeout") == [("15min",)]
        kinds = {each.why for each in list_orphans(ground.session, ground.pool_id, {2}, 0)}
        assert kinds == {"its lease is over"}
    drop_lease(ground.session, ground.pool_id, 1)
    assert ground.databases() == {other.name}


def test_who_is_not_ours_is_not_named(ground: Ground) -> None:
    ground.lend(1, 1)
    with open_session(ground.server.superuser) as boss:
        stranger = ground.log_in("boss", ground.server.boss.password, "postgres")
        with deaf(stranger, boss) as pid:
            seen = f"; it waits for boss's session {pid}, whose client does not read"
            why = seen if ground.session.is_superuser else "; perhaps it waits for clients that do not read"
            with pytest.raises(DropHeldUp, match=why):
                drop_lease(ground.session, ground.pool_id, 1, patience=1)
    drop_lease(ground.session, ground.pool_id, 1)


def test_a_drop_that_is_held_up_again_leaves_others_their_turn(ground: Ground) -> None:
    ground.lend(1, 1)
    other = ground.lend(2, 2)
    with open_session(ground.tcp) as late, open_session(ground.server.superuser) as boss:
        with deaf(ground.enter(other), boss), ThreadPoolExecutor(1) as threads:
            with pytest.raises(DropHeldUp):
                drop_lease(late, ground.pool_id, 1, patience=1)
            again = threads.submit(drop_lease, late, ground.pool_id, 1, patience=3)
            await_that(lambda: is_dropping(boss, ground), "the half-dropped one is tried again")
            with turn(ground.session):
                ground.session.do("SELECT 1")
            assert is_dropping(boss, ground)
            with pytest.raises(DropHeldUp):
                again.result()
        assert drop_pool(ground.session, ground.pool_id) == []


def is_dropping(boss: Session, ground: Ground) -> bool:
    """Whether a drop of the pool's is under way."""
    return bool(boss.rows(DROPS, (f"DROP DATABASE%{ground.prefix}%",)))


def test_a_half_dropped_one_whose_name_somebody_else_took_over_is_left_to_them(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent = ground.lend(1, 1)
    (stale,) = list_ours(ground.session, ground.pool_id)
    with open_session(ground.server.superuser) as boss:
        boss.do("DROP DATABASE {name}", name=lent.name)
        boss.do("CREATE DATABASE {name}", name=lent.name)
        try:
            # As it was when it was looked at, an instant before.
            monkeypatch.setattr(dropping, "require_ours", lambda *_: stale)
            with pytest.raises(NoRight, match="must be owner"):
                drop_rest(ground.session, ground.pool_id, stale)
            assert lent.name in ground.databases()
            assert ground.session.rows("SELECT current_user::text") == [(ground.tcp.user,)]
        finally:
            monkeypatch.undo()
            boss.do("DROP DATABASE {name}", name=lent.name)
