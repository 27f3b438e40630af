"""The full list of what a rescue holds: every path, its type, its mode bits and its content's name.

Two lists: what lies in git objects, and what lies in the archive. The second is written into
the archive alone, since even the name and digest of a private file must not become an object.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the git part of a rescue says."""

    head: str
    head_ref: str
    archive: str
    tags: tuple[str, ...]
    entries: tuple[Entry, ...]


def write_entries(entries: tuple[Entry, ...]) -> list[dict[str, object]]:
    """Entries as plain values; undecodable bytes stay as escaped surrogates."""
    return [{name: value for name, value in asdict(one).items() if value != ""} for one in entries]


def parse_entries(rows: object) -> tuple[Entry, ...]:
    """Entries from plain values; a path that could leave the directory is refused."""
    try:
        entries = tuple(parse_entry(row) for row in rows)  # type: ignore[attr-defined]
    except (TypeError, KeyError, ValueError) as error:
        raise RescueDamaged("the rescue's manifest cannot be read") from error
    for entry in entries:
        if not is_inside(entry):
            raise RescueDamaged(f"the rescue's manifest names a path outside: {entry.path!r}")
    return entries


def parse_entry(row: dict[str, object]) -> Entry:
    """One entry."""
    return Entry(
        path=str(row["path"]),
        type=Type(str(row["type"])),
        mode=int(str(row["mode"])),
        size=int(str(row["size"])),
        content=str(row.get("content", "")),
        target=str(row.get("target", "")),
        side=Side(str(row["side"])),
    )


def is_inside(entry: Entry) -> bool:
    """Whether a path stays below its side and spares the worktree's own `.git`."""
    parts = entry.path.split("/")
    own = entry.side is Side.WORKTREE and parts[0].lower() == ".git"
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
