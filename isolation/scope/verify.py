"""Compares what a slot shows with what it should show, and repairs it without dropping an edit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from isolation.scope.change import apply_view, list_outside, read_settings, settings_of
from isolation.scope.ground import Ground, require_ground
from isolation.scope.shown import Runs, chooser_of, read_cone
from isolation.scope.view import Mode, View, is_below
from isolation.work.status import SHOW_EVERYTHING

if TYPE_CHECKING:
    from isolation.git.program import Git


class Difference(NamedTuple):
    """How a slot differs from its view.

    `missing`: hidden though the view shows it. `extra`: checked out, unchanged, though the view
    hides it. `edited`: changed, untracked or ignored outside of the view; it stays. `config`:
    what of git's own settings is not ours: `patterns`, `settings`.
    """

    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    config: tuple[str, ...] = ()

    @property
    def is_repairable(self) -> bool:
        """Whether something is wrong that `repair` puts right."""
        return bool(self.missing or self.extra or self.config)


class Entries(NamedTuple):
    """The paths of an index: checked out, hidden, hidden whole directories (without a slash)."""

    present: tuple[bytes, ...]
    hidden: tuple[bytes, ...]
    directories: tuple[bytes, ...]


def compare(git: Git, worktree: Path, view: View, runs: Runs = ()) -> Difference:
    """How the slot differs from the view; nothing is written. A file its holder deleted is an edit."""
    ground = require_ground(worktree)
    inside = ground.git(git)
    edited = list_outside(inside, ground, view, runs)
    entries = read_entries(inside)
    choose = chooser_of(view, runs)
    outside = frozenset(entries.present) - frozenset(choose(entries.present))
    extra = (os.fsdecode(path) for path in sorted(outside))
    return Difference(
        missing=tuple(os.fsdecode(path) for path in (*choose(entries.hidden), *list_visible(view, entries))),
        extra=tuple(path for path in extra if path not in edited),
        edited=edited,
        config=tuple(list_altered(inside, ground, view)),
    )


def repair(git: Git, worktree: Path, view: View, runs: Runs = ()) -> Difference:
    """What was wrong, and the edits outside that stay. Hold the slot's lock."""
    found = compare(git, worktree, view, runs)
    if not found.is_repairable:
        return found
    ground = require_ground(worktree)
    apply_view(ground.git(git), ground, view)
    # Without its settings git took edits for hidden files.
    return found._replace(edited=compare(git, worktree, view, runs).edited)


def read_entries(inside: Git) -> Entries:
    """The index, not expanded."""
    present: list[bytes] = []
    hidden: list[bytes] = []
    directories: list[bytes] = []
    for row in inside.run(*SHOW_EVERYTHING, "ls-files", "-z", "-t", "--sparse").stdout.split(b"\0"):
        path = row[2:]
        if path.endswith(b"/"):
            directories.append(path[:-1])
        elif row[:1] == b"S":
            hidden.append(path)
        elif path:
            present.append(path)
    return Entries(tuple(dict.fromkeys(present)), tuple(hidden), tuple(directories))


def list_visible(view: View, entries: Entries) -> tuple[bytes, ...]:
    """Directories the index hides whole though the view shows something in them."""
    if view.mode is not Mode.CONE:
        return entries.directories
    cones, parents = read_cone(view)
    return tuple(
        path + b"/"
        for path, name in ((path, os.fsdecode(path)) for path in entries.directories)
        if name in parents or is_below(name, cones)
    )


def list_altered(inside: Git, ground: Ground, view: View) -> list[str]:
    """Which of git's own settings are not those of the view."""
    altered = []
    patterns = ground.patterns.read_bytes() if ground.patterns.exists() else b""
    if view.mode is not Mode.FULL and patterns != view.text:
        altered.append("patterns")
    wanted = settings_of(view)
    found = read_settings(inside, ground)
    if any(found.get(key.lower(), "") != value for key, value in wanted.items()) or (
        view.mode is Mode.FULL and found.get("core.sparsecheckout", "false") == "true"
    ):
        altered.append("settings")
    return altered
