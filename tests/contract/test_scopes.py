"""A lease keeps its scope, what it was let go with, and what its holder has not been told."""

from __future__ import annotations

import pytest

from poolmgr.core.errors import LostRace
from poolmgr.core.lifecycle import State
from poolmgr.core.records import Lease, News
from poolmgr.core.scope import Scope
from poolmgr.store.protocol import Engine, Session
from poolmgr.store.tables.leases import (
    add_news,
    drop_news,
    end_lease,
    find_lease,
    note_outside,
    outside_of_branches,
    set_scope,
    settle_scope,
)
from tests.contract.rows import lend, moment, slot_in

ODD = Scope(owns=("src/**", "!src/a\udcff"), sees=("docs",))


def lease_in(session: Session) -> Lease:
    lease = find_lease(session, "l1")
    assert lease
    return lease


def test_a_scope_comes_back_as_it_was_given(engine: Engine) -> None:
    slot = slot_in(engine, State.LEASED)
    with engine.write() as session:
        assert lend(session, slot, scope=ODD, shared=("*.lock",)).scope == ODD
        assert lease_in(session).shared == ("*.lock",)


def test_no_scope_is_not_an_empty_one(engine: Engine) -> None:
    slot = slot_in(engine, State.LEASED)
    with engine.write() as session:
        assert lend(session, slot).scope is None
        everything = Scope(owns=(), everything=True)
        set_scope(session, lease_in(session)._replace(scope=everything), changing="me")
        assert lease_in(session).scope == everything


def test_a_change_of_scope_is_open_until_it_is_settled(engine: Engine) -> None:
    slot = slot_in(engine, State.LEASED)
    with engine.write() as session:
        changed = set_scope(session, lend(session, slot)._replace(scope=ODD), changing="me")
        assert lease_in(session).changing == "me"
        settle_scope(session, changed)
        assert lease_in(session).changing is None


def test_a_lease_that_ended_gets_no_other_scope(engine: Engine) -> None:
    slot = slot_in(engine, State.LEASED)
    with engine.write() as session:
        lease = lend(session, slot)
        end_lease(session, lease.id, reason="over", now=moment())
        with pytest.raises(LostRace):
            set_scope(session, lease._replace(scope=ODD), changing="me")


def test_news_are_kept_once_until_they_are_told_or_what_they_are_about_is_over(engine: Engine) -> None:
    slot = slot_in(engine, State.LEASED)
    with engine.write() as session:
        lend(session, slot)
        add_news(session, "l1", "it was granted")
        add_news(session, "l1", "bob owns src/a, too", about="over")
        assert lease_in(session).news == (News("it was granted"),)
        for _ in range(2):
            add_news(session, "l1", "carol owns src/b, too", about="l1")
        assert lease_in(session).news == (News("it was granted"), News("carol owns src/b, too", "l1"))
        drop_news(session, "l1")
        assert lease_in(session).news == ()


def test_what_leases_of_a_branch_were_let_go_with_adds_up(engine: Engine) -> None:
    slot = slot_in(engine, State.LEASED)
    with engine.write() as session:
        note_outside(session, lend(session, slot).id, ("b", "a\udcff"))
        end_lease(session, "l1", reason="over", now=moment())
        note_outside(session, lend(session, slot, lease_id="l2").id, ("a\udcff", "c"))
        assert outside_of_branches(session) == {"b1": ("a\udcff", "b", "c")}
