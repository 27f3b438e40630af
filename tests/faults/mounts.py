"""File systems of a test's own: a small one that fills up, and directories nobody can write to.

They lie in a mount namespace of this thread and its children, so they go with the test run
whatever happens. Where that is not permitted the test is skipped, and says so.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

CLONE_NEWNS = 0x00020000
ROOM = 64 * 1024


@cache
def own_mounts() -> str:
    """A mount namespace of our own; why there is none, when there is none."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        return f"unshare: {os.strerror(ctypes.get_errno())}"
    done = subprocess.run(("mount", "--make-rprivate", "/"), capture_output=True, timeout=60, check=False)
    return os.fsdecode(done.stderr).strip()


@contextmanager
def mounted(place: Path, *words: str) -> Iterator[Path]:
    """Something mounted on a directory."""
    why = own_mounts()
    if not why:
        done = subprocess.run(("mount", *words, place), capture_output=True, timeout=60, check=False)
        why = os.fsdecode(done.stderr).strip()
    if why:
        pytest.skip(f"a file system of the test's own is not permitted here: {why}")
    try:
        yield place
    finally:
        subprocess.run(("umount", "--lazy", place), timeout=60, check=True)


@contextmanager
def small_disk(place: Path, size: int) -> Iterator[Path]:
    """A file system of so many bytes."""
    place.mkdir()
    with mounted(place, "-t", "tmpfs", "-o", f"size={size},mode=700", "none"):
        yield place


@contextmanager
def read_only(place: Path) -> Iterator[Path]:
    """A directory in which nothing can be written, by nobody."""
    with mounted(place, "--bind", str(place)):
        subprocess.run(("mount", "-o", "remount,bind,ro", place), timeout=60, check=True)
        yield place


@contextmanager
def full(place: Path, left: int) -> Iterator[None]:
    """The file system of a directory with at most so many bytes left."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        room = os.statvfs(place)
        count = room.f_bavail * room.f_frsize - left
        try:
            while count > 0:
                count -= file.write(bytes(min(count, ROOM)))
        except OSError:
            count = 0
    try:
        yield
    finally:
        ballast.unlink()
