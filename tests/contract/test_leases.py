"""Leases, requests and intents: each ends once, and belongs to one."""

from __future__ import annotations

import pytest

from poolmgr.core.errors import LostRace
from poolmgr.core.lifecycle import State
from poolmgr.core.records import LeaseKind, OpKind, RequestState
from poolmgr.store.protocol import ConstraintBroken, Engine
from poolmgr.store.snapshot import read_snapshot
from poolmgr.store.tables.leases import (
    databases_of_slot,
    end_lease,
    find_lease,
    last_lease_of,
    live_leases,
    note_database,
    owed_databases,
    pool_branches,
    use_lease,
)
from poolmgr.store.tables.ops import add_op, close_op, leave_op, note_op, open_ops, try_claim_op
from poolmgr.store.tables.requests import (
    adopt_request,
    deliver_request,
    find_request,
    grant_request,
    queued_requests,
    settle_request,
    undelivered_requests,
    undo_grant,
)
from tests.contract.rows import ask, lend, moment, slot_in


def test_a_lease_with_a_holder_is_bound_and_one_without_stands(engine: Engine) -> None:
    first, second = slot_in(engine, State.READY, 1), slot_in(engine, State.READY, 2)
    with engine.write() as session:
        assert lend(session, first).kind is LeaseKind.STANDING
        bound = lend(session, second, lease_id="l2", branch="b2", holder="host:boot:1:2:3")
    assert (bound.kind, bound.holder) == (LeaseKind.BOUND, "host:boot:1:2:3")


def test_a_slot_and_a_branch_have_one_lease_at_a_time(engine: Engine) -> None:
    first, second = slot_in(engine, State.READY, 1), slot_in(engine, State.READY, 2)
    with engine.write() as session:
        lend(session, first)
    with pytest.raises(LostRace), engine.write() as session:
        lend(session, first, lease_id="l2", branch="b2")
    with pytest.raises(LostRace), engine.write() as session:
        lend(session, second, lease_id="l2", branch="b1")
    with engine.write() as session:
        end_lease(session, "l1", reason="done", now=moment())
        lend(session, first, lease_id="l2", branch="b1")
        assert [lease.id for lease in live_leases(session)] == ["l2"]


def test_a_lease_ends_once_and_is_not_used_afterwards(engine: Engine) -> None:
    slot = slot_in(engine, State.READY)
    with engine.write() as session:
        lend(session, slot)
        use_lease(session, "l1", now=moment(200))
        end_lease(session, "l1", reason="first", now=moment(300))
        end_lease(session, "l1", reason="second", now=moment(400))
        use_lease(session, "l1", now=moment(500))
        ended = find_lease(session, "l1")
        row = last_lease_of(session, "b1")
    assert ended
    assert ended.used.mono == 200
    assert row
    assert (row["reason"], row["ended_wall"]) == ("first", moment(300).wall)
    assert row["slot_name"] == slot.name


def test_every_branch_that_was_lent_is_remembered(engine: Engine) -> None:
    slot = slot_in(engine, State.READY)
    with engine.write() as session:
        for number in (1, 2):
            lend(session, slot, lease_id=f"l{number}", branch=f"b{number}")
            end_lease(session, f"l{number}", reason="done", now=moment())
        assert [row["branch"] for row in pool_branches(session)] == ["b1", "b2"]


def test_a_request_is_granted_once(engine: Engine) -> None:
    with engine.write() as session:
        ask(session)
        granted = grant_request(session, "r1", "l1")
        assert granted
        assert (granted.state, granted.lease_id) == (RequestState.GRANTED, "l1")
        assert grant_request(session, "r1", "l2") is None
        assert settle_request(session, "r1", RequestState.CANCELLED, "late") is None
        assert adopt_request(session, "r1", "another") is None


def test_a_request_that_left_the_queue_gets_nothing(engine: Engine) -> None:
    with engine.write() as session:
        ask(session)
        assert settle_request(session, "r1", RequestState.EXPIRED, "time is up")
        assert grant_request(session, "r1", "l1") is None
        assert queued_requests(session) == ()
        found = find_request(session, "r1")
    assert found
    assert (found.state, found.reason, found.lease_id) == (RequestState.EXPIRED, "time is up", None)


def test_a_grant_that_came_to_nothing_gives_the_old_place_back(engine: Engine) -> None:
    with engine.write() as session:
        for name in ("r1", "r2"):
            ask(session, name)
        grant_request(session, "r1", "l1")
        assert undo_grant(session, "r1", "other") is None
        assert undo_grant(session, "r1", "l1")
        assert [request.id for request in queued_requests(session)] == ["r1", "r2"]


def test_who_has_not_been_told_is_known_while_the_lease_lives(engine: Engine) -> None:
    slot = slot_in(engine, State.READY)
    with engine.write() as session:
        ask(session)
        lend(session, slot)
        grant_request(session, "r1", "l1")
        assert [request.id for request in undelivered_requests(session)] == ["r1"]
        deliver_request(session, "r1")
        assert undelivered_requests(session) == ()


@pytest.mark.parametrize("priority", [-1, 5])
def test_priorities_go_from_0_to_4(engine: Engine, priority: int) -> None:
    with pytest.raises(ConstraintBroken), engine.write() as session:
        ask(session, priority=priority)


def test_an_intent_has_one_owner_and_is_exchanged_against_the_one_read(engine: Engine) -> None:
    slot = slot_in(engine, State.RECYCLING)
    with engine.write() as session:
        op = add_op(session, slot, OpKind.RECYCLE, owner="dead", args={"a": 1}, now=moment())
        ours = try_claim_op(session, op, "first")
        assert ours
        assert (ours.owner, ours.attempts) == ("first", 1)
        assert try_claim_op(session, op, "second") is None
        leave_op(session, ours, attempts=0)
        (free,) = open_ops(session)
        assert free.owner is None
        assert try_claim_op(session, free, "third")


def test_a_slot_has_one_intent_at_a_time(engine: Engine) -> None:
    slot = slot_in(engine, State.RECYCLING)
    with engine.write() as session:
        op = add_op(session, slot, OpKind.RECYCLE, owner=None, args={}, now=moment())
    with pytest.raises(LostRace), engine.write() as session:
        add_op(session, slot, OpKind.RETIRE, owner=None, args={}, now=moment())
    with engine.write() as session:
        close_op(session, op, now=moment())
        add_op(session, slot, OpKind.RETIRE, owner=None, args={}, now=moment())


def test_a_closed_intent_stays_closed(engine: Engine) -> None:
    slot = slot_in(engine, State.RECYCLING)
    with engine.write() as session:
        op = add_op(session, slot, OpKind.RECYCLE, owner="us", args={}, now=moment())
        close_op(session, op, now=moment())
    with pytest.raises(LostRace), engine.write() as session:
        close_op(session, op, now=moment())
    with pytest.raises(LostRace), engine.write() as session:
        note_op(session, op, {"late": True})
    with engine.write() as session:
        assert try_claim_op(session, op, "late") is None
        assert read_snapshot(session).ops == ()


def test_what_an_intent_learned_is_kept(engine: Engine) -> None:
    slot = slot_in(engine, State.RECYCLING)
    with engine.write() as session:
        op = add_op(session, slot, OpKind.RECYCLE, owner="us", args={"a": 1}, now=moment())
        note_op(session, op, {"a": 1, "rescue": "1-2"})
    with engine.read() as session:
        assert open_ops(session)[0].args == '{"a": 1, "rescue": "1-2"}'


def test_a_database_is_owed_when_its_lease_is_over_and_its_slot_goes_on(engine: Engine) -> None:
    slot = slot_in(engine, State.READY)
    with engine.write() as session:
        lend(session, slot)
        note_database(session, "l1", "app_wt-1", "embedded")
        assert [(lease.database, lease.server) for lease in live_leases(session)] == [
            ("app_wt-1", "embedded")
        ]
        assert owed_databases(session) == databases_of_slot(session, slot.id) == ()
        end_lease(session, "l1", reason="done", now=moment())
        assert [lease.id for lease in databases_of_slot(session, slot.id)] == ["l1"]
        assert [lease.id for lease in owed_databases(session)] == ["l1"]
        note_database(session, "l1", "")
        assert owed_databases(session) == databases_of_slot(session, slot.id) == ()


@pytest.mark.parametrize("state", [State.RELEASING, State.RECYCLING, State.PARKED, State.BROKEN])
def test_on_its_slots_own_road_a_database_is_not_owed(engine: Engine, state: State) -> None:
    slot = slot_in(engine, state)
    with engine.write() as session:
        lend(session, slot)
        note_database(session, "l1", "app_wt-1")
        end_lease(session, "l1", reason="done", now=moment())
        assert owed_databases(session) == ()
        assert [lease.id for lease in databases_of_slot(session, slot.id)] == ["l1"]
