"""Slots: the only place where a slot changes its state.

Every change is one statement guarded by the state and the fence that were read, and one event,
in the caller's transaction. A row that moved on meanwhile raises LostRace.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from poolmgr.core.errors import LostRace
from poolmgr.core.lifecycle import State, is_allowed
from poolmgr.core.records import Moment, Slot
from poolmgr.store.protocol import ConstraintBroken, Session
from poolmgr.store.tables.events import Note, add_event
from poolmgr.store.tables.rows import moment_values, parse_slot, text_of


class NewSlot(NamedTuple):
    """What a slot enters the pool with."""

    number: int
    generation: int
    name: str
    path: Path
    state: State
    fence: int
    branch: str | None = None
    lease_id: str | None = None
    base_ref: str = ""
    base_oid: str = ""
    view: str = ""


def live_slots(session: Session) -> tuple[Slot, ...]:
    """Every slot that has, or may have, a directory."""
    return tuple(parse_slot(row) for row in session.all("live_slots"))


def unmade_slots(session: Session) -> frozenset[int]:
    """The ids of slots that could not be made."""
    return frozenset(int(str(row["id"])) for row in session.all("unmade_slots"))


def add_slot(session: Session, new: NewSlot, *, note: Note, now: Moment) -> Slot:
    """A slot enters the pool."""
    if not is_allowed(None, new.state):
        raise AssertionError(f"a slot cannot begin as {new.state}")
    try:
        row = session.one(
            "add_slot", number=new.number, generation=new.generation, name=new.name,
            path=os.fsencode(new.path), state=new.state.value, fence=new.fence, branch=new.branch,
            lease_id=new.lease_id, base_ref=new.base_ref, base_oid=new.base_oid, view=new.view,
            **moment_values(now),
        )  # fmt: skip
    except ConstraintBroken as error:
        raise LostRace(f"{new.name} exists already", hint="try again") from error
    if row is None:
        raise AssertionError("an insert answers its row")
    slot = parse_slot(row)
    add_event(session, slot=slot, source="", note=note, seconds=None, now=now)
    return slot


def move_slot(
    session: Session, slot: Slot, target: State, *, note: Note, now: Moment, **changes: object
) -> Slot:
    """The slot in its next state; `changes` are fields of Slot that change with it."""
    if not is_allowed(slot.state, target):
        raise AssertionError(f"{slot.state} to {target} is not in the table")
    wanted = slot._replace(state=target, **changes)  # type: ignore[arg-type]
    try:
        row = session.one(
            "move_slot", source=slot.state.value, target=target.value, next_fence=wanted.fence,
            base_ref=wanted.base_ref, base_oid=wanted.base_oid, branch=wanted.branch,
            lease_id=wanted.lease_id, **noted(slot, wanted), **moment_values(now),
        )  # fmt: skip
    except ConstraintBroken as error:
        raise LostRace(f"another slot was first: {error}", hint="try again") from error
    moved = require_row(row, slot)
    add_event(session, slot=moved, source=slot.state.value, note=note, seconds=now.since(slot.since), now=now)
    return moved


def note_slot(session: Session, slot: Slot, **changes: object) -> Slot:
    """Facts beside the state."""
    wanted = slot._replace(**changes)  # type: ignore[arg-type]
    return require_row(session.one("note_slot", source=slot.state.value, **noted(slot, wanted)), slot)


def noted(slot: Slot, wanted: Slot) -> dict[str, object]:
    """The columns both statements write."""
    return {
        "id": slot.id, "fence": slot.fence, "path": os.fsencode(wanted.path), "drains": wanted.drains,
        "superseded": wanted.superseded, "warm": wanted.warm, "warm_key": wanted.warm_key,
        "error": text_of(wanted.error), "view": wanted.view,
    }  # fmt: skip


def require_row(row: object, slot: Slot) -> Slot:
    """The row, or the news that somebody else was first."""
    if row is None:
        raise LostRace(f"{slot.name} changed meanwhile", hint="try again")
    return parse_slot(row)  # type: ignore[arg-type]
