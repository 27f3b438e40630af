"""The three directories of a slot's worktree, read the cheap way: its `.git` names a living admin entry.

What examines and rescues uses `isolation.work.place`, which also finds worktrees that are broken.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from isolation.errors import IsolationError
from isolation.git.worktrees import find_admin

if TYPE_CHECKING:
    from isolation.git.program import Git


class Ground(NamedTuple):
    """A worktree, its admin directory and the common directory."""

    root: Path
    admin: Path
    common: Path

    @property
    def patterns(self) -> Path:
        """Where git reads the view from."""
        return self.admin / "info" / "sparse-checkout"

    @property
    def settings(self) -> Path:
        """The settings of this worktree alone."""
        return self.admin / "config.worktree"

    def git(self, git: Git) -> Git:
        """Git that acts on this worktree, whatever its `.git` says meanwhile."""
        there = git.at(self.root).with_variables(GIT_DIR=str(self.admin), GIT_WORK_TREE=str(self.root))
        return there._replace(index_file=self.admin / "index")


def is_reached(root: Path, path: str) -> bool:
    """Whether every directory above a path is there, and none is a link that leads elsewhere."""
    directory = os.fspath(root)
    for name in path.split("/")[:-1]:
        directory = os.path.join(directory, name)
        if os.path.islink(directory) or not os.path.isdir(directory):
            return False
    return True


def require_ground(worktree: Path) -> Ground:
    """The directories of a worktree; raises where there is none."""
    admin = find_admin(worktree)
    if admin is None:
        raise IsolationError(f"{worktree} is no linked worktree")
    words = os.fsdecode((admin / "commondir").read_bytes().rstrip(b"\r\n"))
    return Ground(worktree, admin, Path(os.path.realpath(admin / words)))
