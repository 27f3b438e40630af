"""What has to be done when nobody asks: finish, clean, grow, shrink, prepare.

Any command may do it and several may do it at once: each piece is an op that one process takes
up under the slot's lock. `run_round` does what can be done now.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from poolmgr.core.errors import LostRace
from poolmgr.core.lifecycle import State
from poolmgr.core.placing import counted, missing, next_place
from poolmgr.core.queue import eligible, service_order
from poolmgr.core.records import LeaseKind, Moment, Op, OpKind, Slot, Snapshot
from poolmgr.services import release
from poolmgr.services.cancel import expire_dead
from poolmgr.services.create import new_slot
from poolmgr.services.job import Turn, turn_slot
from poolmgr.services.pool import Pool, read_moment
from poolmgr.services.recover import is_abandoned, try_go_on
from poolmgr.services.start_point import require_base
from poolmgr.services.suspect import list_idle, watch_idle
from poolmgr.store.snapshot import raise_fence, read_snapshot, write_meta
from poolmgr.store.tables.ops import add_op
from poolmgr.store.tables.slots import add_slot
from resources.probes.processes import Life, judge

GROWTH = 8  # at a time; more follow in the next round


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What could be done now, and whether something is only to be waited for."""

    abandoned: tuple[Op, ...]
    draining: tuple[Op, ...]
    dead: tuple[Slot, ...]
    idle: tuple[Slot, ...]
    spare: tuple[Slot, ...]
    cold: tuple[Slot, ...]
    wanted: int

    @property
    def is_something(self) -> bool:
        """Whether a worker would find work."""
        return self.pieces > 0

    @property
    def pieces(self) -> int:
        """How much of it could be done at once."""
        chores = (self.abandoned, self.dead, self.idle, self.spare, self.cold)
        return sum(len(each) for each in chores) + self.wanted


def due(pool: Pool, snapshot: Snapshot, now: Moment) -> Due:
    """What has to be done, from what is stored and who lives."""
    abandoned = [op for op in snapshot.ops if is_abandoned(op)]
    drains = {slot.id for slot in snapshot.slots if slot.drains}
    idle = not snapshot.queue
    return Due(
        abandoned=tuple(op for op in abandoned if op.slot_id not in drains),
        draining=tuple(op for op in abandoned if op.slot_id in drains),
        dead=tuple(slot for slot in snapshot.slots if has_dead_holder(snapshot, slot)),
        idle=list_idle(pool, snapshot, now),
        spare=list_spare(pool, snapshot, now) if idle else (),
        cold=list_cold(pool, snapshot) if idle else (),
        wanted=missing(snapshot, most=pool.settings.pool.max, waiting=count_waiting(pool, snapshot, now)),
    )


def count_waiting(pool: Pool, snapshot: Snapshot, now: Moment) -> int:
    """Those a new slot would serve: not at their cap, and their branch is free."""
    order = service_order(snapshot.queue, now=now, aging=pool.settings.queue.aging)
    busy = {slot.branch for slot in snapshot.slots if slot.branch}
    per_agent = pool.settings.pool.per_agent
    return len(eligible(order, snapshot.leases, per_agent=per_agent, branches=busy, absent=()))


def has_dead_holder(snapshot: Snapshot, slot: Slot) -> bool:
    """A bound lease whose process is proven dead."""
    lease = snapshot.lease_of(slot) if slot.state in release.GIVEN else None
    return (
        lease is not None
        and lease.kind is LeaseKind.BOUND
        and lease.holder is not None
        and judge(lease.holder) is Life.DEAD
    )


def list_spare(pool: Pool, snapshot: Snapshot, now: Moment) -> tuple[Slot, ...]:
    """Free slots above the minimum that nobody wanted for long, the youngest numbers last."""
    over = len(counted(snapshot)) - pool.settings.pool.min
    idle = [
        slot
        for slot in reversed(snapshot.slots)
        if slot.state is State.READY and now.since(slot.since) >= pool.settings.scale.down_after
    ]
    return tuple(idle[: max(0, over)])


def list_cold(pool: Pool, snapshot: Snapshot) -> tuple[Slot, ...]:
    """Free slots whose commands are due."""
    if not pool.settings.warm.run:
        return ()
    return tuple(
        slot for slot in snapshot.slots if slot.state is State.READY and slot.warm in {"", "stopped"}
    )


def run_round(pool: Pool, *, progress: Callable[[str], None] = lambda _: None) -> bool:
    """One look and everything it finds; whether anything moved."""
    now = read_moment()
    snapshot = pool.snapshot()
    if expire_dead(pool, snapshot):
        snapshot = pool.snapshot()
    todo = due(pool, snapshot, now)
    moved = False
    for slot in todo.dead:
        moved |= attempt(lambda slot=slot: end_dead(pool, snapshot, slot))  # type: ignore[misc]
    moved |= attempt(lambda: grow(pool)) if todo.wanted else False
    for slot in todo.spare:
        moved |= attempt(lambda slot=slot: start_retire(pool, slot, "nobody wanted it"))  # type: ignore[misc]
    for slot in () if todo.wanted else todo.cold[:1]:
        moved |= attempt(lambda slot=slot: start_recycle(pool, slot, "commands are due", warm=True))  # type: ignore[misc]
    fresh = pool.snapshot()
    by_id = {slot.id: slot for slot in fresh.slots}
    for op in fresh.ops:
        if op.slot_id in by_id and is_abandoned(op):
            slot = by_id[op.slot_id]
            done = try_go_on(pool, slot, op)
            moved |= done and not slot.drains
            progress(slot.name)
    for slot in todo.idle:
        moved |= attempt(lambda slot=slot: watch_idle(pool, snapshot, slot))  # type: ignore[misc]
    return moved


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


def grow(pool: Pool) -> None:
    """Intents for the slots that are missing; counted again inside the transaction."""
    base = require_base(pool, None)
    now = read_moment()
    with pool.engine.write() as session:
        fresh = read_snapshot(session)
        count = missing(fresh, most=pool.settings.pool.max, waiting=count_waiting(pool, fresh, now))
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
            args={"reason": reason},
        )
        turn_slot(session, slot, turn, read_moment())


def start_recycle(pool: Pool, slot: Slot, reason: str, *, warm: bool = False) -> None:
    """A free slot leaves the shelf to be moved to a newer base, or while its commands run."""
    with pool.engine.write() as session:
        turn = Turn(
            target=State.RECYCLING,
            kind=OpKind.RECYCLE,
            note=pool.note("refresh", reason),
            args={"warm": warm},
        )
        turn_slot(session, slot, turn, read_moment())
