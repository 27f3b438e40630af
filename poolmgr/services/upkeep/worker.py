"""Doing the chores: until there are none, in a worker's place or in a command that shows the result.

A template's commands may take an hour. Who runs them has let go of the worker's place, so that another
does meanwhile what there is to do.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from poolmgr.core.errors import Busy
from poolmgr.core.lifecycle import OP_STATES
from poolmgr.core.records import Slot, Snapshot
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.life.settle import DRAIN
from poolmgr.services.upkeep.background import MOST, ensure_worker, lock_path
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
        with ExitStack() as ahead:
            with ExitStack() as stack:
                if lock is not None:
                    stack.callback(os.close, lock)
                elif not any(try_enter(stack, lock_path(pool.site, number)) for number in range(MOST)):
                    return
                is_done = work_through(pool)
                is_ours = is_done and try_enter_ahead(ahead, pool)
            lock = None
            if is_ours:
                ensure_worker(pool)
                work_ahead(pool)
        if is_ours:
            ensure_worker(pool)
            break
        if not is_done or not due(pool, pool.snapshot(), read_moment()).is_something:
            break
    with pool.engine.write() as session:
        forget_events(session)
    try_back_up(pool)


def try_enter(stack: ExitStack, lock: Path) -> bool:
    """Whether this place is ours now."""
    try:
        stack.enter_context(gate.held(lock, patience=0))
    except Busy:
        return False
    return True


def try_enter_ahead(stack: ExitStack, pool: Pool) -> bool:
    """Whether databases need something prepared, and that is ours to do."""
    if not due(pool, pool.snapshot(), read_moment()).ahead:
        return False
    from poolmgr.services.databases.asking import ahead_lock

    return try_enter(stack, ahead_lock(pool.site))


def work_ahead(pool: Pool) -> None:
    """What databases need ahead; where slots have none, nothing is loaded for it."""
    from poolmgr.services.databases import house

    house.work_ahead(pool)


def work_through(pool: Pool) -> bool:
    """Round after round; a while longer for what others hold up, unless something is to be prepared.

    Whether everything else is done.
    """
    patience = time.monotonic() + LINGER
    while True:
        if run_round(pool):
            patience = time.monotonic() + LINGER
            continue
        todo = due(pool, pool.snapshot(), read_moment())
        if todo.ahead or not (todo.is_something or todo.draining):
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
