"""Doing the chores: until there are none, in a worker's place or in a command that shows the result."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack

from poolmgr.core.errors import Busy
from poolmgr.core.lifecycle import OP_STATES
from poolmgr.core.records import Slot, Snapshot
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.site import Site
from poolmgr.services.life.settle import DRAIN
from poolmgr.services.upkeep.background import MOST, lock_path
from poolmgr.services.upkeep.backup import try_back_up
from poolmgr.services.upkeep.chores import run_round
from poolmgr.services.upkeep.due import due, is_preparing
from poolmgr.store import gate
from poolmgr.store.tables.events import forget_events
from resources.probes.processes import describe

NAP = 0.25
LINGER = DRAIN + 2
PATIENCE = 120.0


def work(pool: Pool, lock: int | None = None) -> None:
    """Do the chores until there are none; then look once more after letting go of the lock."""
    while True:
        with ExitStack() as stack:
            if lock is not None:
                stack.callback(os.close, lock)
            elif not any(try_enter(stack, pool.site, number) for number in range(MOST)):
                return
            is_done = work_through(pool)
        lock = None
        if not is_done or not due(pool, pool.snapshot(), read_moment()).is_something:
            break
    with pool.engine.write() as session:
        forget_events(session)
    try_back_up(pool)


def try_enter(stack: ExitStack, site: Site, number: int) -> bool:
    """Whether this worker's place is ours now."""
    try:
        stack.enter_context(gate.held(lock_path(site, number), patience=0))
    except Busy:
        return False
    return True


def work_through(pool: Pool) -> bool:
    """Round after round; a while longer for what others hold up. Whether everything is done."""
    patience = time.monotonic() + LINGER
    while True:
        if run_round(pool):
            patience = time.monotonic() + LINGER
            continue
        todo = due(pool, pool.snapshot(), read_moment())
        if not todo.is_something and not todo.draining:
            return True
        if time.monotonic() > patience:
            return False
        time.sleep(NAP)


def work_until_idle(
    pool: Pool, *, progress: Callable[[str], None] = lambda _: None, prepares: bool = False
) -> None:
    """Do what can be done here and wait for what others are at; for commands that show the result.

    Slots that are only being prepared are not waited for unless that is the result.
    """
    patience = time.monotonic() + PATIENCE
    while True:
        if run_round(pool, progress=progress, prepares=prepares):
            patience = time.monotonic() + PATIENCE
            continue
        snapshot = pool.snapshot()
        busy = [slot for slot in snapshot.slots if slot.state in OP_STATES and not slot.drains]
        if not prepares:
            busy = [slot for slot in busy if not ((op := snapshot.op_of(slot)) and is_preparing(op))]
        if not busy:
            return
        if not prepares and time.monotonic() > patience:
            raise stuck(snapshot, busy[0])
        time.sleep(0.02)


def stuck(snapshot: Snapshot, slot: Slot) -> Busy:
    """Somebody took the work up and does not go on with it."""
    op = snapshot.op_of(slot)
    owner = describe(op.owner) if op and op.owner else "another process"
    return Busy(f"{slot.name} is {slot.state} by {owner}, which does not go on", hint="poolmgr doctor")
