"""The pool's worktrees as git's own files know them: the lock's reason and the mark beside it.

Enough to rebuild the state from. What cannot be read or has the wrong shape counts as not said:
a worktree without a readable lease is looked at again, never taken for free.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from isolation.git.worktrees import find_admin, find_registered, list_admins
from poolmgr.core.errors import BadName
from poolmgr.core.records import Slot
from poolmgr.core.refname import require_branch
from poolmgr.core.scope import Scope, scope_from, texts_of
from poolmgr.services.ground import marks

REASON = re.compile(r"poolmgr pool=([0-9a-f]{1,64}) slot=([1-9]\d{0,8}) generation=([1-9]\d{0,8})")


class MarkedLease(NamedTuple):
    """A lease as the slot's mark has it."""

    id: str
    agent: str
    branch: str
    holder: str | None
    request_id: str
    base_ref: str
    base_oid: str
    started: float
    scope: Scope | None
    shared: tuple[str, ...]
    database: str
    server: str


class Registered(NamedTuple):
    """A worktree of a pool; `path` may be gone, `admin` is None where git knows nothing of it."""

    admin: Path | None
    path: Path
    pool_id: str
    number: int
    generation: int
    fence: int = 0
    base_ref: str = ""
    base_oid: str = ""
    revoked: bool = False
    lease: MarkedLease | None = None


def list_registered(common: Path) -> tuple[Registered, ...]:
    """Every worktree that some pool locked or marked."""
    found = (find_pooled(admin) for admin in list_admins(common))
    return tuple(each for each in found if each)


def find_pooled(admin: Path) -> Registered | None:
    """What an admin directory says of the pool it belongs to; None for worktrees made by hand."""
    mark = marks.read_mark(admin) or {}
    reason = REASON.fullmatch(read_line(admin / "locked"))
    pool_id = reason[1] if reason else text_of(mark, "pool")
    number = int(reason[2]) if reason else count_of(mark, "slot")
    generation = int(reason[3]) if reason else count_of(mark, "generation")
    path = find_place(admin)
    if not (pool_id and number and generation and path):
        return None
    if text_of(mark, "pool") != pool_id:
        mark = {}
    return Registered(
        admin=admin, path=path, pool_id=pool_id, number=number, generation=generation,
        fence=max(count_of(mark, "fence"), parse_count(read_line(admin / marks.REVOKED))),
        base_ref=text_of(mark, "base_ref"), base_oid=text_of(mark, "base_oid"),
        revoked=(admin / marks.REVOKED).exists(), lease=parse_lease(mark.get("lease")),
    )  # fmt: skip


def find_place(admin: Path) -> Path | None:
    """The directory an admin entry names; a killed move may have left it under another name."""
    line = read_line(admin / "gitdir")
    return Path(os.path.normpath(admin / line)).parent if line else None


def find_strayed(common: Path, pool_id: str, slot: Slot) -> Path | None:
    """Where a slot's worktree lies that somebody moved with git; None where git has it at its place."""
    if find_registered(common, slot.path):
        return None
    wanted = pool_id, slot.number, slot.generation
    for found in list_registered(common):
        if (found.pool_id, found.number, found.generation) == wanted and found.admin:
            return found.path if is_of(found.path, found.admin) else None
    return None


def find_moved(admin: Path, rooms: Iterator[Path]) -> Path | None:
    """The directory that still names this admin entry, among those set aside."""
    return next((place for place in rooms if is_of(place, admin)), None)


def is_of(place: Path, admin: Path) -> bool:
    """Whether a directory's `.git` file names this admin entry."""
    with suppress(OSError):
        named = find_admin(place)
        return named is not None and os.path.samefile(named, admin)
    return False


def parse_lease(value: object) -> MarkedLease | None:
    """The lease of a mark; anything odd in it makes it none."""
    if not isinstance(value, Mapping):
        return None
    texts = {
        key: text_of(value, key) for key in ("id", "agent", "branch", "request_id", "base_ref", "base_oid")
    }
    holder, started = value.get("holder"), value.get("started")
    if not (texts["id"] and texts["agent"] and texts["branch"] and isinstance(started, int | float)):
        return None
    if holder is not None and not isinstance(holder, str):
        return None
    scope, shared = scope_from(value.get("scope")), texts_of(value.get("shared", []))
    if shared is None or (scope is None and value.get("scope") is not None):
        return None  # a lease whose scope cannot be read must not come back as a full one
    try:
        require_branch(texts["branch"])
    except BadName:
        return None
    return MarkedLease(
        holder=holder, started=float(started), scope=scope, shared=shared,
        database=text_of(value, "database"), server=text_of(value, "server"), **texts,
    )  # fmt: skip


def text_of(values: Mapping[str, object], key: str) -> str:
    """A text, "" for anything else."""
    value = values.get(key)
    return value if isinstance(value, str) else ""


def count_of(values: Mapping[str, object], key: str) -> int:
    """A number that is not below zero, 0 for anything else."""
    value = values.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62 else 0


def parse_count(text: str) -> int:
    """A number as text, 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def read_line(file: Path) -> str:
    """A small file without its last newline, "" when there is none."""
    with suppress(OSError):
        return os.fsdecode(file.read_bytes()).removesuffix("\n")
    return ""
