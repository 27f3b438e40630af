"""What really lies in a directory, by looking at every name once; no file is opened or followed.

Git does not speak of FIFOs, sockets, unreadable directories, empty directories and whatever
hides behind a `.git` that is no repository: only a walk sees them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field


@dataclass(slots=True)
class Directory:
    """One directory: its path (b"" for the root) and the full relative paths of its entries."""

    path: bytes
    files: list[bytes] = field(default_factory=list)
    specials: list[bytes] = field(default_factory=list)
    directories: list[bytes] = field(default_factory=list)
    repository: bool = False
    unreadable: bool = False


def walk(root: bytes, start: bytes = b"") -> list[Directory]:
    """Every directory below `start`, parents first; `.git` entries are noted, not entered."""
    found: list[Directory] = []
    pending = [start]
    while pending:
        directory = read_directory(root, pending.pop())
        found.append(directory)
        pending.extend(directory.directories)
    return found


def read_directory(root: bytes, path: bytes) -> Directory:
    """The entries of one directory."""
    directory = Directory(path)
    prefix = path + b"/" if path else b""
    try:
        entries = os.scandir(os.path.join(root, path))
    except FileNotFoundError:
        return directory
    except OSError:
        directory.unreadable = True
        return directory
    with entries:
        for entry in entries:
            name = entry.name
            if name == b".git":
                directory.repository = True
            elif entry.is_dir(follow_symlinks=False):
                directory.directories.append(prefix + name)
            elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                directory.files.append(prefix + name)
            else:
                directory.specials.append(prefix + name)
    return directory


def list_everything(root: bytes, start: bytes) -> list[bytes]:
    """Every path below `start`, directories too and `.git` entered, parents first."""
    found: list[bytes] = []
    pending = [start]
    while pending:
        path = pending.pop()
        with os.scandir(os.path.join(root, path)) as entries:
            for entry in entries:
                inner = os.path.join(path, entry.name)
                found.append(inner)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(inner)
    return found
