"""Waiting for a slot in the queue, and for one that another process sets up under the same request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from poolmgr.core.errors import TimedOut
from poolmgr.core.lifecycle import ASIDE, HELD, State
from poolmgr.core.placing import counted
from poolmgr.core.records import Lease, Request, Slot, Snapshot
from poolmgr.services.ground import wake
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.lending.cancel import expire_dead
from poolmgr.services.lending.claim import Claim, Wish, find_absent, try_claim
from resources.probes.processes import Life, judge


class Waiting(NamedTuple):
    """How long a request waits, and what is done meanwhile."""

    until: float | None
    timeout: float | None
    building: float | None  # until when a database's template may be built
    background: Callable[[Pool], None]

    @property
    def is_over(self) -> bool:
        """Whether patience has ended."""
        return self.until is not None and time.monotonic() >= self.until


def deadline_of(timeout: float | None) -> float | None:
    """When patience ends, on the monotonic clock."""
    return None if timeout is None else time.monotonic() + timeout


def wait_for_turn(pool: Pool, request: Request, wish: Wish, waiting: Waiting) -> Claim | Lease:
    """A slot of ours to set up; whoever waits also sees to it that slots are made and cleaned."""
    claim = try_claim(pool, request, wish, frozenset())
    if claim:
        return claim
    with wake.waiting(pool.site.state / "waiters", request.seq) as waiter:
        while True:
            snapshot = pool.snapshot()
            if expire_dead(pool, snapshot):
                snapshot = pool.snapshot()
            waiting.background(pool)
            absent = find_absent(snapshot, request, read_moment())
            claim = try_claim(pool, request, wish, absent)
            if claim:
                return claim
            left = wake.LOOK_AGAIN if waiting.until is None else waiting.until - time.monotonic()
            if left <= 0 or is_vain(snapshot):
                raise timed_out(pool, snapshot, request, waiting.timeout)
            waiter.wait(min(wake.LOOK_AGAIN, left))


def is_vain(snapshot: Snapshot) -> bool:
    """Whether no slot is there, none comes back, and those that should be made could not be."""
    is_empty = all(slot.state in ASIDE for slot in snapshot.slots)
    return is_empty and len(snapshot.unmade) >= max(snapshot.size, 1)


def timed_out(pool: Pool, snapshot: Snapshot, request: Request, timeout: float | None) -> TimedOut:
    """Nobody gave a slot back in time, or none can be made."""
    failed = next((slot for slot in snapshot.slots if slot.id in snapshot.unmade), None)
    if failed:
        return TimedOut(
            f"no slot can be had: {failed.name} could not be made: {failed.error}",
            hint=f"mend that, then poolmgr pool adopt {failed.name}",
            facts={"request_id": request.id, "unmade": len(snapshot.unmade)},
        )
    held = sum(slot.state in HELD for slot in snapshot.slots)
    size, most = len(counted(snapshot)), pool.settings.pool.max
    return TimedOut(
        f"no slot became free within {timeout or 0:g} s: {held} of {size} slots are held"
        + (f", and the pool may grow to {most}" if size < most else ""),
        again=("--wait",),
        hint="waits as long as it takes; poolmgr status shows who holds them",
        facts={"request_id": request.id},
    )


def wait_for_other(pool: Pool, lease: Lease, waiting: Waiting) -> Slot | None:
    """The slot that another process sets up under the same request; None when that fails.

    One that left it half done is not waited for: that is undone here.
    """
    while True:
        snapshot = pool.snapshot()
        slot = next((slot for slot in snapshot.slots if slot.lease_id == lease.id), None)
        if slot is None or slot.state is not State.ASSIGNING:
            return slot
        op = snapshot.op_of(slot)
        if waiting.is_over:
            raise TimedOut(f"{slot.name} was not set up in time", hint="poolmgr status")
        if op is None or op.owner is None or judge(op.owner) is Life.DEAD:
            waiting.background(pool)
        time.sleep(0.01)
