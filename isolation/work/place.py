"""Where a linked worktree and its git directories lie.

Git is told all three by environment: a broken `.git` file or a `core.worktree` in some
configuration then cannot point it at another directory.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.errors import IsolationError

if TYPE_CHECKING:
    from isolation.git.program import Git


# Of an admin directory: its links to the repository.
LINKS = frozenset({b"gitdir", b"commondir", b"locked", b"revoked"})
# How the names of the pool's own files there begin: marks, facts, hooks.
POOLS = "poolmgr"
CLEANING = "poolmgr.cleaning"


def is_state(path: bytes) -> bool:
    """Whether a path in an admin directory is the worktree's own state."""
    return path not in LINKS and not path.startswith(POOLS.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A worktree, its admin directory (`<common>/worktrees/<name>`) and the common directory."""

    root: Path
    admin: Path
    common: Path

    def git(self, git: Git) -> Git:
        """Git that acts on this worktree and no other."""
        there = git.at(self.root).with_variables(
            GIT_DIR=str(self.admin),
            GIT_WORK_TREE=str(self.root),
            GIT_NO_LAZY_FETCH="1",
        )
        return there._replace(index_file=self.admin / "index")


def read_place(git: Git, worktree: Path) -> Place:
    """The directories of a worktree, by its `.git` file, else by the admin entry that names it."""
    root = Path(os.path.realpath(worktree))
    if not root.is_dir():
        raise IsolationError(f"there is no directory {worktree}")
    admin = read_pointer(root) or find_admin(git, root)
    if admin is None:
        why = f"{root}/.git is a repository of its own" if (root / ".git").is_dir() else "it has no git state"
        raise IsolationError(f"{worktree} is no linked worktree any more: {why}", hint="poolmgr doctor")
    owner = find_owner(admin)
    if owner and owner != root and read_pointer(owner) == admin:
        raise IsolationError(f"{worktree} uses the git state of another worktree, {owner}")
    return Place(root=root, admin=admin, common=read_common(admin))


def read_pointer(root: Path) -> Path | None:
    """The admin directory a `.git` file names, if it is there and of this worktree."""
    try:
        words = (root / ".git").read_bytes()
    except OSError:
        return None
    if not words.startswith(b"gitdir:"):
        return None
    admin = root / os.fsdecode(words.removeprefix(b"gitdir:").strip(b" \r\n"))
    return Path(os.path.realpath(admin)) if (admin / "commondir").is_file() else None


def find_owner(admin: Path) -> Path | None:
    """The worktree an admin directory was made for."""
    try:
        words = os.fsdecode((admin / "gitdir").read_bytes().rstrip(b"\r\n"))
    except OSError:
        return None
    return Path(os.path.realpath(admin / words)).parent


def read_common(admin: Path) -> Path:
    """The common directory an admin directory belongs to."""
    words = os.fsdecode((admin / "commondir").read_bytes().rstrip(b"\r\n"))
    return Path(os.path.realpath(admin / words))


def find_admin(git: Git, root: Path) -> Path | None:
    """The admin entry whose `gitdir` names this worktree."""
    common = Path(git.run("rev-parse", "--path-format=absolute", "--git-common-dir").text)
    for pointer in sorted(common.glob("worktrees/*/gitdir")):
        if find_owner(pointer.parent) == root:
            return Path(os.path.realpath(pointer.parent))
    return None
