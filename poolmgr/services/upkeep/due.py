"""What there is to do when nobody asks, told from what is stored and who lives. It does nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from poolmgr.core.lifecycle import LENT, State
from poolmgr.core.placing import counted, missing
from poolmgr.core.records import Lease, LeaseKind, Moment, Op, OpKind, Slot, Snapshot
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.turns import in_turn
from poolmgr.services.scoping.asides import is_stuck, is_waiting, list_asides
from poolmgr.services.upkeep.undelivered import list_undelivered
from resources.probes.processes import Life, judge


class Due(NamedTuple):
    """What could be done now, and whether something is only to be waited for."""

    abandoned: tuple[Op, ...]
    draining: tuple[Op, ...]
    dead: tuple[Slot, ...]
    idle: tuple[Slot, ...]
    unheard: tuple[Slot, ...]
    spare: tuple[Slot, ...]
    cold: tuple[Slot, ...]
    asides: tuple[Path, ...]
    partial: tuple[Slot, ...]
    unset: tuple[Slot, ...]
    builds: tuple[str, ...]
    wanted: int
    house: bool
    ahead: bool

    @property
    def is_something(self) -> bool:
        """Whether a worker would find work."""
        return self.pieces > 0

    @property
    def pieces(self) -> int:
        """How much of it could be done at once."""
        chores = (
            self.abandoned,
            self.dead,
            self.idle,
            self.unheard,
            self.spare,
            self.cold,
            self.asides,
            self.partial,
            self.unset,
            self.builds,
        )
        return sum(len(each) for each in chores) + self.wanted + self.house + self.ahead


def due(pool: Pool, snapshot: Snapshot, now: Moment) -> Due:
    """What has to be done, from what is stored and who lives."""
    abandoned = [op for op in snapshot.ops if is_abandoned(op)]
    drains = {slot.id for slot in snapshot.slots if slot.drains}
    idle = not snapshot.queue
    house, ahead = read_duties(pool, snapshot)
    return Due(
        abandoned=tuple(op for op in abandoned if op.slot_id not in drains),
        draining=tuple(op for op in abandoned if op.slot_id in drains),
        dead=tuple(slot for slot in snapshot.slots if has_dead_holder(snapshot, slot)),
        idle=list_idle(pool, snapshot, now),
        unheard=tuple(list_undelivered(pool, snapshot, now)) if snapshot.queue else (),
        spare=list_spare(pool, snapshot, now) if idle else (),
        cold=list_cold(pool, snapshot) if idle else (),
        asides=tuple(
            aside for aside in list_asides(pool, snapshot) if not is_stuck(aside) and not is_waiting(aside)
        ),
        partial=list_partial(snapshot) if idle else (),
        unset=tuple(slot for slot in snapshot.slots if is_unset(snapshot, slot)),
        builds=tuple(list_dead_builds(pool)),
        wanted=missing(snapshot, most=pool.settings.pool.max, waiting=len(in_turn(pool, snapshot, now))),
        house=house,
        ahead=ahead,
    )


def read_duties(pool: Pool, snapshot: Snapshot) -> tuple[bool, bool]:
    """Whether databases need something done while nobody waits: in the house, and ahead."""
    if pool.settings.database.mode == "off":
        return False, False
    from poolmgr.services.databases.asking import is_ahead_due, is_house_due

    return is_house_due(pool, snapshot), is_ahead_due(pool)


def list_dead_builds(pool: Pool) -> list[str]:
    """Builds of templates whose process died; looked for only where one was ever begun."""
    if not (pool.site.state / "database" / "building").is_dir():
        return []
    from poolmgr.services.databases.builds import is_dead, list_builds

    return [fp for fp in list_builds(pool) if is_dead(pool, fp)]


def has_dead_holder(snapshot: Snapshot, slot: Slot) -> bool:
    """A bound lease whose process is proven dead."""
    lease = snapshot.lease_of(slot) if slot.state in LENT else None
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
    if not pool.settings.warm.run or not snapshot.size:
        return ()
    return tuple(
        slot for slot in snapshot.slots if slot.state is State.READY and slot.warm in {"", "stopped"}
    )


def is_unset(snapshot: Snapshot, slot: Slot) -> bool:
    """The process that set the slot to a new scope died before it was done."""
    lease = snapshot.lease_of(slot) if slot.state in LENT else None
    return lease is not None and lease.changing is not None and judge(lease.changing) is Life.DEAD


def list_partial(snapshot: Snapshot) -> tuple[Slot, ...]:
    """A free slot to be filled whole: whoever wants a full one should not have to wait for that."""
    free = [slot for slot in snapshot.slots if slot.state is State.READY]
    coming = [slot for slot in snapshot.slots if slot.state in {State.CREATING, State.RECYCLING}]
    is_whole = any(not slot.view for slot in (*free, *coming))
    return tuple(free[:1]) if snapshot.size and not is_whole else ()


def list_idle(pool: Pool, snapshot: Snapshot, now: Moment) -> tuple[Slot, ...]:
    """Slots of standing leases nobody used for long, where something is to be done about it."""
    pressed = is_pressed(pool, snapshot)
    return tuple(
        slot
        for slot in snapshot.slots
        if slot.state is State.LEASED or (slot.state is State.SUSPECT and pressed)
        if is_overdue(snapshot.lease_of(slot), pool.settings.lease.idle, now)
    )


def is_overdue(lease: Lease | None, idle: float, now: Moment) -> bool:
    """Nobody used the lease for long, as far as was observed; a reboot begins anew."""
    if lease is None or lease.kind is not LeaseKind.STANDING:
        return False
    return now.boot != lease.used.boot or now.since(lease.used) >= idle


def is_pressed(pool: Pool, snapshot: Snapshot) -> bool:
    """Somebody waits, and the pool can grow no more."""
    return bool(snapshot.queue) and len(counted(snapshot)) >= pool.settings.pool.max


def is_abandoned(op: Op) -> bool:
    """Nobody owns it, or its owner is proven dead."""
    return op.owner is None or judge(op.owner) is Life.DEAD


def is_preparing(op: Op) -> bool:
    """Whether the intent runs the configured commands, which may take as long as they like."""
    return op.kind is OpKind.RECYCLE and bool(json.loads(op.args).get("warm"))
