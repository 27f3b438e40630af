"""The table of a slot's life, against itself and against the schema."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import poolmgr.store
from poolmgr.core.lifecycle import (
    ASIDE,
    ENTRANCES,
    HELD,
    OP_STATES,
    TRANSITIONS,
    State,
    is_allowed,
    sources,
)

SCHEMA = (Path(poolmgr.store.__file__).parent / "schema.sql").read_text()
states = st.sampled_from(list(State))


def names_after(words: str) -> list[set[str]]:
    """The state names in each list that follows these words in the schema."""
    found = re.findall(re.escape(words) + r"\s*\(([^)]*)\)", SCHEMA)
    return [set(re.findall(r"'([A-Z]+)'", group)) for group in found]


def reachable(start: State, *, without: frozenset[State] = frozenset()) -> set[State]:
    """Where a slot may come from a state."""
    seen, todo = {start}, [start]
    while todo:
        fresh = TRANSITIONS[todo.pop()] - seen - without
        seen |= fresh
        todo += fresh
    return seen


def test_the_table_and_the_schema_know_the_same_states() -> None:
    assert set(TRANSITIONS) == set(State)
    assert names_after("state TEXT NOT NULL CHECK (state IN")[0] == {state.value for state in State}


def test_the_schema_wants_a_lease_exactly_where_a_slot_is_held() -> None:
    assert {state.value for state in HELD} in names_after("CHECK ((state IN")


def test_only_retired_is_the_end() -> None:
    assert [state for state, targets in TRANSITIONS.items() if not targets] == [State.RETIRED]


def test_nothing_stays_as_it_is_by_a_move() -> None:
    assert [state for state, targets in TRANSITIONS.items() if state in targets] == []


@pytest.mark.parametrize("state", State)
def test_every_state_can_be_reached_and_left(state: State) -> None:
    assert any(state in reachable(entrance) for entrance in ENTRANCES)
    assert State.RETIRED in reachable(state)


@pytest.mark.parametrize("held", sorted(HELD - {State.ASSIGNING}))
def test_a_slot_that_was_lent_is_cleaned_only_after_its_release(held: State) -> None:
    """Work lies in it: whatever way it takes to READY or RETIRED, it passes RELEASING."""
    around = reachable(held, without=frozenset({State.RELEASING}))
    assert around <= {State.LEASED, State.SUSPECT}


def test_only_what_is_clean_or_proven_kept_is_recycled_or_retired() -> None:
    assert sources(State.RECYCLING) == {State.READY, State.ASSIGNING, State.RELEASING}
    assert sources(State.RETIRING) == {State.READY, State.PARKED, State.BROKEN}
    assert sources(State.LEASED) == {State.ASSIGNING, State.SUSPECT}


def test_whatever_is_worked_on_may_break_but_a_release_may_also_be_parked() -> None:
    assert sources(State.BROKEN) == OP_STATES
    assert sources(State.PARKED) == {State.RELEASING}


def test_a_slot_is_not_held_and_aside_at_once() -> None:
    assert not HELD & ASIDE


@given(source=states, target=states)
def test_sources_are_the_table_read_backwards(source: State, target: State) -> None:
    assert (source in sources(target)) == is_allowed(source, target)


@given(target=states)
def test_a_slot_enters_by_the_entrances_alone(target: State) -> None:
    assert is_allowed(None, target) == (target in ENTRANCES)


@given(st.lists(states, max_size=30))
def test_whatever_is_tried_a_life_keeps_to_the_table(tries: list[State]) -> None:
    state = State.CREATING
    lived = [state]
    for target in tries:
        if is_allowed(state, target):
            state = target
            lived.append(state)
    for before, after in pairwise(lived):
        assert before in sources(after)
    if State.RETIRED in lived:
        assert lived[-1] is State.RETIRED
