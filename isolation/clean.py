"""Brings a worktree to a commit with nothing left of its last holder.

Removes exactly what was examined, by path and identity; whatever appeared or changed later stops
it with NotKept before anything else goes. Every step can be repeated after a kill: a file in the
admin directory says what the cleaning was moving to, until it is done.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.errors import NotKept, WorktreeChanged
from isolation.moving import is_sparse_everywhere, move_in_view, move_tree
from isolation.removal import add_owner_bits, remove_disposable, remove_empty_directories, remove_seen
from isolation.scope.view import Mode
from isolation.work.commits import RESCUES, SHARED, read_named
from isolation.work.examine import judge, read_state
from isolation.work.finding import Matcher, Rules, Work, nothing, read_identity
from isolation.work.place import CLEANING, POOLS, Place, read_place
from isolation.work.status import read_listing
from isolation.work.survey import survey
from isolation.work.walk import list_everything, walk

if TYPE_CHECKING:
    from isolation.git.program import Git
    from isolation.scope.aside import Wanted

# What stays of an admin directory: git's links, the index, settings; the pool's own files besides.
LASTING = frozenset({
    "HEAD", "index", "gitdir", "commondir", "locked", "revoked", "config.worktree", "reftable",
})  # fmt: skip
# Of the lease that is over.
PASSING = frozenset({
    "poolmgr-guard.json", "poolmgr-born", "poolmgr-placed.json", "poolmgr-judged", "poolmgr-before",
    "poolmgr-deleted",
})  # fmt: skip


def reset_to(git: Git, worktree: Path, wanted: Wanted, work: Work, rules: Rules, *, keep: Matcher) -> None:
    """Detach a worktree at a commit, clean, in a view, with nothing ignored but what `keep` names.

    `wanted.config` counts for a view that is not full; `wanted.back` does not count here.
    """
    place = read_place(git, worktree)
    inside = place.git(git)
    require_commits_kept(inside, place)
    require_as_examined(place, work)
    (place.admin / CLEANING).write_text(wanted.oid)
    remove_examined(place, work, keep)
    move(git, place, work, wanted)
    is_sparse = wanted.view.mode is not Mode.FULL or is_sparse_everywhere(git, place)
    remove_state(place, sparse=is_sparse)
    ensure_writable(os.fsencode(place.root), read_listing(inside).tracked, keep)
    require_clean(git, place, rules, keep)
    (place.admin / CLEANING).unlink()


def require_commits_kept(inside: Git, place: Place) -> None:
    """Raise while a commit or object is named by this worktree alone; a rescue's ref counts."""
    named = read_named(inside, place.admin, (*SHARED, RESCUES))
    if named.tips:
        raise NotKept(f"commit {named.tips[0]} is reached by nothing else")


def require_as_examined(place: Place, work: Work) -> None:
    """Raise when anything that was examined is another thing now."""
    root = os.fsencode(place.root)
    if read_state(os.fsencode(place.admin)) != work.state:
        raise WorktreeChanged("the worktree's git state changed since it was examined")
    for seen in (work.seen, work.changed, *work.repositories.values()):
        for path, identity in seen.items():
            if read_identity(os.path.join(root, path)) != identity:
                raise WorktreeChanged(f"changed since it was examined: {os.fsdecode(path)}")


def remove_examined(place: Place, work: Work, keep: Matcher) -> None:
    """Remove untracked, ignored, disposable and changed files and nested repositories."""
    root = os.fsencode(place.root)
    unlinked: set[int] = set()
    for seen in (work.seen, work.changed, *work.repositories.values()):
        for path, identity in seen.items():
            if identity is not None and not stat.S_ISDIR(identity.mode):
                remove_seen(root, path, identity, unlinked)
    for path in work.repositories:
        remove_git_directory(root, path)
    for path in work.disposable:
        remove_disposable(root, path, keep)
    left = (one.path for one in walk(root))
    remove_empty_directories(root, (path for path in left if path and not is_kept(path, keep)))


def remove_git_directory(root: bytes, path: bytes) -> None:
    """The directories of a nested repository's `.git`, once its files are gone."""
    git = os.path.join(path, b".git")
    whole = os.path.join(root, git)
    if os.path.isdir(whole) and not os.path.islink(whole):
        remove_empty_directories(root, [git, *list_everything(root, git)])


def is_kept(path: bytes, keep: Matcher) -> bool:
    """Whether a directory is kept or lies in one that is."""
    parts = path.split(b"/")
    return any(keep(b"/".join(parts[:count]), True) for count in range(1, len(parts) + 1))


def move(git: Git, place: Place, work: Work, wanted: Wanted) -> None:
    """Files and index to the commit; a kept cache where it has a file goes, nothing else does."""
    try:
        move_to(git, place, work.head, wanted)
    except NotKept:
        for path in work.disposable:
            remove_disposable(os.fsencode(place.root), path, nothing)
        move_to(git, place, find_commit(place.git(git)), wanted)


def move_to(git: Git, place: Place, head: str, wanted: Wanted) -> None:
    """The same, where nothing is in the way."""
    if wanted.view.mode is Mode.FULL:
        move_tree(git, place, head, wanted.oid)
    else:
        move_in_view(git, place, head, wanted)


def find_commit(inside: Git) -> str:
    """The commit HEAD is at, "" when there is none."""
    return inside.run("rev-parse", "--verify", "--quiet", "HEAD", accept=(0, 1)).text


def remove_state(place: Place, *, sparse: bool) -> None:
    """What a last holder left in the admin directory: reflogs, refs, operations, submodules, patterns."""
    for path in place.admin.iterdir():
        lasting = path.name in LASTING or path.name.startswith("sharedindex.")
        if (
            lasting
            or (path.name.startswith(POOLS) and path.name not in PASSING)
            or (sparse and path.name == "info")
        ):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def ensure_writable(root: bytes, tracked: frozenset[bytes], keep: Matcher) -> None:
    """The owner may read and write every directory and tracked file: git does not see when not."""
    left = (one.path for one in walk(root))
    directories = (path for path in left if path and not is_kept(path, keep))
    for path in (*directories, *tracked):
        identity = read_identity(os.path.join(root, path))
        if identity is not None and not stat.S_ISLNK(identity.mode):
            add_owner_bits(root, path, identity.mode)


def require_clean(git: Git, place: Place, rules: Rules, keep: Matcher) -> None:
    """Raise unless nothing is left to examine."""

    def is_staying(path: bytes, is_dir: bool) -> bool:  # noqa: FBT001
        return rules.disposable(path, is_dir) or keep(path, is_dir)

    final = replace(rules, disposable=is_staying)
    work = judge(git, survey(git, place, final), final)
    if work.findings:
        one = work.findings[0]
        raise WorktreeChanged(f"not clean after cleaning: {one.kind} {one.path} {one.detail}".rstrip())
