"""Background work without a daemon: detached children that do what is due and end.

A worker holds one of a few numbered locks while it lives. Whoever sees work and a free lock
starts one; a killed worker leaves nothing that another cannot take up.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from poolmgr.core.errors import Busy
from poolmgr.services.due import due
from poolmgr.services.pool import Pool, read_moment
from poolmgr.services.site import Site
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
