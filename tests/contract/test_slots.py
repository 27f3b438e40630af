"""Slots move only as the table says, and only from what was read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from poolmgr.core.errors import LostRace
from poolmgr.core.lifecycle import ENTRANCES, State, is_allowed
from poolmgr.store.protocol import ConstraintBroken, Engine
from poolmgr.store.snapshot import read_snapshot
from poolmgr.store.tables.events import last_events
from poolmgr.store.tables.slots import add_slot, live_slots, move_slot, note_slot
from tests.contract.rows import NOTE, moment, move, new_slot, slot_in


@pytest.mark.parametrize("source", State)
def test_a_slot_moves_as_the_table_says_and_no_other_way(engine: Engine, source: State) -> None:
    for number, target in enumerate(State, start=1):
        slot = slot_in(engine, source, number)
        with engine.write() as session:
            if is_allowed(source, target):
                assert move(session, slot, target).state is target
            else:
                with pytest.raises(AssertionError, match="not in the table"):
                    move(session, slot, target)


@pytest.mark.parametrize("state", State)
def test_a_slot_enters_only_by_an_entrance(engine: Engine, state: State) -> None:
    held = state is State.LEASED
    new = new_slot()._replace(state=state, lease_id="l1" if held else None)
    with engine.write() as session:
        if state in ENTRANCES:
            assert add_slot(session, new, note=NOTE, now=moment()).state is state
        else:
            with pytest.raises(AssertionError):
                add_slot(session, new, note=NOTE, now=moment())


def test_a_move_from_a_state_that_is_over_is_lost(engine: Engine) -> None:
    stale = slot_in(engine, State.READY)
    with engine.write() as session:
        move(session, stale, State.RECYCLING)
    with pytest.raises(LostRace), engine.write() as session:
        move(session, stale, State.RETIRING)
    with pytest.raises(LostRace), engine.write() as session:
        note_slot(session, stale, error="late")


def test_a_move_under_an_older_fence_is_lost(engine: Engine) -> None:
    stale = slot_in(engine, State.READY)
    with engine.write() as session:
        fresh = move(session, stale, State.RECYCLING, fence=9)
        move(session, fresh, State.READY)
    with pytest.raises(LostRace), engine.write() as session:
        move(session, stale, State.RETIRING)


def test_of_two_who_read_the_same_slot_one_moves_it(engine: Engine) -> None:
    slot = slot_in(engine, State.READY)
    won = []
    for target in (State.ASSIGNING, State.RETIRING, State.RECYCLING):
        try:
            with engine.write() as session:
                move(session, slot, target)
                won.append(target)
        except LostRace:
            continue
    assert won == [State.ASSIGNING]


def test_every_move_leaves_one_line_in_the_log(engine: Engine) -> None:
    slot = slot_in(engine, State.LEASED)
    with engine.read() as session:
        events = last_events(session, 10)
    assert [(event.source, event.target) for event in events] == [
        ("", "CREATING"), ("CREATING", "READY"), ("READY", "ASSIGNING"), ("ASSIGNING", "LEASED"),
    ]  # fmt: skip
    assert {(event.slot, event.actor, event.reason) for event in events} == {(slot.name, "tester", "because")}


def test_a_lost_move_leaves_no_line(engine: Engine) -> None:
    stale = slot_in(engine, State.READY)
    with engine.write() as session:
        move(session, stale, State.RECYCLING)
    with pytest.raises(LostRace), engine.write() as session:
        move(session, stale, State.RETIRING)
    with engine.read() as session:
        assert last_events(session, 1)[0].target == "RECYCLING"


@pytest.mark.parametrize(
    "twin",
    [new_slot(1), new_slot(2, path="/slots/pool-wt-1"), new_slot(1, path="/elsewhere")],
    ids=["itself", "same directory", "same number"],
)
def test_a_directory_and_a_generation_belong_to_one_slot(engine: Engine, twin: object) -> None:
    slot_in(engine, State.READY)
    with pytest.raises(LostRace), engine.write() as session:
        add_slot(session, twin, note=NOTE, now=moment())  # type: ignore[arg-type]


def test_a_retired_slot_leaves_its_directory_to_another(engine: Engine) -> None:
    slot_in(engine, State.RETIRED)
    again = slot_in(engine, State.READY)
    with engine.read() as session:
        assert [slot.id for slot in live_slots(session)] == [again.id]


def test_a_branch_belongs_to_one_slot(engine: Engine) -> None:
    first, second = slot_in(engine, State.READY, 1), slot_in(engine, State.READY, 2)
    with engine.write() as session:
        move(session, first, State.ASSIGNING, branch="fix/login")
    with pytest.raises(LostRace), engine.write() as session:
        move(session, second, State.ASSIGNING, branch="fix/login")


@pytest.mark.parametrize("state", [State.READY, State.RECYCLING])
def test_only_a_slot_that_is_lent_has_a_lease(engine: Engine, state: State) -> None:
    slot = slot_in(engine, State.CREATING if state is State.READY else State.READY)
    with pytest.raises((LostRace, ConstraintBroken)), engine.write() as session:
        move_slot(session, slot, state, note=NOTE, now=moment(), lease_id="l1")


def test_a_slot_that_is_lent_has_a_lease(engine: Engine) -> None:
    slot = slot_in(engine, State.READY)
    with pytest.raises((LostRace, ConstraintBroken)), engine.write() as session:
        move_slot(session, slot, State.ASSIGNING, note=NOTE, now=moment(), lease_id=None)


@pytest.mark.parametrize(
    "name",
    [b"/a b/pool\nwt", b"/caf\xe9/\xff\xfe", "/Zürich/池".encode()],
    ids=["newline", "latin-1", "utf-8"],
)
def test_a_path_comes_back_byte_for_byte(engine: Engine, name: bytes) -> None:
    with engine.write() as session:
        add_slot(session, new_slot(path=os.fsdecode(name)), note=NOTE, now=moment())
    with engine.read() as session:
        (slot,) = read_snapshot(session).slots
    assert slot.path == Path(os.fsdecode(name))


def test_facts_beside_the_state_change_without_a_move(engine: Engine) -> None:
    slot = slot_in(engine, State.RELEASING)
    with engine.write() as session:
        noted = note_slot(session, slot, drains=True, superseded=True, error="waits")
    assert (noted.state, noted.since) == (slot.state, slot.since)
    assert (noted.drains, noted.superseded, noted.error) == (True, True, "waits")
