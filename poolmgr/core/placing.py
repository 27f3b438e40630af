"""Which numbers and directories new slots get, and how many there should be. Pure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from poolmgr.core.lifecycle import ASIDE, OP_STATES, State
from poolmgr.core.records import Slot, Snapshot


class Place(NamedTuple):
    """A number, its generation, and the directory that follows from them."""

    number: int
    generation: int
    path: Path

    @property
    def name(self) -> str:
        """What people call it."""
        return slot_name(self.number, self.generation)


def slot_name(number: int, generation: int) -> str:
    """pool-wt-3, and pool-wt-3.g2 for the directory that came after it."""
    return f"pool-wt-{number}" + (f".g{generation}" if generation > 1 else "")


def counts(slot: Slot) -> bool:
    """Whether a slot takes a place under the maximum."""
    return (
        slot.state not in ASIDE
        and not slot.superseded
        and not (slot.state is State.RELEASING and slot.drains)
    )


def counted(snapshot: Snapshot) -> tuple[Slot, ...]:
    """The slots that take places under the maximum."""
    return tuple(slot for slot in snapshot.slots if counts(slot))


def next_place(snapshot: Snapshot, slots_dir: Path, *, is_taken: Callable[[Path], bool]) -> Place:
    """The lowest number nobody uses, in a directory that nobody else has."""
    used = {slot.number for slot in snapshot.slots if counts(slot) or slot_waits(slot)}
    number = next(n for n in range(1, len(used) + 2) if n not in used)
    generations = {slot.generation for slot in snapshot.slots if slot.number == number}
    generation = max(generations, default=0) + 1
    while is_taken(slots_dir / slot_name(number, generation)):
        generation += 1
    return Place(number=number, generation=generation, path=slots_dir / slot_name(number, generation))


def slot_waits(slot: Slot) -> bool:
    """A slot that drains keeps its number until it is superseded."""
    return slot.state is State.RELEASING and slot.drains and not slot.superseded


def missing(snapshot: Snapshot, *, most: int, waiting: int) -> int:
    """How many slots to make: up to the wanted size, and one for everybody who would wait.

    One that could not be made stands for those that would fail in its place: what stops one stops
    the next, and a pool that tries for ever fills the disk.
    """
    present = counted(snapshot)
    back_soon = sum(slot_waits(slot) for slot in snapshot.slots)
    coming = sum(slot.state is State.READY or slot.state in OP_STATES - {State.ASSIGNING} for slot in present)
    wanted = max(snapshot.size - len(present) - back_soon, waiting - coming, 0)
    return max(0, min(wanted, most - len(present)) - len(snapshot.unmade))
