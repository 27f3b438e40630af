"""File locks that end with whoever holds them, however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isolation.database.errors import ServerFailed

NAP = 0.01


def try_hold(path: Path) -> int | None:
    """The descriptor that holds the lock now, None when somebody else has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock; a file that is not there is held by nobody."""
    if not path.exists():
        return False
    descriptor = try_hold(path)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


@contextmanager
def held(path: Path, patience: float) -> Iterator[None]:
    """The lock, from here to the end of the block."""
    deadline = time.monotonic() + patience
    while (descriptor := try_hold(path)) is None:
        if time.monotonic() > deadline:
            raise ServerFailed(
                f"another process has held {path} for {patience:.0f} s and does not go on",
                hint="poolmgr doctor",
            )
        time.sleep(NAP)
    try:
        yield
    finally:
        os.close(descriptor)
