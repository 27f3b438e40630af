"""Fills a free slot with another view: what lies there is renamed aside, then git fills it afresh.

The cost is the new view's, not the repository's: nothing is deleted and no old index is read.
Until `moved` lies in the aside, undoing moves everything back; from then on it finishes, or
moves back where git cannot fill the slot.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.errors import GitFailed, NotFilled, NotKept
from isolation.git.config import replace_file
from isolation.scope.aside import (
    COPIED,
    Intent,
    OtherFileSystem,
    Wanted,
    begin,
    find_intent,
    free_name,
    is_empty,
    list_state,
    move_entry,
    return_entry,
)
from isolation.scope.ground import Ground, is_reached, require_ground
from isolation.scope.view import Mode

if TYPE_CHECKING:
    from isolation.git.program import Git
    from isolation.work.finding import Matcher

MOVED = "moved"
FILLED = "filled"
ROUNDS = 5
SPARSE = ("-c", "index.sparse=true")  # what makes the cost the view's; git expands it when it first writes

__all__ = ["OtherFileSystem", "Wanted", "refill", "undo_refill"]


def refill(git: Git, worktree: Path, aside: Path, wanted: Wanted, *, stay: Matcher | None = None) -> None:
    """The slot shows `wanted.view` of `wanted.oid`, HEAD detached there, its index fresh.

    `aside` must not exist yet and lie on the slot's file system. Entries at the top that `stay`
    matches, and that neither commit has, are left where they are. Hold the slot's lock, with no
    lock file in the admin directory. When this raises, or is killed, call `undo_refill`;
    afterwards the aside, if it is there, has to be examined as the worktree `aside/"tree"`, and
    rescued if need be, before it is removed.
    """
    ground = require_ground(worktree)
    inside = ground.git(git)
    staying = list_staying(inside, ground, wanted, stay) if stay else frozenset[str]()
    begin(ground, aside, Intent(wanted, staying))
    move_aside(ground, aside, staying)
    (aside / MOVED).touch()
    fill(inside, ground, aside, wanted)
    (aside / FILLED).touch()


def undo_refill(git: Git, worktree: Path, aside: Path) -> None:
    """After a refill that was killed or failed: as it was, or filled; repeatable, and kill-safe too.

    Clear dead lock files of the admin directory first. When it is as it was, the aside is gone,
    or holds only what somebody wrote into the slot meanwhile.
    """
    ground = require_ground(worktree)
    if (aside / FILLED).exists():
        return
    intent = find_intent(aside)
    if intent is not None and (aside / MOVED).exists():
        with suppress(NotFilled):
            finish(ground.git(git), ground, aside, intent)
            return
        turn_back(ground, aside, intent)
    if intent is not None:
        move_back(ground, aside)
    if is_empty(aside):
        drop(aside)


def list_staying(inside: Git, ground: Ground, wanted: Wanted, stay: Matcher) -> frozenset[str]:
    """The entries at the top that stay: a cache, and no part of the old commit or the new."""
    with os.scandir(ground.root) as entries:
        named = [
            entry.name
            for entry in entries
            if entry.name != ".git" and stay(os.fsencode(entry.name), entry.is_dir(follow_symlinks=False))
        ]
    return frozenset(named) - list_tracked(inside, named, ("HEAD", wanted.oid))


def list_tracked(inside: Git, paths: Iterable[str], commits: tuple[str, ...]) -> frozenset[str]:
    """Those of these paths that one of the commits has."""
    asked = tuple(paths)
    if not asked:
        return frozenset()
    return frozenset(
        path
        for commit in commits
        for path in inside.run("ls-tree", "-z", "--name-only", "--full-tree", commit, "--", *asked).fields
    )


def move_aside(ground: Ground, aside: Path, staying: frozenset[str]) -> None:
    """Index, git state and every entry at the top but `.git`, until a look finds none."""
    for name in list_state(ground.admin):
        move_entry(ground.admin / name, aside / "admin" / name)
    for _ in range(ROUNDS):
        names = [name for name in os.listdir(ground.root) if name != ".git" and name not in staying]
        if not names:
            return
        for name in names:
            with suppress(FileNotFoundError):  # somebody was quicker
                move_entry(ground.root / name, free_name(aside / "tree" / name))
    raise NotKept(f"somebody keeps writing into {ground.root}")


def fill(inside: Git, ground: Ground, aside: Path, wanted: Wanted) -> None:
    """Patterns, settings, index, files, HEAD; then what comes back from the aside."""
    set_patterns(ground, wanted)
    try:
        inside.run(*(SPARSE if wanted.view.mode is Mode.CONE else ()), "read-tree", "-m", "-u", wanted.oid)
    except GitFailed as error:
        raise NotFilled(f"git refuses to fill the slot: {error.stderr}") from error
    settle(inside, ground, aside, wanted)


def settle(inside: Git, ground: Ground, aside: Path, wanted: Wanted) -> None:
    """HEAD at the commit, and back what comes back."""
    if (ground.admin / "HEAD").read_text(errors="replace").strip() != wanted.oid:
        inside.run("update-ref", "--no-deref", "-m", "poolmgr: filled", "HEAD", wanted.oid)
    paths = [os.fsdecode(path) for path in wanted.back]
    tree = aside / "tree"
    there = [path for path in paths if is_reached(tree, path) and os.path.lexists(tree / path)]
    tracked = list_tracked(inside, there, (read_head(aside), wanted.oid))
    for path in there:
        target = ground.root / path
        if path not in tracked and is_reached(ground.root, path) and not os.path.lexists(target):
            move_entry(tree / path, target)


def read_head(aside: Path) -> str:
    """The commit an aside was at."""
    return (aside / "admin" / "HEAD").read_text(errors="replace").strip()


def set_patterns(ground: Ground, wanted: Wanted) -> None:
    """The view's pattern file and the worktree's settings."""
    if wanted.view.lines:
        replace_file(ground.patterns, wanted.view.text)
    else:
        ground.patterns.unlink(missing_ok=True)
    replace_file(ground.settings, wanted.config)


def finish(inside: Git, ground: Ground, aside: Path, intent: Intent) -> None:
    """Filled again from the start; what the killed filling left is sorted out afterwards."""
    from isolation.scope.torn import set_torn_aside, sort_out_torn  # only ever after a failure

    set_torn_aside(ground, aside, intent.staying, intent.wanted.back)
    fill(inside, ground, aside, intent.wanted)
    sort_out_torn(ground, aside)
    (aside / FILLED).touch()


def turn_back(ground: Ground, aside: Path, intent: Intent) -> None:
    """What the filling brought set aside, and the settings of before: from here on everything moves back."""
    from isolation.scope.torn import set_torn_aside

    set_torn_aside(ground, aside, intent.staying, intent.wanted.back)
    for name in COPIED:
        if (aside / "admin" / name).exists():
            replace_file(ground.admin / name, (aside / "admin" / name).read_bytes())
        else:
            (ground.admin / name).unlink(missing_ok=True)
    (aside / MOVED).unlink()


def move_back(ground: Ground, aside: Path) -> None:
    """Everything that has come here returns, the index last: a look in between finds no clean slot."""
    from isolation.scope.torn import sort_out_torn

    for entry in sorted(os.listdir(aside / "tree")):
        if entry != ".git":
            return_entry(aside / "tree" / entry, ground.root / entry)
    for name in sorted(list_state(aside / "admin"), key=lambda name: name == "index"):
        return_entry(aside / "admin" / name, ground.admin / name)
    sort_out_torn(ground, aside)


def drop(aside: Path) -> None:
    """An aside that holds nothing goes; the intent first, so that nobody takes it for one."""
    import shutil  # only ever after a failure

    with suppress(FileNotFoundError):
        (aside / "intent.json").unlink()
    shutil.rmtree(aside, ignore_errors=True)
