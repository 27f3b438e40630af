"""The files of a lease that stands, there again after somebody cleaned the slot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from poolmgr.core.database import Facts
from poolmgr.core.errors import Busy, PoolError
from poolmgr.core.lifecycle import LENT
from poolmgr.core.records import Lease, Slot
from poolmgr.services.environment.files import write_environment
from poolmgr.services.environment.missing import list_missing, restore_missing
from poolmgr.services.ground.job import lock_file
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.taken import is_taken
from poolmgr.store import gate


def restore_files(pool: Pool, slot: Slot, lease: Lease) -> None:
    """What is missing written again; nothing in a slot that was given back meanwhile."""
    with held_slot(pool, slot, lease, patience=0) as now:
        if now:
            restore_missing(pool, now, lease, find_facts(now, lease))


def try_restore_files(pool: Pool, slot: Slot, lease: Lease) -> bool:
    """The same for who goes on without what stands in the way; False while somebody has the slot's lock."""
    if not pool.is_writable or not list_missing(slot, lease, find_facts(slot, lease)):
        return True
    try:
        restore_files(pool, slot, lease)
    except (PoolError, OSError) as error:
        pool.tell(f"the files of the lease of {slot.name} are not all there: {error}")
        return not isinstance(error, Busy)
    return True


def lend_files(pool: Pool, slot: Slot, lease: Lease) -> None:
    """This lease's values in files that somebody brought along from another."""
    with held_slot(pool, slot, lease, patience=gate.PATIENCE) as now:
        if now:
            write_environment(pool, now, lease, find_facts(now, lease))


@contextmanager
def held_slot(pool: Pool, slot: Slot, lease: Lease, *, patience: float) -> Iterator[Slot | None]:
    """The slot's lock, and the slot as the lease has it; None once it was given back or taken."""
    with gate.held(lock_file(pool, slot.id), patience=patience):
        now = next((each for each in pool.snapshot().slots if each.lease_id == lease.id), None)
        yield now if now and now.state in LENT and not is_taken(pool, now.path) else None


def find_facts(slot: Slot, lease: Lease) -> Facts | None:
    """The lease's database; nothing is loaded for who has none."""
    if not lease.database:
        return None
    from poolmgr.services.databases.facts import read_facts

    return read_facts(slot)
