"""A quick look whether a slot shows changes: for people, and before a slot is handed over.

It is not what release goes by: that looks for every kind of unsaved work (isolation.work).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from isolation.git.program import Git


def is_dirty(git: Git, placed: Mapping[str, str]) -> bool:
    """Whether git shows anything that is not committed, but for files that poolmgr placed."""
    untracked = "all" if placed else "normal"
    words = ("status", "--porcelain", "-z", "--no-renames", f"--untracked-files={untracked}")
    shown = git.run(*words, "--ignore-submodules=none").fields
    return any(not is_placed(git.cwd, entry[3:], placed) for entry in shown)


def is_placed(root: Path, path: str, placed: Mapping[str, str]) -> bool:
    """Whether a file is one that poolmgr placed, unchanged."""
    if path not in placed or (root / path).is_symlink():
        return False
    import hashlib  # 4 ms that few slots need

    try:
        return hashlib.sha256((root / path).read_bytes()).hexdigest() == placed[path]
    except OSError:
        return False
