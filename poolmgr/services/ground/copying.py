"""Untracked files of the user's checkout in another tree; never through a symlink, never over something."""

from __future__ import annotations

import os
import stat
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple


class Copy(NamedTuple):
    """What is to be in a file, and its mode."""

    content: bytes
    mode: int

    @property
    def digest(self) -> str:
        """What it is recognised by."""
        from hashlib import sha256  # three milliseconds that who only reads copies need not pay

        return sha256(self.content).hexdigest()


def copy_into(checkout: Path, names: Iterable[str], tree: Path) -> None:
    """Those that are in the checkout and not yet in the tree, copied."""
    write_copies(tree, read_copies(checkout, names, tree))


def read_copies(
    checkout: Path, names: Iterable[str], tree: Path, *, over: Container[str] = ()
) -> dict[str, Copy]:
    """What is to be copied, by path; no directory, and over what is there already only where told."""
    copies: dict[str, Copy] = {}
    for name in names:
        source, target = checkout / name, tree / name
        is_copied = is_plain(checkout, source) and source.is_file()
        is_free = name in over or not os.path.lexists(target)
        if is_copied and is_free and is_plain(tree, target.parent):
            copies[name] = Copy(source.read_bytes(), stat.S_IMODE(source.stat().st_mode))
    return copies


def write_copies(tree: Path, copies: Mapping[str, Copy]) -> None:
    """The files in the tree."""
    for name, copy in copies.items():
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as stream:
            stream.write(copy.content)
        target.chmod(copy.mode)


def is_plain(root: Path, path: Path) -> bool:
    """Inside the root, and no part of it a symlink; it need not be there yet."""
    if root not in (path, *path.parents):
        return False
    for part in (path, *path.parents):
        if part == root:
            return True
        if part.is_symlink():
            return False
    return False
