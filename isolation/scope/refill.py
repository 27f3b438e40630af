"""Fills a free slot with another view: what lies there is renamed aside, then git fills it afresh.

The cost is the new view's, not the repository's: nothing is deleted and no old index is read.
Until `moved` lies in the aside, undoing moves everything back; from then on it finishes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.errors import GitFailed, NotKept
from isolation.git.config import replace_file
from isolation.scope.aside import (
    OtherFileSystem,
    Wanted,
    begin,
    find_intent,
    list_state,
    move_entry,
    return_entry,
)
from isolation.work.finding import Matcher, nothing
from isolation.work.place import Place, read_place

if TYPE_CHECKING:
    from isolation.git.program import Git

MOVED = "moved"
FILLED = "filled"
ROUNDS = 5

__all__ = ["OtherFileSystem", "Wanted", "refill", "undo_refill"]


def refill(git: Git, worktree: Path, aside: Path, wanted: Wanted, *, stay: Matcher = nothing) -> None:
    """The slot shows `wanted.view` of `wanted.oid`, HEAD detached there, its index fresh.

    `aside` must not exist yet and lie on the slot's file system. Entries at the top that `stay`
    matches are left where they are. Hold the slot's lock, with no lock file in the admin
    directory. When this raises, or is killed, call `undo_refill`; afterwards the aside, if it is
    there, is a worktree that has to be examined, and rescued if need be, before it is removed.
    """
    place = read_place(git, worktree)
    begin(place, aside, wanted)
    move_aside(place, aside, stay)
    (aside / MOVED).touch()
    fill(git, place, aside, wanted)
    (aside / FILLED).touch()


def undo_refill(git: Git, worktree: Path, aside: Path) -> None:
    """After a refill that was killed or failed: as it was, or filled; repeatable, and kill-safe too.

    Clear dead lock files of the admin directory first.
    """
    place = read_place(git, worktree)
    wanted = find_intent(aside)
    if (aside / FILLED).exists():
        return
    if wanted is not None and (aside / MOVED).exists():
        finish(git, place, aside, wanted)
        return
    if wanted is not None:
        move_back(place, aside)
    drop_empty(aside)


def move_aside(place: Place, aside: Path, stay: Matcher) -> None:
    """Index, git state and every entry at the top but `.git`, until a look finds none."""
    for name in list_state(place.admin):
        move_entry(place.admin / name, aside / "admin" / name)
    for _ in range(ROUNDS):
        names = list(list_top(place.root, stay))
        if not names:
            return
        for name in names:
            move_entry(place.root / name, aside / "tree" / name)
    raise NotKept(f"somebody keeps writing into {place.root}")


def list_top(root: Path, stay: Matcher) -> Iterator[str]:
    """The entries of a worktree that move."""
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.name != ".git" and not stay(
                os.fsencode(entry.name), entry.is_dir(follow_symlinks=False)
            ):
                yield entry.name


def fill(git: Git, place: Place, aside: Path, wanted: Wanted) -> None:
    """Patterns, settings, index, files, HEAD; then what comes back from the aside."""
    set_patterns(place, wanted)
    inside = place.git(git)
    try:
        inside.run("read-tree", "-m", "-u", wanted.oid)
    except GitFailed as error:
        raise NotKept(f"git refuses to fill the slot: {error.stderr}") from error
    settle(inside, place, aside, wanted)


def settle(inside: Git, place: Place, aside: Path, wanted: Wanted) -> None:
    """HEAD at the commit, and back what comes back."""
    if (place.admin / "HEAD").read_text(errors="replace").strip() != wanted.oid:
        inside.run("update-ref", "--no-deref", "-m", "poolmgr: filled", "HEAD", wanted.oid)
    for path in wanted.back:
        name = os.fsdecode(path)
        source, target = aside / "tree" / name, place.root / name
        if os.path.lexists(source) and target.parent.is_dir() and not os.path.lexists(target):
            move_entry(source, target)


def set_patterns(place: Place, wanted: Wanted) -> None:
    """The view's pattern file and the worktree's settings."""
    patterns = place.admin / "info" / "sparse-checkout"
    if wanted.view.lines:
        replace_file(patterns, wanted.view.text)
    else:
        patterns.unlink(missing_ok=True)
    replace_file(place.admin / "config.worktree", wanted.config)


def finish(git: Git, place: Place, aside: Path, wanted: Wanted) -> None:
    """The fresh index, made again; files that are missing come, files that are there stay as they are.

    A file that git had not written to its end then shows as changed: it is for the recycling to
    keep or to find out, never for us to overwrite.
    """
    set_patterns(place, wanted)
    inside = place.git(git)
    (place.admin / "index").unlink(missing_ok=True)
    inside.run("read-tree", "-m", wanted.oid)
    inside.run("update-index", "-q", "--refresh", accept=(0, 1))
    missing = inside.run("diff-files", "-z", "--name-only", "--diff-filter=D").stdout
    if missing:
        inside.run("checkout-index", "-q", "-u", "-z", "--stdin", stdin=missing)
    settle(inside, place, aside, wanted)
    (aside / FILLED).touch()


def move_back(place: Place, aside: Path) -> None:
    """Everything that has come here returns, the index last: a look in between finds no clean slot."""
    for entry in sorted(os.listdir(aside / "tree")):
        if entry != ".git":
            return_entry(aside / "tree" / entry, place.root / entry)
    for name in sorted(list_state(aside / "admin"), key=lambda name: name == "index"):
        return_entry(aside / "admin" / name, place.admin / name)


def drop_empty(aside: Path) -> None:
    """The aside goes when it holds nothing but what `begin` made."""
    with suppress(FileNotFoundError):
        if os.listdir(aside / "tree") not in ([], [".git"]):
            return
    if aside.exists():
        shutil.rmtree(aside)
