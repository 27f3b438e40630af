"""Lock files that killed gits leave behind: removed only when nobody who could own them lives.

A job's own slot is safe to clear once we hold the slot's lock: every git that poolmgr started
there inherited it. A lock an agent's git holds is told by a living git process inside the slot.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from isolation.git.worktrees import worktree_of
from poolmgr.services.ground.pool import Pool
from resources.probes.inside import scan

SHARED = ("packed-refs.lock", "config.lock", "shallow.lock", "objects/maintenance.lock")
OLD = 600.0


def find_locks(admin: Path) -> list[Path]:
    """The lock files in one admin directory, those of refs of its own included."""
    return sorted((*admin.glob("*.lock"), *admin.glob("refs/**/*.lock")))


def drop_dead_locks(pool: Pool, admin: Path) -> list[Path]:
    """Lock files of a slot in our hands whose owners are proven gone."""
    locks = find_locks(admin)
    if not locks:
        return []
    where = worktree_of(admin, pool.site.common)
    found = scan((where, admin))
    if found[admin].processes or any(process.name.startswith("git") for process in found[where].processes):
        return []
    if not found[admin].complete:
        locks = [lock for lock in locks if is_old(lock)]
    for lock in locks:
        lock.unlink(missing_ok=True)
    return locks


def drop_ref_lock(pool: Pool, ref: str) -> None:
    """The lock of a ref that a dead intent of ours named, or that only who has a slot's lock writes."""
    # Not a directory: where `fix` stands in the way of `fix/login`.
    with suppress(FileNotFoundError, NotADirectoryError):
        (pool.site.common / f"{ref}.lock").unlink()


def find_shared_locks(pool: Pool) -> list[Path]:
    """Lock files of the repository as a whole, and of its refs."""
    found = [pool.site.common / name for name in SHARED if (pool.site.common / name).exists()]
    for folder, _, names in os.walk(pool.site.common / "refs"):
        found += [Path(folder, name) for name in names if name.endswith(".lock")]
    return found


def is_old(lock: Path) -> bool:
    """Whether a lock has lain for longer than any git takes."""
    with suppress(OSError):
        return time.time() - lock.stat().st_mtime > OLD
    return False
