"""Those who began something and are gone: owners of ops, holders, waiters."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from functools import partial

from poolmgr.core.records import Snapshot
from poolmgr.services.doctor.finding import Case, remark, wrong
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.upkeep.background import MOST, is_running
from poolmgr.services.upkeep.due import has_dead_holder
from poolmgr.services.upkeep.undelivered import list_undelivered, take_back
from resources.probes.processes import Life, describe, is_stopped, judge, pid_of


def look_at_ops(pool: Pool, snapshot: Snapshot) -> Iterator[Case]:
    """Work that a dead process began and nobody goes on with; leases of dead processes."""
    is_worked_on = any(is_running(pool.site, number) for number in range(MOST))
    for slot in snapshot.slots:
        op = snapshot.op_of(slot)
        what = f"{op.kind.value} of {slot.name}" if op else ""
        if has_dead_holder(snapshot, slot):
            lease = snapshot.lease_of(slot)
            yield wrong(
                "dead_holder", slot.name, f"the process {lease.agent if lease else ''} was bound to has ended"
            )
        if op is None:
            continue
        if slot.drains:
            yield remark("draining", slot.name, slot.error)
        elif op.owner is not None and judge(op.owner) is Life.DEAD:
            yield wrong("dead_op", slot.name, f"{what} was begun by {describe(op.owner)}, which has ended")
        elif op.owner is not None and is_stopped(op.owner):
            pid = pid_of(op.owner)
            yield wrong(
                "frozen_op",
                slot.name,
                f"{what} waits for {describe(op.owner)}, which is stopped: kill -CONT {pid}",
            )
        elif op.owner is None and not is_worked_on:
            why = f": {slot.error}" if slot.error else ""
            yield wrong("unfinished", slot.name, f"{what} waits for somebody to go on with it{why}")


def look_at_requests(pool: Pool, snapshot: Snapshot) -> Iterator[Case]:
    """Requests whose askers are gone: they wait for nothing, or have been given what nobody knows of."""
    for request in snapshot.queue:
        if judge(request.waiter) is Life.DEAD:
            detail = f"{request.agent} waits no longer: {describe(request.waiter)} has ended"
            yield wrong("dead_request", request.id, detail)
    for slot in list_undelivered(pool, snapshot, read_moment()):
        detail = f"lent for {slot.branch} to a command that was killed before it could say so"
        yield wrong("undelivered", slot.name, detail, partial(take_back, pool, snapshot, slot))


def look_at_waiters(pool: Pool, snapshot: Snapshot) -> Iterator[Case]:
    """FIFOs of requests that no longer wait."""
    waiting = {str(request.seq) for request in snapshot.queue}
    room = pool.site.state / "waiters"
    for entry in sorted(room.iterdir()) if room.is_dir() else ():
        if entry.name not in waiting and stat.S_ISFIFO(entry.lstat().st_mode):
            detail = "the bell of a request that is over"
            yield wrong("dead_fifo", entry.name, detail, partial(entry.unlink, missing_ok=True))
