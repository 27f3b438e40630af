"""Keeping what a slot holds, before anything in it may be touched."""

from __future__ import annotations

import time
from pathlib import Path

from isolation.errors import RescueExists
from isolation.git.worktrees import find_admin, find_registered
from isolation.pins import read_pins
from isolation.rescue import Rescue, RescuePlace, keep
from isolation.rescue.rescue import PREFIX
from isolation.work import Rules, Work, examine
from poolmgr.core.records import Slot
from poolmgr.services.environment.own import find_own
from poolmgr.services.ground import marks
from poolmgr.services.ground.job import Job
from poolmgr.services.ground.locks import drop_ref_lock
from poolmgr.services.ground.matching import matcher
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.taken import require_own
from poolmgr.store.snapshot import raise_fence

TRIES = 5


def rules_for(pool: Pool, slot: Slot) -> Rules:
    """What is not work in this slot."""
    return rules_of(pool, slot.path)


def rules_of(pool: Pool, worktree: Path) -> Rules:
    """The same for a worktree that is no slot, or one no more."""
    own, changed = find_own(worktree, pool.settings.env)
    return Rules(
        disposable=matcher(pool.settings.release.disposable),
        placed=marks.read_placed_in(worktree) | changed,
        own=own,
    )


def rescue_place(pool: Pool) -> RescuePlace:
    """Where rescues go."""
    return RescuePlace(common_dir=pool.site.common, archive_dir=pool.site.archives)


def examine_slot(pool: Pool, job: Job) -> Work:
    """What is unsaved in the job's slot; a directory that was deleted counts as deleted files."""
    restore_directory(pool, job.slot)
    return examine(job.git, job.slot.path, rules_for(pool, job.slot))


def restore_directory(pool: Pool, slot: Slot) -> None:
    """A slot somebody deleted, or whose `.git` is gone, can be looked at again.

    Another repository that moved in at its place is left alone.
    """
    require_own(pool, slot)
    if find_admin(slot.path) is not None:
        return
    admin = find_registered(pool.site.common, slot.path)
    if admin is not None and not (slot.path / ".git").exists():
        slot.path.mkdir(parents=True, exist_ok=True)
        (slot.path / ".git").write_bytes(b"gitdir: " + bytes(admin) + b"\n")


def keep_slot(pool: Pool, job: Job, *, reason: str) -> Rescue | None:
    """A verified rescue of everything unsaved; None when nothing is. Raises NotKept."""
    restore_directory(pool, job.slot)
    return keep_directory(pool, job, job.slot.path, reason=reason)


def keep_directory(pool: Pool, job: Job, path: Path, *, reason: str) -> Rescue | None:
    """The same for the slot's directory under another name."""
    rules = rules_of(pool, path)
    held = read_pins(pool.git, job.slot.id) if job.args.get("pinned") else frozenset()
    if not held and examine(job.git.at(path), path, rules).is_clean:
        return None
    fence = job.slot.fence
    for _ in range(TRIES):
        drop_ref_lock(pool, f"{PREFIX}{job.slot.number}/{fence}")
        try:
            return keep(
                job.git.at(path), path, where=rescue_place(pool), slot=job.slot.number, fence=fence,
                rules=rules, reason=reason, created=timestamp(), held=held,
            )  # fmt: skip
        except RescueExists:
            with pool.engine.write() as session:
                fence = raise_fence(session)
    raise AssertionError("a raised fence is new")


def timestamp() -> str:
    """Now, for people, with the zone."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def describe_rescue(rescue: Rescue) -> str:
    """One line for the log."""
    return f"kept as {rescue.id} ({rescue.files} files, {rescue.bytes} bytes)"
