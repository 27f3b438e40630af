"""Background work without a daemon: detached children that do the chores and end.

A worker holds one of a few numbered locks while it lives. Whoever sees work and a free lock
starts one; a killed worker leaves nothing that another cannot take up.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from poolmgr.core.errors import Busy
from poolmgr.core.lifecycle import OP_STATES
from poolmgr.core.records import Slot, Snapshot
from poolmgr.services.chores import due, run_round
from poolmgr.services.pool import Pool, read_moment
from poolmgr.services.settle import DRAIN
from poolmgr.services.site import Site
from poolmgr.store import gate
from poolmgr.store.tables.events import forget_events
from resources.probes.processes import describe

MOST = max(1, min(4, os.cpu_count() or 1))
NAP = 0.25
LINGER = DRAIN + 2
PATIENCE = 120.0


def lock_path(site: Site, number: int) -> Path:
    """The lock of the numbered worker; the first has no number."""
    return site.state / ("worker.lock" if number == 0 else f"worker-{number}.lock")


def ensure_worker(pool: Pool) -> None:
    """Enough workers for what is to be done; none when there is nothing."""
    todo = due(pool, pool.snapshot(), read_moment())
    if not todo.is_something and not todo.draining:
        return
    running = sum(is_running(pool.site, number) for number in range(MOST))
    for _ in range(min(max(todo.pieces, 1), MOST) - running):
        start_worker(pool.site)


def is_running(site: Site, number: int) -> bool:
    """Whether the numbered worker lives."""
    try:
        with gate.held(lock_path(site, number), patience=0):
            return False
    except Busy:
        return True


def start_worker(site: Site) -> None:
    """A detached child; its words go to a log.

    `-P` and a working directory of ours keep a hostile repository's `poolmgr/` from being run.
    """
    log = site.state / "logs" / "worker.log"
    descriptor = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        subprocess.Popen(
            (sys.executable, "-P", "-m", "poolmgr", "_work", "--repo", os.fspath(site.common)),
            cwd=site.state, stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor,
            start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(descriptor)


def work(pool: Pool) -> None:
    """Do the chores until there are none; then look once more after letting go of the lock."""
    while True:
        with ExitStack() as stack:
            if not any(try_enter(stack, pool.site, number) for number in range(MOST)):
                return
            work_through(pool)
        if not due(pool, pool.snapshot(), read_moment()).is_something:
            break
    with pool.engine.write() as session:
        forget_events(session)


def try_enter(stack: ExitStack, site: Site, number: int) -> bool:
    """Whether this worker's place is ours now."""
    try:
        stack.enter_context(gate.held(lock_path(site, number), patience=0))
    except Busy:
        return False
    return True


def work_through(pool: Pool) -> None:
    """Round after round; a while longer for those who are leaving a slot."""
    patience = time.monotonic() + LINGER
    while True:
        if run_round(pool):
            continue
        waits = due(pool, pool.snapshot(), read_moment()).draining
        if not waits or time.monotonic() > patience:
            return
        time.sleep(NAP)


def work_until_idle(pool: Pool, *, progress: Callable[[str], None] = lambda _: None) -> None:
    """Do what can be done here and wait for what others are at; for commands that show the result."""
    patience = time.monotonic() + PATIENCE
    while True:
        if run_round(pool, progress=progress):
            patience = time.monotonic() + PATIENCE
            continue
        snapshot = pool.snapshot()
        busy = [slot for slot in snapshot.slots if slot.state in OP_STATES and not slot.drains]
        if not busy:
            return
        if time.monotonic() > patience:
            raise stuck(snapshot, busy[0])
        time.sleep(0.02)


def stuck(snapshot: Snapshot, slot: Slot) -> Busy:
    """Somebody took the work up and does not go on with it."""
    op = snapshot.op_of(slot)
    owner = describe(op.owner) if op and op.owner else "another process"
    return Busy(f"{slot.name} is {slot.state} by {owner}, which does not go on", hint="poolmgr doctor")
