"""The pool's own files about a slot: who has it, what was put there.

They lie in the admin directory, out of the working tree's reach; from `poolmgr.json` a lost
database is rebuilt.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from isolation.git.worktrees import find_admin
from isolation.guards.born import FILE as BORN
from isolation.guards.facts import FACTS
from poolmgr.core.records import Lease, Slot
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import write_private

MARK = "poolmgr.json"
REVOKED = "revoked"
PLACED = "poolmgr-placed.json"
DATABASE = "poolmgr-database.json"
RECORD = "poolmgr-environment.json"
FORMER = "poolmgr-env"  # variables that an older version left here


def lock_reason(pool: Pool, number: int, generation: int) -> str:
    """What `git worktree list` shows, and by which a slot is known without the database."""
    return f"poolmgr pool={pool.facts.pool_id} slot={number} generation={generation}"


def write_mark(admin: Path, pool: Pool, slot: Slot, lease: Lease | None) -> None:
    """The facts of a slot, in its admin directory."""
    facts: dict[str, object] = {
        "pool": pool.facts.pool_id, "slot": slot.number, "generation": slot.generation, "fence": slot.fence,
        "base_ref": slot.base_ref, "base_oid": slot.base_oid,
    }  # fmt: skip
    if lease:
        facts["lease"] = {
            "id": lease.id, "agent": lease.agent, "branch": lease.branch, "holder": lease.holder,
            "request_id": lease.request_id, "base_ref": lease.base_ref, "base_oid": lease.base_oid,
            "started": lease.started,
            "scope": lease.scope.as_json if lease.scope else None, "shared": list(lease.shared),
            "database": lease.database, "server": lease.server,
        }  # fmt: skip
    write_private(admin / MARK, json.dumps(facts, indent=1).encode())


def read_mark(admin: Path) -> Mapping[str, Any] | None:
    """The facts of a slot; None when there are none that can be read."""
    try:
        facts = json.loads((admin / MARK).read_bytes())
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) else None


def write_placed(slot: Slot, placed: Mapping[str, str]) -> None:
    """The files poolmgr copied into a slot, path to sha256: unchanged, they are nobody's work."""
    admin = find_admin(slot.path)
    if admin:
        write_private(admin / PLACED, json.dumps(placed).encode())


def read_placed(slot: Slot) -> dict[str, str]:
    """What poolmgr copied into a slot."""
    return read_placed_in(slot.path)


def read_placed_in(worktree: Path) -> dict[str, str]:
    """What poolmgr copied into a worktree."""
    admin = find_admin(worktree)
    try:
        placed = json.loads((admin / PLACED).read_bytes()) if admin else {}
    except (OSError, ValueError):
        return {}
    return {str(path): str(digest) for path, digest in placed.items()} if isinstance(placed, dict) else {}


def revoke(admin: Path | None, slot: Slot) -> None:
    """The lease is over whatever its holder thinks; the guards read this."""
    if admin:
        write_private(admin / REVOKED, f"{slot.fence}\n".encode())
        from isolation.guards.install import ensure_acting  # what happens seldom is loaded seldom

        ensure_acting(admin)


def drop_marks(slot: Slot) -> None:
    """Nothing of the last lease stays."""
    admin = find_admin(slot.path)
    if admin:
        for name in (MARK, REVOKED, PLACED, FACTS, BORN, DATABASE, RECORD, FORMER):
            (admin / name).unlink(missing_ok=True)


def write_tombstone(path: Path) -> None:
    """A directory in which git stops with an error instead of finding a checkout above it."""
    path.mkdir(mode=0o700, exist_ok=True)
    (path / ".git").write_text("gitdir: /poolmgr/this-slot-was-taken-back\n", encoding="ascii")


def is_tombstone(path: Path) -> bool:
    """Whether a directory is ours and holds nothing but the stone."""
    with suppress(OSError):
        return os.listdir(path) == [".git"] and (path / ".git").read_bytes().startswith(b"gitdir: /poolmgr/")
    return False
