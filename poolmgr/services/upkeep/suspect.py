"""Standing leases in whose slots nothing happens: noticed, told, and taken only at need.

Observed time decides: it restarts at boot and stands still while the machine sleeps. Anything
that moves counts: a process inside, a changed file, a poolmgr command from there. A suspect slot
is taken, with a rescue, only while somebody waits and the pool can grow no more.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from poolmgr.core.lifecycle import State
from poolmgr.core.records import Slot, Snapshot
from poolmgr.services.ground.pool import Pool, read_moment, require_lease
from poolmgr.services.ground.use import use_slot
from poolmgr.services.life import release
from poolmgr.services.upkeep.due import is_pressed
from poolmgr.store.tables.slots import move_slot
from resources.probes.inside import list_inside


def watch_idle(pool: Pool, snapshot: Snapshot, slot: Slot) -> None:
    """A lease nobody used for long: suspect unless the slot says otherwise; at need it is taken."""
    lease = require_lease(snapshot, slot)
    is_new_boot = lease.used.boot != read_moment().boot
    if is_new_boot or list_inside(slot.path).processes or read_age(slot.path) < pool.settings.lease.idle:
        use_slot(pool, slot, lease, is_seen=True)
    elif slot.state is State.LEASED:
        hours = pool.settings.lease.idle / 3600
        with pool.engine.write() as session:
            note = pool.note("suspect", f"nothing seen of {lease.agent} for {hours:.1f} h")
            move_slot(session, slot, State.SUSPECT, note=note, now=read_moment())
    elif is_pressed(pool, snapshot):
        release.reclaim(pool, snapshot, slot, reason=f"nothing seen of {lease.agent}, and somebody waits")


def read_age(root: Path) -> float:
    """Seconds since the youngest change in a tree; a clock that went back counts as just now."""
    youngest = 0.0
    for folder, _, names in os.walk(root):
        for name in (*names, "."):
            try:
                youngest = max(youngest, os.lstat(os.path.join(folder, name)).st_ctime)
            except OSError:
                continue
    return max(0.0, time.time() - youngest)
