"""Background work without a daemon: detached children that do what is due and end.

A worker holds one of a few numbered locks while it lives. Whoever sees work and a free lock
starts one; a killed worker leaves nothing that another cannot take up.
"""

from __future__ import annotations

import os
from pathlib import Path

from poolmgr.core.errors import Busy
from poolmgr.services.ground.detached import start_detached
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.site import Site
from poolmgr.services.upkeep.due import due
from poolmgr.store import gate

MOST = max(1, min(4, os.cpu_count() or 1))


def lock_path(site: Site, number: int) -> Path:
    """The lock of the numbered worker; the first has no number."""
    return site.state / ("worker.lock" if number == 0 else f"worker-{number}.lock")


def ensure_worker(pool: Pool) -> None:
    """Enough workers for what is to be done; none when there is nothing."""
    todo = due(pool, pool.snapshot(), read_moment())
    if not todo.is_something and not todo.draining:
        return
    running = sum(is_running(pool.site, number) for number in range(MOST))
    wanted = min(max(todo.pieces, 1), MOST) - running
    for number in range(MOST):
        if wanted > 0 and try_start(pool.site, number):
            wanted -= 1


def is_running(site: Site, number: int) -> bool:
    """Whether the numbered worker lives."""
    try:
        with gate.held(lock_path(site, number), patience=0):
            return False
    except Busy:
        return True


def try_start(site: Site, number: int) -> bool:
    """A detached child with the worker's lock in its hands from the start; False when one lives."""
    try:
        with gate.held(lock_path(site, number), patience=0) as lock:
            start_detached(site, ("_work", "--lock", str(lock)), log="worker.log", keep_open=(lock,))
    except Busy:
        return False
    return True
