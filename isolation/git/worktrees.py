"""Linked worktrees: the commands and the files of their admin directories.

add, move, repair, remove and lock race with each other and with prune and gc; callers hold the
pool's git lock around every function here that changes something.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from isolation.errors import IsolationError
from isolation.git.config import replace_file
from isolation.git.program import Git

BRANCH = "refs/heads/"
ABSOLUTE = ("-c", "worktree.useRelativePaths=false")  # from git 2.48 on it would change the shared settings


class Listed(NamedTuple):
    """A worktree as git lists it."""

    path: Path
    head: str
    branch: str | None
    locked: str | None


def list_worktrees(git: Git) -> tuple[Listed, ...]:
    """Every worktree of the repository, the main one first."""
    blocks = os.fsdecode(git.run("worktree", "list", "--porcelain", "-z").stdout).split("\0\0")
    return tuple(parse_listed(block) for block in blocks if block.strip("\0"))


def parse_listed(block: str) -> Listed:
    """One block of the listing."""
    facts = dict(line.partition(" ")[::2] for line in block.strip("\0").split("\0"))
    return Listed(
        path=Path(facts["worktree"]),
        head=facts.get("HEAD", ""),
        branch=facts["branch"].removeprefix(BRANCH) if "branch" in facts else None,
        locked=facts.get("locked"),
    )


def add_worktree(git: Git, path: Path, oid: str, *, reason: str) -> None:
    """A locked, detached, still empty worktree."""
    git.run(
        *ABSOLUTE, "worktree", "add", "--lock", "--reason", reason, "--no-checkout", "--detach", "--",
        str(path), oid,
    )  # fmt: skip


def fill_worktree(git: Git, oid: str) -> None:
    """The files of a commit in a worktree that has none yet."""
    git.run("read-tree", "--reset", "-u", oid)


def repair_worktree(git: Git, path: Path) -> None:
    """Make git find a worktree that was moved."""
    git.run("worktree", "repair", "--", str(path))


def note_place(admin: Path, worktree: Path) -> None:
    """The same without asking the worktree, whose `.git` may be a repository by now."""
    replace_file(admin / "gitdir", os.fsencode(worktree / ".git") + b"\n")


def lock_worktree(git: Git, path: Path, *, reason: str) -> None:
    """Keep prune and gc away; a lock that is there already stays."""
    git.run("worktree", "lock", "--reason", reason, "--", str(path), accept=(0, 128))


def forget_worktree(git: Git, path: Path) -> None:
    """Remove git's record of a worktree whose directory is gone."""
    if path.exists():
        raise IsolationError(f"{path} is there again; its record stays")
    git.run("worktree", "unlock", "--", str(path), accept=(0, 128))
    git.run("worktree", "remove", "--force", "--", str(path), accept=(0, 128))


def find_admin(worktree: Path) -> Path | None:
    """The admin directory a worktree's `.git` file names; None when there is none."""
    try:
        text = os.fsdecode((worktree / ".git").read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    admin = Path(text.removeprefix("gitdir: ").removesuffix("\n"))
    return admin if text.startswith("gitdir: ") and admin.is_dir() else None


def find_registered(common: Path, worktree: Path) -> Path | None:
    """The admin directory that names this worktree, also when the worktree is gone."""
    wanted = os.fspath(worktree / ".git")
    for admin in list_admins(common):
        with suppress(OSError):
            if os.fsdecode((admin / "gitdir").read_bytes()).removesuffix("\n") == wanted:
                return admin
    return None


def list_admins(common: Path) -> Iterator[Path]:
    """Every admin directory of the repository."""
    with suppress(FileNotFoundError):
        yield from sorted(Path(entry) for entry in os.scandir(common / "worktrees") if entry.is_dir())


def checked_out(common: Path) -> dict[str, Path]:
    """Branch to admin directory (the common one for the main checkout), by reading HEAD files.

    A branch that is being rebased or bisected counts: git will write to it when that ends.
    """
    found: dict[str, Path] = {}
    for admin in (common, *list_admins(common)):
        for name in ("HEAD", "rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"):
            with suppress(OSError):
                text = os.fsdecode((admin / name).read_bytes()).removesuffix("\n").removeprefix("ref: ")
                if text.startswith(BRANCH) or name == "BISECT_START":
                    found.setdefault(text.removeprefix(BRANCH), admin)
    return found


def worktree_of(admin: Path, common: Path) -> Path:
    """The directory an admin directory belongs to."""
    if admin == common:
        return common.parent
    try:
        return Path(os.fsdecode((admin / "gitdir").read_bytes()).removesuffix("\n")).parent
    except OSError:
        return admin
