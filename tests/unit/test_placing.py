"""Numbers, directories and how many slots there should be, by property."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from poolmgr.core.lifecycle import ASIDE, HELD, State
from poolmgr.core.placing import counted, missing, next_place, slot_name
from poolmgr.core.records import Slot
from tests.unit.records import request, slot, snapshot

ROOM = Path("/slots")


@st.composite
def pools(draw: st.DrawFn) -> tuple[Slot, ...]:
    """Slots as they may lie about: numbers in several generations, draining, superseded, aside."""
    keys = draw(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 3)), unique=True, max_size=8))
    live = [state for state in State if state is not State.RETIRED]
    return tuple(
        slot(
            number, draw(st.sampled_from(live)), generation=generation,
            drains=draw(st.booleans()), superseded=draw(st.booleans()),
        )
        for number, generation in keys
    )  # fmt: skip


def nothing(_: Path) -> bool:
    return False


def test_the_first_slot_is_number_one() -> None:
    place = next_place(snapshot(), ROOM, is_taken=nothing)
    assert (place.number, place.generation, place.path) == (1, 1, ROOM / "pool-wt-1")
    assert place.name == "pool-wt-1"


def test_a_gap_is_filled_first() -> None:
    assert next_place(snapshot(slot(1), slot(3)), ROOM, is_taken=nothing).number == 2


def test_a_superseded_slot_hands_its_number_on_in_the_next_generation() -> None:
    place = next_place(snapshot(slot(1, State.RELEASING, superseded=True)), ROOM, is_taken=nothing)
    assert (place.number, place.generation, place.name) == (1, 2, "pool-wt-1.g2")


def test_a_slot_that_drains_keeps_its_number_for_now() -> None:
    assert next_place(snapshot(slot(1, State.RELEASING, drains=True)), ROOM, is_taken=nothing).number == 2


def test_a_directory_somebody_else_made_is_left_alone() -> None:
    taken = {ROOM / "pool-wt-1", ROOM / "pool-wt-1.g2"}
    assert next_place(snapshot(), ROOM, is_taken=taken.__contains__).name == "pool-wt-1.g3"


@given(pools(), st.sets(st.tuples(st.integers(1, 6), st.integers(1, 4))))
def test_a_new_place_is_nobody_elses(slots: tuple[Slot, ...], foreign: set[tuple[int, int]]) -> None:
    taken = {ROOM / slot_name(*key) for key in foreign}
    place = next_place(snapshot(*slots), ROOM, is_taken=taken.__contains__)
    assert place.path not in taken
    assert place.path not in {each.path for each in slots}
    assert (place.number, place.generation) not in {(each.number, each.generation) for each in slots}
    assert place.number not in {each.number for each in counted(snapshot(*slots))}


@given(pools(), st.integers(1, 10), st.integers(1, 10), st.integers(0, 10))
def test_what_is_missing_never_makes_the_pool_larger_than_its_maximum(
    slots: tuple[Slot, ...], size: int, most: int, waiting: int
) -> None:
    snap = snapshot(*slots, size=size)
    new = missing(snap, most=most, waiting=waiting)
    assert new >= 0
    assert new == 0 or len(counted(snap)) + new <= most


@given(pools())
def test_whoever_holds_a_slot_counts_unless_its_number_went_on(slots: tuple[Slot, ...]) -> None:
    present = counted(snapshot(*slots))
    assert {each for each in slots if each.state in HELD and not each.superseded} <= set(present)
    assert not {each for each in present if each.state in ASIDE}


def test_a_pool_grows_to_its_size_and_for_those_who_wait() -> None:
    assert missing(snapshot(size=4), most=10, waiting=0) == 4
    held = [slot(number, State.LEASED) for number in range(1, 5)]
    assert missing(snapshot(*held, size=4), most=10, waiting=3) == 3
    assert missing(snapshot(*held, size=4), most=5, waiting=3) == 1
    assert missing(snapshot(*held, slot(5), size=5), most=10, waiting=1) == 0


def test_nobody_makes_a_second_slot_for_one_that_is_being_made() -> None:
    held = slot(1, State.LEASED)
    assert missing(snapshot(held, slot(2, State.CREATING), size=1), most=9, waiting=1) == 0


def test_a_slot_that_drains_is_replaced_only_when_somebody_waits() -> None:
    draining = slot(1, State.RELEASING, drains=True)
    held = slot(2, State.LEASED)
    assert missing(snapshot(draining, held, size=2), most=2, waiting=0) == 0
    waiting = snapshot(draining, held, size=2, queue=(request(1),))
    assert missing(waiting, most=2, waiting=1) == 1
    assert missing(snapshot(draining._replace(superseded=True), held, size=2), most=2, waiting=0) == 1


def test_what_could_not_be_made_is_not_made_again_and_again() -> None:
    failed = snapshot(slot(1, State.BROKEN), slot(2, State.BROKEN), size=3)
    assert missing(failed, most=10, waiting=0) == 3
    unmade = failed._replace(unmade=frozenset(each.id for each in failed.slots))
    assert missing(unmade, most=10, waiting=0) == 1
    assert missing(unmade, most=2, waiting=5) == 0
