"""What every engine promises about transactions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from poolmgr.core.lifecycle import State
from poolmgr.store.protocol import ConstraintBroken, Engine
from poolmgr.store.snapshot import lift_fence, raise_fence, read_meta, read_snapshot, write_meta
from poolmgr.store.tables.events import add_pool_event, events_after, forget_events, last_events
from poolmgr.store.tables.slots import add_slot
from tests.contract.conftest import OpenEngine
from tests.contract.rows import NOTE, ask, moment, new_slot, slot_in


class Stop(Exception):
    """A test's own error."""


def test_a_new_state_has_its_first_facts_and_nothing_else(engine: Engine) -> None:
    with engine.read() as session:
        snapshot = read_snapshot(session)
    assert (snapshot.pool_id, snapshot.size) == ("p", 2)
    assert (snapshot.slots, snapshot.leases, snapshot.queue, snapshot.ops) == ((), (), (), ())


def test_what_one_writes_another_reads(connect: OpenEngine) -> None:
    one, other = connect(), connect()
    with one.write() as session:
        write_meta(session, "size", "7")
    with other.read() as session:
        assert read_meta(session)["size"] == "7"


def test_an_error_undoes_the_whole_transaction(engine: Engine) -> None:
    with pytest.raises(Stop), engine.write() as session:  # noqa: PT012 - what was written before counts
        write_meta(session, "size", "7")
        add_slot(session, new_slot(), note=NOTE, now=moment())
        raise Stop
    with engine.read() as session:
        assert read_snapshot(session).size == 2
        assert read_snapshot(session).slots == ()
        assert last_events(session, 10) == ()


def test_a_broken_rule_is_told_and_undoes_the_transaction(engine: Engine) -> None:
    with engine.write() as session:
        ask(session, "r1")
    with pytest.raises(ConstraintBroken), engine.write() as session:  # noqa: PT012 - the same
        write_meta(session, "size", "7")
        ask(session, "r1")
    with engine.read() as session:
        assert read_snapshot(session).size == 2
    with engine.write() as session:
        write_meta(session, "size", "8")


def test_a_reader_sees_one_moment(connect: OpenEngine) -> None:
    reader, writer = connect(), connect()
    with reader.read() as seen:
        before = read_meta(seen)
        with writer.write() as session:
            write_meta(session, "size", "7")
        assert read_meta(seen) == before
    with reader.read() as seen:
        assert read_meta(seen)["size"] == "7"


def test_an_unfinished_write_is_seen_by_nobody(connect: OpenEngine) -> None:
    reader, writer = connect(), connect()
    with writer.write() as session:
        write_meta(session, "size", "7")
        with reader.read() as seen:
            assert read_meta(seen)["size"] == "2"


def test_writers_take_turns_and_no_fence_is_given_twice(connect: OpenEngine) -> None:
    def raise_some(engine: Engine) -> list[int]:
        fences = []
        for _ in range(25):
            with engine.write() as session:
                fences.append(raise_fence(session))
        return fences

    engines = [connect() for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        found = [fence for fences in threads.map(raise_some, engines) for fence in fences]
    assert sorted(found) == list(range(1, 201))


def test_a_fence_is_lifted_and_never_lowered(engine: Engine) -> None:
    with engine.write() as session:
        lift_fence(session, 40)
        lift_fence(session, 12)
        assert raise_fence(session) == 41


def test_text_comes_back_as_it_was(engine: Engine) -> None:
    hostile = '\'; DROP TABLE slots; -- \N{RIGHT-TO-LEFT OVERRIDE}\n\t"%s" :id ?'
    with engine.write() as session:
        ask(session, hostile, agent=hostile)
    with engine.read() as session:
        (request,) = read_snapshot(session).queue
    assert (request.id, request.agent) == (hostile, hostile)


def test_the_log_keeps_its_last_lines(engine: Engine) -> None:
    with engine.write() as session:
        for number in range(10):
            add_pool_event(session, NOTE._replace(reason=str(number)), now=moment())
        forget_events(session, keep=4)
        assert [event.reason for event in last_events(session, 100)] == ["6", "7", "8", "9"]
        third = last_events(session, 100)[1]
        assert [event.reason for event in events_after(session, third.id)] == ["8", "9"]


def test_every_state_can_be_stored(engine: Engine) -> None:
    for number, state in enumerate(State, start=1):
        assert slot_in(engine, state, number).state is state
