"""Removes files from a worktree: only what was examined, and only while it is what was examined.

Every directory on the way is opened without following links, so a directory replaced by a link
never leads outside. Directories go when they are empty, never with content nobody saw.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from isolation.errors import NotKept, WorktreeChanged
from isolation.work.finding import Identity, Matcher, identity_of

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@contextmanager
def opened_parent(root: bytes, path: bytes) -> Iterator[int]:
    """The directory of a path below root, reached without following a link."""
    descriptor = os.open(root, DIRECTORY)
    try:
        for part in path.split(b"/")[:-1]:
            inner = os.open(part, DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def remove_seen(root: bytes, path: bytes, seen: Identity, unlinked: set[int]) -> None:
    """Unlink a file that is still what was examined; one that is gone is fine.

    `unlinked` collects inodes: removing one name of a file changes the time of its other names.
    """
    name = os.path.basename(path)
    try:
        with opened_parent(root, path) as parent:
            now = identity_of(os.stat(name, dir_fd=parent, follow_symlinks=False))
            if now != seen and not (seen.inode in unlinked and replace(now, ctime_ns=seen.ctime_ns) == seen):
                raise WorktreeChanged(f"changed since it was examined: {os.fsdecode(path)}")
            with writable(parent):
                os.unlink(name, dir_fd=parent)
            unlinked.add(seen.inode)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise NotKept(f"cannot be removed: {os.fsdecode(path)}: {error.strerror}") from error


@contextmanager
def writable(descriptor: int) -> Iterator[None]:
    """Give a read-only directory its write bits while something in it is removed."""
    mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
    lacking = mode & stat.S_IRWXU != stat.S_IRWXU
    if lacking:
        os.fchmod(descriptor, mode | stat.S_IRWXU)
    try:
        yield
    finally:
        if lacking:
            with suppress(OSError):
                os.fchmod(descriptor, mode)


def remove_disposable(root: bytes, path: bytes, keep: Matcher) -> None:
    """Remove a disposable file or directory, but for what `keep` names."""
    plain = path.rstrip(b"/")
    if keep(plain, path.endswith(b"/")):
        return
    try:
        with opened_parent(root, plain) as parent:
            remove_entry(parent, plain, keep)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise NotKept(f"cannot be removed: {os.fsdecode(path)}: {error.strerror}") from error


def remove_entry(parent: int, path: bytes, keep: Matcher) -> bool:
    """Remove a path by its directory's descriptor; False when something in it stays."""
    name = os.path.basename(path)
    is_dir = stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    if keep(path, is_dir):
        return False
    if not is_dir:
        with writable(parent):
            os.unlink(name, dir_fd=parent)
        return True
    descriptor = os.open(name, DIRECTORY, dir_fd=parent)
    try:
        os.fchmod(descriptor, stat.S_IMODE(os.fstat(descriptor).st_mode) | stat.S_IRWXU)
        names = [os.fsencode(inner) for inner in os.listdir(descriptor)]
        gone = [remove_entry(descriptor, os.path.join(path, inner), keep) for inner in names]
    finally:
        os.close(descriptor)
    if all(gone):
        with writable(parent):
            os.rmdir(name, dir_fd=parent)
    return all(gone)


def add_owner_bits(root: bytes, path: bytes, mode: int) -> None:
    """Let the owner read and write a file, and enter a directory."""
    wanted = stat.S_IRWXU if stat.S_ISDIR(mode) else stat.S_IRUSR | stat.S_IWUSR
    if mode & wanted != wanted:
        with opened_parent(root, path) as parent:
            os.chmod(os.path.basename(path), stat.S_IMODE(mode) | wanted, dir_fd=parent)


def remove_empty_directories(root: bytes, paths: Iterable[bytes]) -> None:
    """Remove those of these directories that are empty, inner ones first."""
    for path in sorted(paths, reverse=True):
        with suppress(OSError), opened_parent(root, path) as parent, writable(parent):
            os.rmdir(os.path.basename(path), dir_fd=parent)
