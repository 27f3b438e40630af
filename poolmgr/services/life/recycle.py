"""Cleaning a slot for the next holder. What came after the last look is kept before it goes."""

from __future__ import annotations

from pathlib import Path

from isolation.clean import reset_to
from isolation.git.config import replace_file
from isolation.git.program import Git
from isolation.git.refs import find_commit
from isolation.git.worktrees import find_admin, lock_worktree
from isolation.guards.install import drop_guards, ensure_guards, worktree_config
from isolation.scope.aside import Wanted
from isolation.scope.view import FULL, View
from poolmgr.core.errors import PoolError
from poolmgr.core.lifecycle import State
from poolmgr.core.records import OpKind, Slot
from poolmgr.services.environment.files import drop_environment
from poolmgr.services.ground import marks
from poolmgr.services.ground.job import Job, call_waiters, remember, step
from poolmgr.services.ground.locks import drop_dead_locks, find_locks
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.start_point import Base, require_base
from poolmgr.services.ground.taken import require_own
from poolmgr.services.life import caches, warm
from poolmgr.services.life.databases import drop_databases
from poolmgr.services.life.keep import examine_slot, keep_slot, rules_for
from poolmgr.services.life.refilling import prepare_filling
from poolmgr.services.life.settle import record_outside
from poolmgr.services.scoping.viewing import read_view, write_view
from poolmgr.store.tables.ops import add_op, close_op
from poolmgr.store.tables.slots import move_slot, note_slot


def execute_recycle(pool: Pool, job: Job) -> Slot:
    """The slot at its base with nothing of its last holder, READY."""
    slot = job.slot
    require_own(pool, slot)
    admin = find_admin(slot.path)
    if admin is None:
        raise PoolError(f"the worktree of {slot.name} is gone", hint="poolmgr doctor --fix")
    drop_dead_locks(pool, admin)
    held = find_locks(admin)
    if held:
        raise PoolError(
            f"somebody's git is at work in {slot.name}: it holds {held[0]}",
            hint=f"poolmgr pool adopt {slot.name}",
        )
    if "wiped" not in job.args:
        record_outside(pool, job)
    keep_slot(pool, job, reason="found while recycling")
    drop_databases(pool, job)
    if slot.superseded:
        return hand_to_retire(pool, job)
    if slot.warm and warm.has_outputs(pool, slot):
        with pool.engine.write() as session:
            job.slot = note_slot(session, slot, warm="")
    base = current_base(pool, job)
    view = FULL if job.args.get("whole") else read_view(admin)
    before = caches.list_caches(pool, slot.path)
    work = examine_slot(pool, job)
    if "compared" in job.args:
        remember(pool, job, wiped=True)  # from here on nothing in the slot tells what its holder did
    wanted = Wanted(base.oid, view, worktree_config(admin, view.mode.value))
    reset_to(job.git, slot.path, wanted, work, rules_for(pool, slot), keep=caches.kept(pool))
    drop_environment(pool, slot)
    marks.drop_marks(slot)
    caches.drop_stale(pool, slot.path, before)
    with pool.git_lock(job.git) as git:
        reset_config(pool, git, job, admin, view)
    write_view(admin, view)
    prepare_filling(pool, slot, admin, base.oid)
    warmth = warm.prepare(pool, job, is_due=bool(job.args.get("warm")))
    return step(
        pool, job, State.READY, action="recycle", branch=None, base_ref=base.ref, base_oid=base.oid, error="",
        drains=False, warm=warmth.state, warm_key=warmth.key, view=view.digest,
    )  # fmt: skip


def current_base(pool: Pool, job: Job) -> Base:
    """Where free slots stand now; the old base where there is no other."""
    try:
        return require_base(pool, None)
    except PoolError:
        if find_commit(job.git, job.slot.base_oid) is None:
            raise
        return Base(ref=job.slot.base_ref, oid=job.slot.base_oid)


def reset_config(pool: Pool, git: Git, job: Job, admin: Path, view: View) -> None:
    """Guards where a scope may count on them, only our own settings for this worktree, and our lock on it."""
    settings = worktree_config(admin, view.mode.value)
    if (admin / "config.worktree").read_bytes() != settings:
        replace_file(admin / "config.worktree", settings)
    (drop_guards if view == FULL else ensure_guards)(admin)
    if not (admin / "locked").exists():
        lock_worktree(
            git.at(pool.site.common), job.slot.path,
            reason=marks.lock_reason(pool, job.slot.number, job.slot.generation),
        )  # fmt: skip


def hand_to_retire(pool: Pool, job: Job) -> Slot:
    """A directory whose number went on elsewhere passes READY only on paper, in one transaction."""
    now = read_moment()
    note = pool.note("recycle", "its number went on in a new directory")
    with pool.engine.write() as session:
        close_op(session, job.op, now=now)
        ready = move_slot(session, job.slot, State.READY, note=note, now=now, branch=None, error="")
        # Its branch is checked out there until the directory is gone: whoever wants it waits so long.
        job.slot = move_slot(session, ready, State.RETIRING, note=note, now=now, branch=job.slot.branch)
        job.op = add_op(
            session, job.slot, OpKind.RETIRE, owner=None, args={**job.args, "tombstone": True}, now=now
        )
    call_waiters(pool)
    return job.slot
