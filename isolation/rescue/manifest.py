"""The full list of what a rescue holds: every path, its type, its mode bits and its content's name.

Two lists: what lies in git objects, and what lies in the archive. The second is written into
the archive alone, since even the name and digest of a private file must not become an object.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from enum import StrEnum

from isolation.errors import RescueDamaged

VERSION = 1


class Type(StrEnum):
    """What a path is."""

    FILE = "file"
    LINK = "link"
    DIRECTORY = "dir"
    FIFO = "fifo"
    SOCKET = "socket"


class Side(StrEnum):
    """Where a path lies: in the worktree or in its admin directory."""

    WORKTREE = "worktree"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One path. `content` is an object name (in git) or a SHA-256 (in the archive)."""

    path: str
    type: Type
    mode: int
    size: int = 0
    content: str = ""
    target: str = ""
    side: Side = Side.WORKTREE


def named(entry: Entry, content: str) -> Entry:
    """The entry with its content's name."""
    return Entry(
        path=entry.path, type=entry.type, mode=entry.mode, size=entry.size, content=content, side=entry.side
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the git part of a rescue says."""

    head: str
    head_ref: str
    archive: str
    tags: tuple[str, ...]
    entries: tuple[Entry, ...]


def write_entries(entries: tuple[Entry, ...]) -> list[list[object]]:
    """Entries as rows of plain values; undecodable bytes stay as escaped surrogates."""
    return [[one.path, one.type, one.mode, one.size, one.content, one.target, one.side] for one in entries]


def parse_entries(rows: object) -> tuple[Entry, ...]:
    """Entries from rows; a path that could leave its directory is refused."""
    if not isinstance(rows, list):
        raise RescueDamaged("the rescue's manifest cannot be read")
    try:
        entries = tuple(parse_entry(*row) for row in rows)
    except (TypeError, ValueError) as error:
        raise RescueDamaged("the rescue's manifest cannot be read") from error
    for entry in entries:
        if not is_inside(entry):
            raise RescueDamaged(f"the rescue's manifest names a path outside: {entry.path!r}")
    return entries


def parse_entry(path: object, kind: str, mode: object, size: object, *names: str) -> Entry:
    """One entry; `names` are content, target and side."""
    content, target, side = names
    if not (isinstance(path, str) and isinstance(mode, int) and isinstance(size, int)):
        raise TypeError("not an entry")
    return Entry(
        path=path, type=Type(kind), mode=mode, size=size, content=content, target=target, side=Side(side)
    )


def is_inside(entry: Entry) -> bool:
    """Whether a path stays below its side and spares the worktree's own `.git`."""
    parts = entry.path.split("/")
    first = parts[0].lower() if sys.platform == "darwin" else parts[0]
    own = entry.side is Side.WORKTREE and first == ".git"
    return not own and not {"", ".", ".."} & set(parts) and "\0" not in entry.path


def dump_manifest(manifest: Manifest) -> bytes:
    """The manifest as stored in git."""
    value = {
        "version": VERSION,
        "head": manifest.head,
        "head_ref": manifest.head_ref,
        "archive": manifest.archive,
        "tags": manifest.tags,
        "entries": write_entries(manifest.entries),
    }
    return json.dumps(value, separators=(",", ":")).encode()


def parse_manifest(text: bytes) -> Manifest:
    """The manifest from git."""
    try:
        value = json.loads(text)
        if value["version"] != VERSION:
            raise RescueDamaged(f"the rescue was made by another version: {value['version']}")
        head, head_ref, archive = str(value["head"]), str(value["head_ref"]), str(value["archive"])
        tags, rows = tuple(str(tag) for tag in value["tags"]), value["entries"]
    except (ValueError, KeyError, TypeError) as error:
        raise RescueDamaged("the rescue's manifest cannot be read") from error
    return Manifest(head=head, head_ref=head_ref, archive=archive, tags=tags, entries=parse_entries(rows))
