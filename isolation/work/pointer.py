"""Where a nested repository's git directory is, by its `.git`.

A submodule's `.git` file is relative: in a worktree that was moved it leads nowhere, while its
git directory still lies in the worktree's admin directory. It is found there by its name.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from isolation.work.place import Place

MODULE = re.compile(rb"worktrees/[^/]+/modules/(.+?)\s*\Z", re.DOTALL)


def find_git_directory(place: Place, path: bytes) -> Path | None:
    """The git directory of the repository at this path, None when its `.git` leads nowhere."""
    pointer = place.root / os.fsdecode(path) / ".git"
    if pointer.is_symlink() or pointer.is_dir():
        return Path(os.path.realpath(pointer)) if pointer.exists() else None
    try:
        words = pointer.read_bytes()
    except OSError:
        return None
    named = os.fsdecode(words.removeprefix(b"gitdir:").strip(b" \r\n"))
    target = Path(os.path.realpath(pointer.parent / named)) if "\0" not in named else pointer
    module = find_module(place, words)
    return target if target.is_dir() else module


def is_outside(directory: Path | None, place: Place) -> TypeGuard[Path]:
    """Whether a git directory is neither part of a worktree nor of its record."""
    return directory is not None and not any(
        directory.is_relative_to(home) for home in (place.root, place.admin)
    )


def find_module(place: Place, words: bytes) -> Path | None:
    """The submodule git directory in our admin directory that a `.git` file means."""
    match = MODULE.search(words)
    module = place.admin / "modules" / os.fsdecode(match[1]) if match else None
    return module if module and module.is_dir() else None
