"""Preparing slots on demand: free ones off the shelf, a held one where it stands."""

from __future__ import annotations

from pathlib import Path

from poolmgr.core.errors import WrongState
from poolmgr.core.lifecycle import HELD, State
from poolmgr.core.records import Slot
from poolmgr.services.ground.pool import Pool, find_slot_around, require_slot
from poolmgr.services.life import warm
from poolmgr.services.upkeep.chores import start_recycle
from poolmgr.services.upkeep.worker import work_until_idle


def rewarm(pool: Pool, name: str | None, directory: Path) -> tuple[tuple[str, str, str], ...]:
    """Name, result and log of every slot that was prepared."""
    if not pool.settings.warm.run:
        return ()
    snapshot = pool.snapshot()
    around = find_slot_around(snapshot, directory)
    if name or around:
        chosen = [require_slot(snapshot, name, directory) if name else around]
    else:
        chosen = [slot for slot in snapshot.slots if slot.state is State.READY]
    return tuple(result(pool, slot) for slot in chosen if slot)


def result(pool: Pool, slot: Slot) -> tuple[str, str, str]:
    """One slot prepared."""
    log = str(warm.log_file(pool, slot))
    if slot.state in HELD:
        return slot.name, warm.run_commands(pool, slot), log
    if slot.state is not State.READY:
        raise WrongState(f"{slot.name} is {slot.state}", hint="poolmgr status")
    start_recycle(pool, slot, "prepared on demand", warm=True)
    work_until_idle(pool, prepares=True)
    after = next((each for each in pool.snapshot().slots if each.id == slot.id), slot)
    return slot.name, after.warm or after.state.value, log
