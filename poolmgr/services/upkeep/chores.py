"""What has to be done when nobody asks: finish, clean, grow, shrink, prepare.

Any command may do it and several may do it at once: each piece is an op that one process takes
up under the slot's lock. `run_round` does what can be done now.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from poolmgr.core.errors import LostRace
from poolmgr.core.lifecycle import State
from poolmgr.core.placing import counted, missing, next_place
from poolmgr.core.records import OpKind, Slot, Snapshot
from poolmgr.services.ground.job import Turn, turn_slot
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.start_point import require_base
from poolmgr.services.ground.turns import in_turn
from poolmgr.services.lending.cancel import expire_dead
from poolmgr.services.life import release
from poolmgr.services.life.clearing import try_clear
from poolmgr.services.life.create import new_slot
from poolmgr.services.upkeep.due import Due, due, is_abandoned, is_preparing
from poolmgr.services.upkeep.recover import try_go_on
from poolmgr.services.upkeep.suspect import watch_idle
from poolmgr.services.upkeep.undelivered import take_back
from poolmgr.store.snapshot import raise_fence, read_snapshot, write_meta
from poolmgr.store.tables.ops import add_op
from poolmgr.store.tables.slots import add_slot

GROWTH = 8  # at a time; more follow in the next round


def run_round(pool: Pool, *, progress: Callable[[str], None] = lambda _: None, prepares: bool = True) -> bool:
    """One look and everything it finds; whether anything moved. Preparing slots can be left out."""
    now = read_moment()
    snapshot = pool.snapshot()
    if expire_dead(pool, snapshot):
        snapshot = pool.snapshot()
    todo = due(pool, snapshot, now)
    moved = False
    for slot in todo.dead:
        moved |= attempt(lambda slot=slot: end_dead(pool, snapshot, slot))  # type: ignore[misc]
    for slot in todo.unheard:
        moved |= attempt(lambda slot=slot: take_back(pool, snapshot, slot))  # type: ignore[misc]
    moved |= attempt(lambda: grow(pool)) if todo.wanted else False
    for slot in todo.spare:
        moved |= attempt(lambda slot=slot: start_retire(pool, slot, "nobody wanted it"))  # type: ignore[misc]
    for slot in todo.partial:
        moved |= attempt(lambda slot=slot: start_recycle(pool, slot, "to be whole", whole=True))  # type: ignore[misc]
    for slot in todo.cold[:1] if prepares and not todo.wanted else ():
        moved |= attempt(lambda slot=slot: start_recycle(pool, slot, "commands are due", warm=True))  # type: ignore[misc]
    fresh = pool.snapshot()
    by_id = {slot.id: slot for slot in fresh.slots}
    for op in fresh.ops:
        if op.slot_id in by_id and is_abandoned(op) and (prepares or not is_preparing(op)):
            slot = by_id[op.slot_id]
            done = try_go_on(pool, slot, op)
            moved |= done and not slot.drains
            progress(slot.name)
    for slot in todo.unset:
        moved |= try_set_scope(pool, snapshot, slot)
    moved |= tidy(pool, todo)
    moved |= keep_house(pool) if todo.house and prepares else False
    for slot in todo.idle:
        moved |= attempt(lambda slot=slot: watch_idle(pool, snapshot, slot))  # type: ignore[misc]
    return moved


def keep_house(pool: Pool) -> bool:
    """What databases need; where slots have none, nothing is loaded for it."""
    from poolmgr.services.databases import house

    return house.keep_house(pool)


def attempt(action: Callable[[], object]) -> bool:
    """Whether it was ours to do; somebody else may have been first."""
    try:
        action()
    except LostRace:
        return False
    return True


def end_dead(pool: Pool, snapshot: Snapshot, slot: Slot) -> None:
    """A bound lease ends with its process; everything is rescued."""
    release.reclaim(pool, snapshot, slot, reason="its process ended")


def try_set_scope(pool: Pool, snapshot: Snapshot, slot: Slot) -> bool:
    """A change of scope whose process died comes to its end; False while somebody else is at it."""
    from poolmgr.services.scoping.change import finish_change

    lease = snapshot.lease_of(slot)
    with suppress(LostRace):
        return lease is not None and finish_change(pool, slot, lease)
    return False


def tidy(pool: Pool, todo: Due) -> bool:
    """What nobody needs any more, as far as nobody is in it."""
    gone = [try_clear(pool, aside) for aside in todo.asides[:1]]
    return any([*gone, *(try_clear_build(pool, fp) for fp in todo.builds)])


def try_clear_build(pool: Pool, fp: str) -> bool:
    """Whether the checkout of a template's dead builder is gone; False while its commands hold on."""
    from poolmgr.services.databases.builds import try_clear

    return try_clear(pool, fp, patience=0)


def grow(pool: Pool) -> None:
    """Intents for the slots that are missing; counted again inside the transaction."""
    base = require_base(pool, None)
    now = read_moment()
    with pool.engine.write() as session:
        fresh = read_snapshot(session)
        count = missing(fresh, most=pool.settings.pool.max, waiting=len(in_turn(pool, fresh, now)))
        if not count:
            raise LostRace("nothing is missing any more")
        for _ in range(min(count, GROWTH)):
            place = next_place(read_snapshot(session), Path(pool.facts.slots_dir), is_taken=os.path.lexists)
            slot = add_slot(
                session, new_slot(place, base, raise_fence(session)), note=pool.note("create"), now=now
            )
            add_op(session, slot, OpKind.CREATE, owner=None, args={}, now=now)


def start_retire(pool: Pool, slot: Slot, reason: str, *, lower: bool = True) -> None:
    """The intent to take a slot away; the wanted size follows."""
    with pool.engine.write() as session:
        snapshot = read_snapshot(session)
        if lower:
            left = len(counted(snapshot)) - 1
            if snapshot.size > left:
                write_meta(session, "size", str(left))
        turn = Turn(
            target=State.RETIRING,
            kind=OpKind.RETIRE,
            note=pool.note("retire", reason),
            args={"reason": reason, "pinned": slot.state is not State.READY},
        )
        turn_slot(session, slot, turn, read_moment())


def start_recycle(pool: Pool, slot: Slot, reason: str, *, warm: bool = False, whole: bool = False) -> None:
    """A free slot leaves the shelf to be moved to a newer base, made whole, or while its commands run."""
    with pool.engine.write() as session:
        turn = Turn(
            target=State.RECYCLING,
            kind=OpKind.RECYCLE,
            note=pool.note("refresh", reason),
            args={"warm": warm, "whole": whole},
        )
        turn_slot(session, slot, turn, read_moment())
