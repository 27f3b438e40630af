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


def ensure_files(*paths: Path) -> None:
    """Lock files are made here alone: whoever looks for one makes none in a place that is going away."""
    for path in paths:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))


def try_hold(path: Path) -> int | None:
    """The descriptor that holds the lock now, None when somebody else has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
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
    try:
        descriptor = try_hold(path)
    except FileNotFoundError:
        return False
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


@contextmanager
def held(path: Path, patience: float) -> Iterator[None]:
    """The lock, from here to the end of the block; PlaceGone when its directory is removed meanwhile."""
    deadline = time.monotonic() + patience
    try:
        while (descriptor := try_hold(path)) is None:
            if time.monotonic() > deadline:
                raise ServerFailed(
                    f"another process has held {path} for {patience:.0f} s and does not go on",
                    hint="poolmgr doctor",
                )
            time.sleep(NAP)
    except FileNotFoundError as error:
        raise PlaceGone(path) from error
    try:
        if not is_named(descriptor, path):
            raise PlaceGone(path)
        yield
    finally:
        os.close(descriptor)


def is_named(descriptor: int, path: Path) -> bool:
    """Whether the open file is still the one at the path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


class PlaceGone(ServerFailed):
    """The server's whole directory was removed while we waited for its lock."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path.parent} was removed meanwhile", hint="try again")
