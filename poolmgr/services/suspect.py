"""Standing leases in whose slots nothing happens: noticed, told, and taken only at need.

Observed time decides: it restarts at boot and stands still while the machine sleeps. Anything
that moves counts: a process inside, a changed file, a poolmgr command from there. A suspect slot
is taken, with a rescue, only while somebody waits and the pool can grow no more.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from poolmgr.core.errors import LostRace
from poolmgr.core.lifecycle import State
from poolmgr.core.placing import counted
from poolmgr.core.records import Lease, LeaseKind, Moment, Slot, Snapshot
from poolmgr.services import release
from poolmgr.services.pool import Pool, read_moment
from poolmgr.store.tables.leases import use_lease
from poolmgr.store.tables.slots import move_slot
from resources.probes.inside import list_inside

OFTEN = 60.0


def use_slot(pool: Pool, slot: Slot, lease: Lease) -> None:
    """Somebody is there. Written at most once a minute; a suspect is trusted again."""
    now = read_moment()
    if slot.state is not State.SUSPECT and lease.used.boot == now.boot and now.since(lease.used) < OFTEN:
        return
    with pool.engine.write() as session:
        use_lease(session, lease.id, now=now)
        if slot.state is State.SUSPECT:
            move_slot(session, slot, State.LEASED, note=pool.note("use", "its holder was seen"), now=now)


def watch_leases(pool: Pool, snapshot: Snapshot, now: Moment) -> None:
    """Suspect what is idle; take one suspect slot while a request waits at the maximum."""
    pressed = bool(snapshot.queue) and len(counted(snapshot)) >= pool.settings.pool.max
    for slot in snapshot.slots:
        lease = snapshot.lease_of(slot)
        if lease is None or lease.kind is not LeaseKind.STANDING or slot.state not in release.GIVEN:
            continue
        if now.boot != lease.used.boot:
            use_slot(pool, slot, lease)
        elif now.since(lease.used) >= pool.settings.lease.idle:
            try:
                watch_idle(pool, snapshot, slot, lease, pressed=pressed)
            except LostRace:
                continue


def watch_idle(pool: Pool, snapshot: Snapshot, slot: Slot, lease: Lease, *, pressed: bool) -> None:
    """A lease nobody used for long: look whether the slot says otherwise."""
    if list_inside(slot.path).processes or read_age(slot.path) < pool.settings.lease.idle:
        use_slot(pool, slot, lease)
        return
    if slot.state is State.LEASED:
        with pool.engine.write() as session:
            note = pool.note(
                "suspect", f"nothing seen of {lease.agent} for {pool.settings.lease.idle / 3600:.1f} h"
            )
            move_slot(session, slot, State.SUSPECT, note=note, now=read_moment())
    elif pressed:
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
