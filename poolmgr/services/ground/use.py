"""Signs of life of a lease's holder."""

from __future__ import annotations

from poolmgr.core.lifecycle import State
from poolmgr.core.records import Lease, Slot
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.store.tables.leases import use_lease
from poolmgr.store.tables.slots import move_slot
from resources.probes.processes import Life, judge

OFTEN = 60.0


def is_orphaned(lease: Lease) -> bool:
    """Whether the process that the lease is bound to is proven dead."""
    return lease.holder is not None and judge(lease.holder) is Life.DEAD


def use_slot(pool: Pool, slot: Slot, lease: Lease, *, is_seen: bool = False) -> None:
    """Somebody is there. Written at most once a minute; a suspect is trusted again."""
    now = read_moment()
    if (
        not is_seen
        and slot.state is not State.SUSPECT
        and lease.used.boot == now.boot
        and now.since(lease.used) < OFTEN
    ):
        return
    with pool.engine.write() as session:
        use_lease(session, lease.id, now=now)
        if slot.state is State.SUSPECT:
            move_slot(session, slot, State.LEASED, note=pool.note("use", "its holder was seen"), now=now)
