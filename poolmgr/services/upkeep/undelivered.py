"""Slots that were lent to a command which was killed before it could tell anybody.

Nobody knows of such a lease, so nobody gives it back. It ends only if the request has no key of
the caller's own, its process is dead, and the slot lay untouched for a minute of observed time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from isolation.git.worktrees import find_admin
from poolmgr.core.lifecycle import State
from poolmgr.core.records import Lease, Moment, Slot, Snapshot
from poolmgr.services.ground.pool import Pool
from poolmgr.store.tables.requests import undelivered_requests
from resources.probes.processes import Life, judge

UNTOUCHED = 60.0


def list_undelivered(pool: Pool, snapshot: Snapshot, now: Moment) -> Iterator[Slot]:
    """The slots nobody can know of."""
    with pool.engine.read() as session:
        requests = undelivered_requests(session)
    held = {lease.id: lease for lease in snapshot.leases}
    for request in requests:
        lease = held.get(request.lease_id or "")
        if lease is None or request.named or judge(request.waiter) is not Life.DEAD:
            continue
        slot = snapshot.slot_of(lease)
        has_waited = slot.state is State.LEASED and now.since(slot.since) >= UNTOUCHED
        if has_waited and is_untouched(pool, slot, lease):
            yield slot


def is_untouched(pool: Pool, slot: Slot, lease: Lease) -> bool:
    """Whether nothing was done in or with a slot since it was lent; what cannot be known counts as done."""
    if lease.used.boot != slot.since.boot or lease.used.mono > slot.since.mono:
        return False
    return is_at_start(slot.path, lease) and is_clean(pool, slot) and is_empty(slot)


def is_at_start(path: Path, lease: Lease) -> bool:
    """Whether the last thing that happened to HEAD is the lending."""
    admin = find_admin(path)
    try:
        lines = (admin / "logs" / "HEAD").read_bytes().splitlines() if admin else []
    except OSError:
        return False
    return bool(lines) and lines[-1].endswith(os.fsencode(f"\tpoolmgr: lent to {lease.agent}"))


# What is asked seldom is loaded seldom: every command looks whether there is anything to do.


def is_clean(pool: Pool, slot: Slot) -> bool:
    """Whether the slot holds no work of any kind."""
    from isolation.errors import IsolationError
    from isolation.git.program import Git
    from isolation.work import examine
    from poolmgr.services.life.keep import rules_for

    try:
        return examine(Git(slot.path), slot.path, rules_for(pool, slot)).is_clean
    except (IsolationError, OSError):
        return False


def is_empty(slot: Slot) -> bool:
    """Whether nobody lives in the slot who could have come since it was lent."""
    from resources.probes.clock import Instant, ticks_at
    from resources.probes.inside import list_inside

    since = ticks_at(Instant(wall=slot.since.wall, mono=slot.since.mono, boot=slot.since.boot))
    return list_inside(slot.path, since=since).is_proven_empty


def take_back(pool: Pool, snapshot: Snapshot, slot: Slot) -> None:
    """The lease ended; the slot goes the way of every other one."""
    from poolmgr.services.life.release import end

    lease = snapshot.lease_of(slot)
    if lease:
        reason = "the command that asked was killed before it heard of the slot"
        args: dict[str, object] = {"lease": lease.id, "reason": reason, "spared": []}
        end(pool, slot, lease, args, reason=reason)
