"""What of a rescue a person wants to see: the paths that differ from its HEAD, and the private ones.

Contents are compared raw, so a file that a filter or line-ending rule had changed on disk shows
as modified.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.errors import GitFailed
from isolation.rescue.archive import open_archive
from isolation.rescue.covering import name_link, read_objects
from isolation.rescue.manifest import Entry, Manifest, Side, Type
from isolation.rescue.objects import read_manifest

if TYPE_CHECKING:
    from isolation.git.program import Git
    from isolation.rescue.rescue import Rescue


class Manner(StrEnum):
    """How a held path differs from the rescued HEAD."""

    NEW = "new"
    MODIFIED = "modified"
    DELETED = "deleted"
    PRIVATE = "private"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One path of a rescue."""

    path: str
    manner: Manner
    size: int = 0


def list_held(git: Git, rescue: Rescue) -> tuple[Held, ...]:
    """The paths that make a rescue more than its HEAD, sorted."""
    manifest = read_manifest(git, rescue.oid)
    committed = dict(read_objects(git, manifest.head, directories=False)) if manifest.head else {}
    found = [*list_shown(manifest, committed), *list_private(rescue, manifest)]
    present = {entry.path for entry in manifest.entries} | {held.path for held in found}
    gone = committed.keys() - present
    gone -= list_hidden(git, rescue, manifest) if gone else frozenset()
    found += (Held(path=path, manner=Manner.DELETED) for path in gone)
    return tuple(sorted(found, key=lambda held: held.path))


def list_shown(manifest: Manifest, committed: dict[str, str]) -> list[Held]:
    """What git holds and HEAD does not have so."""
    found = []
    for entry in manifest.entries:
        names = name_link(entry.target) if entry.type is Type.LINK else (entry.content,)
        if entry.type is not Type.DIRECTORY and committed.get(entry.path) not in names:
            found.append(Held(path=entry.path, manner=manner_of(entry, committed), size=entry.size))
    return found


def manner_of(entry: Entry, committed: dict[str, str]) -> Manner:
    """How a path that differs does."""
    if entry.type in {Type.FIFO, Type.SOCKET}:
        return Manner.SPECIAL
    return Manner.MODIFIED if entry.path in committed else Manner.NEW


def list_hidden(git: Git, rescue: Rescue, manifest: Manifest) -> frozenset[str]:
    """The paths that a scope hid: the index of the rescued worktree says which."""
    if rescue.archive is None:
        return frozenset()
    with (
        open_archive(rescue.archive, manifest.archive) as archive,
        tempfile.TemporaryDirectory(prefix="poolmgr-index-") as directory,
    ):
        content = archive.content("admin/index")
        if content is None:
            return frozenset()
        copy = Path(directory) / "index"
        copy.write_bytes(content.read())
        asking = git.with_variables(GIT_INDEX_FILE=str(copy))._replace(index_file=copy)
        with suppress(GitFailed):  # a split index lacks its other half here
            return frozenset(row[2:] for row in asking.run("ls-files", "-z", "-t").fields if row[0] == "S")
        return frozenset()


def list_private(rescue: Rescue, manifest: Manifest) -> list[Held]:
    """What the archive holds of the worktree's files; nothing when it is missing."""
    if rescue.archive is None:
        return []
    with open_archive(rescue.archive, manifest.archive) as archive:
        return [
            Held(path=entry.path, manner=Manner.PRIVATE, size=entry.size)
            for entry in archive.entries
            if entry.side is Side.WORKTREE and entry.type is not Type.DIRECTORY
        ]
