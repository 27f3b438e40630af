"""Files of the user's choice: what goes into them, and whether they may be written at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from isolation.git.ignored import is_ignored, is_tracked
from isolation.git.program import Git
from poolmgr.core.environment import merged
from poolmgr.core.records import Lease, Slot
from poolmgr.services.environment.record import Record
from poolmgr.services.ground import marks
from poolmgr.services.ground.copying import is_plain


class Chosen(NamedTuple):
    """A file to write, whether what lies there now is ours as it is, and what it would be then."""

    content: bytes
    is_ours: bool
    text: str


def plan_files(
    slot: Slot, lease: Lease, record: Record, wanted: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Chosen], tuple[str, ...]]:
    """The files with their content; in words, why others are not written."""
    placed = marks.read_placed(slot)
    plan: dict[str, Chosen] = {}
    words: list[str] = []
    for path, variables in wanted.items():
        file = slot.path / path
        digest = digest_of(file)
        is_ours = digest in ("", placed.get(path))
        why = why_not(slot, lease, path)
        if not why and not is_ours and path not in record.texts:
            why = "there is one that poolmgr did not put there"
        if why:
            words.append(f"{path} is not written: {why}")
            continue
        there = os.fsdecode(file.read_bytes()) if digest else record.texts.get(path, "")
        content = os.fsencode(merged(there, variables))
        known = there if is_ours else record.texts[path]
        plan[path] = Chosen(content=content, is_ours=is_ours, text=merged(known, variables))
    return plan, tuple(words)


def why_not(slot: Slot, lease: Lease, path: str) -> str:
    """Why a path is no place for a file of ours; "" when it is one."""
    file, git = slot.path / path, Git(slot.path)
    if not is_plain(slot.path, file) or not has_room(file):
        return "something other than a plain file, or a link, is there"
    if not file.parent.is_dir() and lease.scope:
        return "its directory is not in the view of the slot"
    if is_tracked(git, path):
        return "git tracks it"
    return "" if is_ignored(git, path) else "git does not ignore it, so it could be committed"


def has_room(file: Path) -> bool:
    """Whether a file can be there: what is there is one, what is above it are directories."""
    if os.path.lexists(file):
        return file.is_file()
    return next(above for above in file.parents if os.path.lexists(above)).is_dir()


def digest_of(file: Path) -> str:
    """The digest of a plain file; "" where none is."""
    if file.is_symlink() or not file.is_file():
        return ""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def digests(plan: Mapping[str, Chosen]) -> dict[str, str]:
    """What the files are recognised by; one that its holder changed stays the holder's work."""
    return {path: hashlib.sha256(one.content).hexdigest() for path, one in plan.items() if one.is_ours}
