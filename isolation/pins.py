"""Refs that hold on to commits which only worktrees' own reflogs name, as long as they are kept aside.

`git reflog expire` and `git gc` would take them otherwise: amended, reset away, rebased.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from isolation.errors import GitFailed
from isolation.git.program import Git
from isolation.rescue.objects import NOBODY, write_object, write_tree
from isolation.work.commits import read_named

PINS = "refs/poolmgr/parked/"


def pin(git: Git, admins: Iterable[Path], number: int) -> None:
    """One ref to all of them; none when every commit is reached otherwise. Repeating it is safe."""
    tips = dict.fromkeys(tip for admin in admins for tip in read_named(git, admin).tips)
    if not tips:
        return
    parents = "".join(f"parent {tip}\n" for tip in tips)
    text = f"tree {write_tree(git, ())}\n{parents}author {NOBODY}\ncommitter {NOBODY}\n\nKept while parked.\n"
    git.run("update-ref", f"{PINS}{number}", write_object(git, "commit", text.encode()))


def unpin(git: Git, number: int) -> None:
    """Let go of them: a rescue holds them by now."""
    with suppress(GitFailed):  # it was never made
        git.run("update-ref", "-d", f"{PINS}{number}")
