"""The gate: a file lock in front of every write transaction and every close.

SQLite's own busy handler polls with sleeps, and a writer that comes back at once starves the
others for seconds when commits are slow. A file lock queues them. It also keeps commit,
checkpoint and close of different processes apart (the WAL-reset fault before SQLite 3.51.3).
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from poolmgr.core.errors import Busy

PATIENCE = 30.0


@contextmanager
def held(path: Path, *, patience: float = PATIENCE) -> Iterator[int]:
    """The lock, from here to the end of the block; its descriptor for children to inherit."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        wait_for(descriptor, path, patience)
        yield descriptor
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether some process has the lock now."""
    with suppress(Busy), held(path, patience=0):
        return False
    return True


def wait_for(descriptor: int, path: Path, patience: float) -> None:
    """Take the lock; a holder that does not let go in time is an error, not an endless wait."""
    if try_lock(descriptor):
        return
    if patience <= 0:
        raise Busy(f"another process holds {path}", hint="poolmgr status")
    # The kernel serves blocking waiters in turn; polling would not. Only a thread lets us give
    # up without a signal handler: closing the descriptor drops the lock it may still get.
    taken = threading.Event()

    def take() -> None:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            taken.set()

    threading.Thread(target=take, daemon=True).start()
    if not taken.wait(patience):
        raise Busy(
            f"another process has held {path} for {patience:.0f} s and does not go on",
            hint="poolmgr doctor",
        )


def try_lock(descriptor: int) -> bool:
    """Whether the lock is ours now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
