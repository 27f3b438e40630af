"""What of a rescue a person wants to see: the paths that differ from its HEAD, and the private ones.

Contents are compared raw, so a file that a filter or line-ending rule had changed on disk shows
as modified.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

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
    found += (Held(path=path, manner=Manner.DELETED) for path in committed.keys() - present)
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
