"""The files of a lease that stands, there again after somebody cleaned the slot."""

from __future__ import annotations

from poolmgr.core.database import Facts
from poolmgr.core.errors import PoolError
from poolmgr.core.lifecycle import LENT
from poolmgr.core.records import Lease, Slot
from poolmgr.services.environment.files import write_environment
from poolmgr.services.environment.missing import is_lacking, restore_missing
from poolmgr.services.ground.job import lock_file
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.taken import is_taken
from poolmgr.store import gate


def restore_files(pool: Pool, slot: Slot, lease: Lease) -> None:
    """What is missing written again; nothing in a slot that was given back meanwhile."""
    with gate.held(lock_file(pool, slot.id), patience=0):
        snapshot = pool.snapshot()
        now = next((each for each in snapshot.slots if each.lease_id == lease.id), None)
        if now and now.state in LENT and not is_taken(pool, now.path):
            restore_missing(pool, now, lease, find_facts(now, lease))


def try_restore_files(pool: Pool, slot: Slot, lease: Lease) -> None:
    """The same for who goes on without: what stands in the way is told."""
    if not pool.is_writable or not is_lacking(slot, lease):
        return
    try:
        restore_files(pool, slot, lease)
    except (PoolError, OSError) as error:
        pool.tell(f"the files of the lease of {slot.name} are not all there: {error}")


def lend_files(pool: Pool, slot: Slot, lease: Lease) -> None:
    """This lease's values in files that somebody brought along from another."""
    with gate.held(lock_file(pool, slot.id)):
        write_environment(pool, slot, lease, find_facts(slot, lease))


def find_facts(slot: Slot, lease: Lease) -> Facts | None:
    """The lease's database; nothing is loaded for who has none."""
    if not lease.database:
        return None
    from poolmgr.services.databases.facts import read_facts

    return read_facts(slot)
