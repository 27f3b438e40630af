"""Making a slot's worktree. A killed attempt is gone over again; nothing that is not ours is removed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from isolation.git.config import replace_file
from isolation.git.refs import find_commit
from isolation.git.worktrees import (
    add_worktree,
    fill_worktree,
    find_admin,
    find_registered,
    forget_worktree,
)
from isolation.guards.install import worktree_config
from poolmgr.core.errors import PoolError
from poolmgr.core.lifecycle import State
from poolmgr.core.placing import Place, next_place
from poolmgr.core.records import Op, OpKind, Slot
from poolmgr.services.ground.job import Job, step
from poolmgr.services.ground.locks import drop_dead_locks
from poolmgr.services.ground.marks import lock_reason
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.start_point import Base
from poolmgr.services.life import warm
from poolmgr.services.life.refilling import prepare_filling
from poolmgr.store.snapshot import raise_fence, read_snapshot
from poolmgr.store.tables.ops import add_op
from poolmgr.store.tables.slots import NewSlot, add_slot


def plan_slot(pool: Pool, base: Base, *, reason: str) -> tuple[Slot, Op]:
    """The intent: a number, a directory nobody has, and an op that anybody may take up."""
    now = read_moment()
    with pool.engine.write() as session:
        place = next_place(read_snapshot(session), Path(pool.facts.slots_dir), is_taken=os.path.lexists)
        slot = add_slot(
            session, new_slot(place, base, raise_fence(session)), note=pool.note("create", reason), now=now
        )
        return slot, add_op(
            session, slot, OpKind.CREATE, owner=None, args={"path": os.fspath(place.path)}, now=now
        )


def new_slot(place: Place, base: Base, fence: int) -> NewSlot:
    """A slot that does not exist yet."""
    return NewSlot(
        number=place.number, generation=place.generation, name=place.name, path=place.path,
        state=State.CREATING, fence=fence, base_ref=base.ref, base_oid=base.oid,
    )  # fmt: skip


def execute_create(pool: Pool, job: Job) -> Slot:
    """The worktree, filled with its base."""
    slot = job.slot
    if find_commit(pool.git, slot.base_oid) is None:
        raise PoolError(
            f"the base commit {slot.base_oid[:12]} is gone from the repository", hint="poolmgr pool refresh"
        )
    with pool.git_lock(job.git.at(pool.site.common)) as both:
        admin = find_usable(pool, slot)
        if admin is None:
            slot.path.parent.mkdir(parents=True, exist_ok=True)
            add_worktree(
                both, slot.path, slot.base_oid, reason=lock_reason(pool, slot.number, slot.generation)
            )
    admin = find_admin(slot.path)
    if admin is None:
        raise PoolError(f"git made no worktree at {slot.path}", hint="poolmgr doctor")
    drop_dead_locks(pool, admin)
    replace_file(admin / "config.worktree", worktree_config(admin))
    fill_worktree(job.git, slot.base_oid)
    prepare_filling(pool, slot, admin, slot.base_oid)
    warmth = warm.prepare(pool, job, is_due=False)
    return step(pool, job, State.READY, action="create", error="", warm=warmth.state, warm_key=warmth.key)


def find_usable(pool: Pool, slot: Slot) -> Path | None:
    """The admin directory of an earlier attempt, if it is whole; a torn one is cleared away."""
    admin = find_admin(slot.path)
    torn = find_registered(pool.site.common, slot.path)
    if admin and admin == torn and (admin / "HEAD").exists() and (admin / "commondir").exists():
        return admin
    if os.path.lexists(slot.path):
        clear_torn(pool, slot)
    if torn:
        forget_worktree(pool.git, slot.path)
        if torn.exists():  # git forgets only what it can read
            shutil.rmtree(torn)
    clear_unnamed(pool, slot)
    return None


def clear_unnamed(pool: Pool, slot: Slot) -> None:
    """An admin directory that a killed `worktree add` left before it wrote where it belongs."""
    admin = pool.site.common / "worktrees" / slot.name
    if admin.is_dir() and not (admin / "gitdir").exists() and not (admin / "HEAD").exists():
        shutil.rmtree(admin)


def clear_torn(pool: Pool, slot: Slot) -> None:
    """A directory that was never lent: empty or with git's pointer alone it goes, else it moves aside."""
    inside = os.listdir(slot.path)
    if inside in ([], [".git"]) and not (slot.path / ".git").is_dir():
        (slot.path / ".git").unlink(missing_ok=True)
        slot.path.rmdir()
        return
    aside = pool.site.parked / f"{slot.name}-{slot.fence}-unregistered"
    shutil.move(slot.path, aside)
