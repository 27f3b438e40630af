"""Another view for a slot that somebody works in: no edit is dropped, what cannot leave is named.

Git applies the patterns by the two-tree form of read-tree, which carries staged changes along,
leaves edited files where they are and touches neither untracked nor ignored ones
(`sparse-checkout set` and `reapply` delete ignored files with the directories they hide). The
index is whole from then on: git loses entries where it makes one sparse.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.errors import GitFailed, NotKept
from isolation.git.config import replace_file
from isolation.scope.ground import Ground, is_reached, require_ground
from isolation.scope.shown import Runs, chooser_of
from isolation.scope.view import Mode, View
from isolation.scope.whole import WHOLE, read_before, require_whole
from isolation.work.hidden import list_edited
from isolation.work.operation import list_operations
from isolation.work.status import SHOW_EVERYTHING, read_status

if TYPE_CHECKING:
    from isolation.git.program import Git

RAW = ("--raw", "-z", "--no-abbrev", "--no-renames")
DELETED = "poolmgr-deleted"
SETTINGS = ("core.sparseCheckout", "core.sparseCheckoutCone", "core.splitIndex", "index.sparse")


def change_view(git: Git, worktree: Path, view: View, runs: Runs = ()) -> tuple[str, ...]:
    """The paths that the view does not show but that stay: edited, staged, untracked, ignored.

    Directories with nothing but such files end in a slash. `runs` are the view's lines compiled,
    for exact mode. Hold the slot's lock; repeating it after a kill is safe.
    """
    ground = require_ground(worktree)
    inside = ground.git(git)
    apply_view(inside, ground, view)
    return list_outside(inside, ground, view, runs)


def apply_view(inside: Git, ground: Ground, view: View) -> None:
    """Patterns, settings, index and files as the view says; files that somebody deleted stay deleted."""
    deleted = remember_deleted(inside, ground)
    expand_index(inside)
    before = read_before(inside, ground)
    write_patterns(ground, view)
    write_settings(inside, ground, view)
    sparse = () if view.mode is not Mode.FULL else ("-c", "core.sparseCheckout=true")
    options = (*SHOW_EVERYTHING, *sparse, *WHOLE)
    try:
        head = inside.run("rev-parse", "--verify", "--quiet", "HEAD", accept=(0, 1)).text
        tree = head or inside.run("hash-object", "-t", "tree", "-w", "--stdin", stdin=b"").text
        # What was only touched, copied or moved would count as edited and stay.
        inside.run(*options, "update-index", "-q", "--refresh", accept=(0, 1))
        keep_staged(inside, ground, options, tree)
        if inside.run("ls-files", "--unmerged", "-z").stdout:
            # In a conflict read-tree refuses; this deletes nothing then, and leaves what is unmerged.
            inside.run(*options, "sparse-checkout", "reapply")
        else:
            inside.run(*options, "read-tree", "-m", "-u", tree, tree)
        require_whole(inside, ground, before, deleted)
        if deleted:
            inside.run(*options, "update-index", "-z", "--no-skip-worktree", "--stdin", stdin=deleted)
        inside.run(*options, "update-index", "-q", "--refresh", accept=(0, 1))
    except GitFailed as error:
        raise NotKept(f"git cannot apply the view: {error.stderr}") from error
    if view.mode is Mode.FULL:
        ground.patterns.unlink(missing_ok=True)
    (ground.admin / DELETED).unlink()


def keep_staged(inside: Git, ground: Ground, options: tuple[str, ...], tree: str) -> None:
    """Git takes staged files for edited ones, and leaves them on disk: it forgets how they looked."""
    diff = ("diff-index", "--cached", "--ita-invisible-in-index", *RAW)
    fields = inside.run(*options, *diff, tree).stdout.split(b"\0")
    entries = zip(fields[::2], fields[1::2], strict=False)
    lines = [
        b"%s %s\t%s\0" % (words[1], words[3], path)
        for words, path in ((entry.split(b" "), path) for entry, path in entries)
        if words[4] not in {b"D", b"U"} and exists(ground, path)
    ]
    if lines:
        inside.run(*options, "update-index", "-z", "--index-info", stdin=b"".join(lines))


def expand_index(inside: Git) -> None:
    """Every file in the index by itself, before the patterns change.

    To git a directory that the index holds as one entry, and the patterns show, is deleted: a
    `commit -a` after a kill in between would commit that.
    """
    if b"/\0" in inside.run(*SHOW_EVERYTHING, "ls-files", "-z", "--sparse").stdout:
        inside.run(*SHOW_EVERYTHING, *WHOLE, "update-index", "--force-write-index")


def remember_deleted(inside: Git, ground: Ground) -> bytes:
    """The files deleted before anything changed: git removes others, and a kill must not mix them up.

    Of what a change that failed remembered, what somebody has brought back or committed since is over.
    """
    file = ground.admin / DELETED
    if file.exists():
        paths = frozenset(file.read_bytes().split(b"\0")) & frozenset(list_merged(inside))
        still = b"".join(path + b"\0" for path in sorted(paths) if not exists(ground, path))
    else:
        diff = ("diff-files", "-z", "--name-only", "--no-renames", "--diff-filter=D")
        still = inside.run(*SHOW_EVERYTHING, *diff).stdout
    replace_file(file, still)
    return still


def list_merged(inside: Git) -> list[bytes]:
    """The paths of the index, hidden ones too, without those in conflict."""
    rows = inside.run(*SHOW_EVERYTHING, "ls-files", "-z", "-t").stdout.split(b"\0")
    return [row[2:] for row in rows if row and row[:1] != b"M"]


def hide_absent(git: Git, worktree: Path, view: View, runs: Runs = ()) -> None:
    """In an index made anew: what is not there, and the view does not show, is hidden, not deleted."""
    ground = require_ground(worktree)
    inside = ground.git(git)
    paths = list_merged(inside)
    shown = frozenset(chooser_of(view, runs)(paths))
    absent = (path for path in paths if path not in shown and not exists(ground, path))
    listed = b"".join(path + b"\0" for path in absent)
    if listed:
        inside.run(*SHOW_EVERYTHING, "update-index", "-z", "--skip-worktree", "--stdin", stdin=listed)


def write_patterns(ground: Ground, view: View) -> None:
    """The pattern file; a full view has all for as long as git needs to bring everything back."""
    replace_file(ground.patterns, view.text or b"/*\n")


def write_settings(inside: Git, ground: Ground, view: View) -> None:
    """The sparse settings of this worktree; what its holder set besides stays."""
    wanted = settings_of(view)
    found = read_settings(inside, ground)
    for key in SETTINGS:
        if found.get(key.lower()) == wanted.get(key):
            continue
        if key in wanted:
            inside.run("config", "--file", str(ground.settings), "--replace-all", key, wanted[key])
        else:
            inside.run("config", "--file", str(ground.settings), "--unset-all", key, accept=(0, 5))


def settings_of(view: View) -> dict[str, str]:
    """The sparse settings of a view."""
    if view.mode is Mode.FULL:
        return {}
    cone = "true" if view.mode is Mode.CONE else "false"
    return dict(zip(SETTINGS, ("true", cone, "false", "false"), strict=True))


def read_settings(inside: Git, ground: Ground) -> dict[str, str]:
    """The settings of this worktree alone, the last of each name."""
    if not ground.settings.exists():
        return {}
    fields = inside.run("config", "--file", str(ground.settings), "-z", "--list").fields
    return {name: value for name, _, value in (field.partition("\n") for field in fields)}


def list_outside(inside: Git, ground: Ground, view: View, runs: Runs) -> tuple[str, ...]:
    """The changed and loose paths that a view does not show, also those behind a flag of the index.

    What a merge that goes on has staged of its own, without a file, is nobody's edit.
    """
    status = read_status(inside)
    changes = status.changes
    if list_operations(ground.admin):
        changes = tuple(one for one in changes if one.letters[1] != "." or exists(ground, one.path))
    assumed = list_assumed(inside, ground)
    changed = [*(one.path for one in changes), *status.untracked, *status.ignored, *assumed]
    shown = frozenset(chooser_of(view, runs)(changed))
    return tuple(os.fsdecode(path) for path in sorted(frozenset(changed) - shown))


def list_assumed(inside: Git, ground: Ground) -> tuple[bytes, ...]:
    """The files that git was told to take for unchanged, and that are not."""
    rows = inside.run(*SHOW_EVERYTHING, "ls-files", "-z", "-v", "--sparse").stdout.split(b"\0")
    flagged = frozenset(row[2:] for row in rows if row[:1].islower())
    return list_edited(inside, ground.admin, flagged) if flagged else ()


def exists(ground: Ground, path: bytes) -> bool:
    """Whether anything lies at a path; what a link on the way leads to does not."""
    name = os.fsdecode(path)
    return is_reached(ground.root, name) and os.path.lexists(ground.root / name)
