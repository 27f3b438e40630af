"""Whether a rescue already holds all that is left in a worktree whose cleaning was broken off.

Left may be: what the rescue holds, what HEAD or the commit being moved to has at that path, and
git state that names nothing unkept. Anything else is new work and needs a rescue of its own.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isolation.rescue.manifest import Entry, Side, Type
from isolation.rescue.objects import OBJECTS, read_staged
from isolation.work.commits import RESCUES, SHARED, read_named

if TYPE_CHECKING:
    from isolation.git.program import Git
    from isolation.rescue.archive import Opened
    from isolation.work.place import Place

# Written by the cleaning itself.
REWRITTEN = frozenset({"index", "HEAD", "ORIG_HEAD", "logs/HEAD", "config.worktree", "info/sparse-checkout"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The rescue's commit and all its entries."""

    oid: str
    entries: frozenset[Entry]


def is_covered(git: Git, place: Place, entries: set[Entry], rescue: Kept, commits: tuple[str, ...]) -> bool:
    """Whether everything in `entries` is held or belongs to one of these commits."""
    known = {pair for commit in commits for pair in read_objects(git, commit)}
    roots = (git.run("rev-parse", "--verify", f"{commit}^{{tree}}").text for commit in commits)
    held = {*roots, *(name for _, name in (*known, *read_objects(git, f"{rescue.oid}:{OBJECTS}")))}
    return (
        all(is_known(entry, known) for entry in entries - rescue.entries)
        and not read_named(git, place.admin, (*SHARED, RESCUES)).tips
        and held.issuperset(read_staged(git))
    )


def is_expired(archive: Opened, place: Place, entry: Entry) -> bool:
    """Whether an entry is a reflog that has nothing but what the archive has of it."""
    if entry.side is not Side.ADMIN or entry.type is not Type.FILE or not entry.path.startswith("logs/"):
        return False
    held = archive.content(f"{Side.ADMIN}/{entry.path}")
    now = place.admin / entry.path
    lines = now.read_bytes().splitlines() if now.is_file() else []
    return held is not None and set(held.read().splitlines()).issuperset(lines)


def read_objects(git: Git, tree: str, *, directories: bool = True) -> set[tuple[str, str]]:
    """Path and name of everything in a tree."""
    options = ("-r", "-t", "-z") if directories else ("-r", "-z")
    rows = (field.partition("\t") for field in git.run("ls-tree", *options, tree).fields)
    return {(path, facts.split(" ")[2]) for facts, _, path in rows}


def is_known(entry: Entry, known: set[tuple[str, str]]) -> bool:
    """Whether an entry the rescue does not hold is no work."""
    if entry.type is Type.DIRECTORY:
        return True
    if entry.side is Side.ADMIN:
        return entry.path in REWRITTEN or entry.path.startswith("sharedindex.")
    if entry.type is Type.LINK:
        return bool({(entry.path, name) for name in name_link(entry.target)} & known)
    return (entry.path, entry.content) in known


def name_link(target: str) -> tuple[str, str]:
    """A link's object name, by either of git's digests."""
    content = os.fsencode(target)
    text = b"blob %d\0" % len(content) + content
    return hashlib.sha1(text, usedforsecurity=False).hexdigest(), hashlib.sha256(text).hexdigest()
