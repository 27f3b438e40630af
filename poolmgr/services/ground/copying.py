"""Untracked files of the user's checkout in another tree; never through a symlink, never over something."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path


def copy_into(checkout: Path, names: Iterable[str], tree: Path) -> dict[str, str]:
    """What was copied, path to sha256; files that are there already stay as they are."""
    copied: dict[str, str] = {}
    for name in names:
        source, target = checkout / name, tree / name
        if is_plain(checkout, source) and is_plain(tree, target.parent) and not os.path.lexists(target):
            content = source.read_bytes()
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "wb") as stream:
                stream.write(content)
            target.chmod(stat.S_IMODE(source.stat().st_mode))
            copied[name] = hashlib.sha256(content).hexdigest()
    return copied


def is_plain(root: Path, path: Path) -> bool:
    """Inside the root, no part of it a symlink, and there (a directory may still be missing)."""
    if root not in (path, *path.parents):
        return False
    for part in (path, *path.parents):
        if part == root:
            return True
        if part.is_symlink():
            return False
    return False
