"""Refs that hold on to commits which only worktrees' own reflogs name, as long as their slot is out of use.

`git reflog expire` and `git gc` would take them otherwise: amended, reset away, rebased.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from isolation.git.program import Git
from isolation.rescue.objects import NOBODY, write_object, write_tree
from isolation.work.commits import read_named

PINS = "refs/poolmgr/parked/"


def pin(git: Git, admins: Iterable[Path], number: int) -> None:
    """One ref to all of them, and to what it held before; none when every commit is reached otherwise."""
    held = read_pins(git, number)
    tips = dict.fromkeys((*(tip for admin in admins for tip in read_named(git, admin).tips), *held))
    if tips.keys() <= held:
        return
    parents = "".join(f"parent {tip}\n" for tip in tips)
    people = f"author {NOBODY}\ncommitter {NOBODY}\n"
    text = f"tree {write_tree(git, ())}\n{parents}{people}\nKept while out of use.\n"
    git.run("update-ref", f"{PINS}{number}", write_object(git, "commit", text.encode()))


def read_pins(git: Git, number: int) -> frozenset[str]:
    """What is held: one commit, or none."""
    return frozenset(git.run("for-each-ref", "--format=%(objectname)", f"{PINS}{number}").text.split())


def unpin(git: Git, number: int) -> None:
    """Let go of them: a rescue holds them by now."""
    git.run("update-ref", "-d", f"{PINS}{number}")
