"""Moves a worktree whose work is kept to another commit, by forms of git that overwrite nothing.

Settings somebody made for this worktree alone (line endings, filters) decide which bytes lie on
disk. When there are any, every tracked file goes before they go, and comes back as the
repository's own settings say. Sparse settings decide only which files lie there: they are
replaced by those of the slot's view, and git brings and hides files accordingly.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from isolation.errors import GitFailed, NotKept
from isolation.scope.change import expand_index
from isolation.scope.ground import Ground
from isolation.scope.refill import set_patterns
from isolation.scope.verify import list_visible, read_entries
from isolation.scope.view import Mode
from isolation.scope.whole import WHOLE
from isolation.work.hidden import forget_looks
from isolation.work.status import SHOW_EVERYTHING, read_listing

if TYPE_CHECKING:
    from isolation.git.program import Git
    from isolation.scope.aside import Wanted
    from isolation.work.place import Place

# Settings of a worktree that change no file: ours, or replaced by the pool afterwards.
HARMLESS = frozenset({"gc.auto", "maintenance.auto", "core.hookspath"})
SPARSE = frozenset({
    "core.sparsecheckout", "core.sparsecheckoutcone", "core.splitindex", "index.sparse",
    "sparse.expectfilesoutsideofpatterns",
})  # fmt: skip
NOT_SPARSE = ("-c", "core.sparseCheckout=false", "-c", "index.sparse=false")


def move_in_view(git: Git, place: Place, head: str, wanted: Wanted) -> None:
    """Index and files of a clean worktree at a commit, in a view; its settings are as wanted then."""
    inside = place.git(git)
    ground = Ground(place.root, place.admin, place.common)
    if SPARSE.issuperset(name.lower() for name in list_foreign_settings(git, place)):
        whole = WHOLE if is_altered(inside, ground, wanted) else ()
        if whole:
            expand_index(inside)
        set_patterns(ground, wanted)
        reset_index(inside, head or empty_tree(inside), whole)
    else:
        whole = WHOLE
        move_tree(git, place, head, wanted.oid)
        set_patterns(ground, wanted)
    checkout(inside, wanted.oid, whole)
    restore_missing(inside)


def is_altered(inside: Git, ground: Ground, wanted: Wanted) -> bool:
    """Whether the index may hold directories as one entry that the view shows."""
    pairs = ((ground.patterns, wanted.view.text), (ground.settings, wanted.config))
    if any(not file.exists() or file.read_bytes() != ours for file, ours in pairs):
        return True
    return wanted.view.mode is Mode.CONE and bool(list_visible(wanted.view, read_entries(inside)))


def move_tree(git: Git, place: Place, head: str, oid: str) -> None:
    """Index and files of a clean worktree at `oid`, HEAD detached there."""
    inside = place.git(git)
    sparse = () if is_sparse_everywhere(git, place) else NOT_SPARSE
    reset_index(inside, head or empty_tree(inside), sparse)
    foreign = list_foreign_settings(git, place)
    if foreign:
        inside.run(*sparse, "update-index", "-q", "--refresh", accept=(0, 1))
        replace(inside, head or empty_tree(inside), empty_tree(inside), sparse)
        for name in foreign:
            git.run("config", "--file", str(place.admin / "config.worktree"), "--unset-all", name)
        require_free(inside, place, oid)
        replace(inside, empty_tree(inside), oid, ())
        inside.run("update-ref", "--no-deref", "-m", "poolmgr: recycled", "HEAD", oid)
    else:
        checkout(inside, oid)
    restore_missing(inside)


def restore_missing(inside: Git) -> None:
    """The files that the index has and the disk lacks."""
    missing = inside.run("diff-files", "-z", "--name-only", "--diff-filter=D").stdout
    if missing:
        inside.run("checkout-index", "-q", "-u", "-z", "--stdin", stdin=missing)


def is_sparse_everywhere(git: Git, place: Place) -> bool:
    """Whether the repository's own settings make every worktree sparse."""
    arguments = ("config", "--file", str(place.common / "config"), "--bool", "core.sparseCheckout")
    return git.run(*arguments, accept=(0, 1)).text == "true"


def reset_index(inside: Git, head: str, sparse: tuple[str, ...]) -> None:
    """The index equals HEAD and hides nothing that it should not hide; no file is written."""
    inside.run(*SHOW_EVERYTHING, *sparse, "read-tree", "--reset", head)
    listing = read_listing(inside)
    flagged = listing.assumed | (listing.skipped if sparse == NOT_SPARSE else frozenset())
    if flagged:
        forget_looks(inside, flagged)
    inside.run(*sparse, "update-index", "-q", "--refresh", accept=(0, 1))


def list_foreign_settings(git: Git, place: Place) -> tuple[str, ...]:
    """The settings of this worktree alone that somebody made."""
    path = place.admin / "config.worktree"
    if not path.exists():
        return ()
    names = git.run("config", "--file", str(path), "-z", "--name-only", "--list").fields
    return tuple(dict.fromkeys(name for name in names if name.lower() not in HARMLESS))


def replace(inside: Git, old: str, new: str, sparse: tuple[str, ...]) -> None:
    """Index and files from one tree to another; an edit stops it."""
    try:
        inside.run(*SHOW_EVERYTHING, *sparse, "read-tree", "-m", "-u", old, new)
    except GitFailed as error:
        raise NotKept(f"git refuses to replace files: {error.stderr}") from error


def require_free(inside: Git, place: Place, oid: str) -> None:
    """Raise when something lies where a file of the commit belongs."""
    for path in inside.run("ls-tree", "-r", "-z", "--name-only", oid).fields:
        whole = os.path.join(place.root, path)
        if os.path.lexists(whole) and not os.path.isdir(whole):
            raise NotKept(f"appeared since it was examined: {path}")


def checkout(inside: Git, oid: str, options: tuple[str, ...] = ()) -> None:
    """Detach at a commit, by the form that overwrites neither edits nor untracked nor ignored files."""
    try:
        inside.run(
            *SHOW_EVERYTHING, *options, "checkout", "--quiet", "--detach", "--no-overwrite-ignore", oid
        )
    except GitFailed as error:
        raise NotKept(f"git refuses to replace files: {error.stderr}") from error


def empty_tree(git: Git) -> str:
    """The name of the tree without entries."""
    return git.run("hash-object", "-t", "tree", "-w", "--stdin", stdin=b"").text
