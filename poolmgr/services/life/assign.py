"""Setting a claimed slot to its branch, and undoing that when the claimer died.

Where the slot's files already are the branch's, only two refs move, whatever the size of the
repository. Until the lease is announced no user work can be in the slot.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from isolation.errors import GitFailed
from isolation.git.refs import (
    branch_reflog_head,
    delete_ref,
    detach_head,
    find_commit,
    move_tree,
    point_head,
    ref_clash,
    tree_of,
    try_create_ref,
)
from isolation.git.worktrees import checked_out, find_admin, list_admins, worktree_of
from isolation.guards.facts import FACTS
from poolmgr.core.errors import BadName, BranchGone, BranchHeld, PoolError
from poolmgr.core.lifecycle import State
from poolmgr.core.records import Lease, OpKind, Slot
from poolmgr.services.environment.files import drop_environment, write_environment
from poolmgr.services.environment.own import is_in_the_way
from poolmgr.services.ground import marks
from poolmgr.services.ground.dirt import is_dirty
from poolmgr.services.ground.job import Job, Turn, call_waiters, remember, step, step_on
from poolmgr.services.ground.locks import drop_dead_locks, drop_ref_lock
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.taken import is_taken, require_own
from poolmgr.services.life.databases import lend_database, noted
from poolmgr.store.tables.leases import end_lease, find_lease
from poolmgr.store.tables.requests import undo_grant

HEADS = "refs/heads/"
ELSEWHERE = "ref: refs/heads/.invalid"  # what HEAD says where refs are not files
SMALL = 500_000  # bytes of index, some 4,000 files: git status takes 5 ms


class Target(NamedTuple):
    """What a slot is to be set to; `start` is where the branch is made, None when it is there."""

    branch: str
    commit: str
    start: str | None


def execute_assign(pool: Pool, job: Job, lease: Lease, until: float | None = None) -> Slot:
    """The slot on its branch, marked and announced; what its database waits for, it waits for until then."""
    target = read_target(pool, job, lease)
    if target.commit != job.args["commit"]:
        remember(pool, job, commit=target.commit)  # what the branch had by then is not the holder's doing
    require_own(pool, job.slot)
    admin = find_admin(job.slot.path)
    if admin is None:
        raise PoolError(f"the worktree of {job.slot.name} is gone", hint="poolmgr doctor --fix")
    require_free(pool, target.branch, (job.slot.path,))
    require_untouched(job, admin)
    if target.start:
        create_branch(pool, job, target)
    view = job.slot.view
    if "aside" in job.args:
        from poolmgr.services.life.refilling import fill_anew  # a slot that stands right needs none of it

        view = fill_anew(pool, job, admin, target.commit).digest
    else:
        set_files(job, target)
    if pool.settings.warm.copy:
        from poolmgr.services.life.warm import copy_anew  # as above

        copy_anew(pool, job.slot)
    point_head(job.git, target.branch, message=f"poolmgr: lent to {lease.agent}")
    set_facts(pool, admin, job.slot, lease)
    database = lend_database(pool, job, lease, target.commit, until)
    lease = noted(pool, lease, database)
    marks.write_mark(admin, pool, job.slot, lease)
    write_environment(pool, job.slot, lease, database)
    told = f"lent to {lease.agent}"
    return step(pool, job, State.LEASED, action="acquire", reason=told, error="", view=view)


def set_facts(pool: Pool, admin: Path, slot: Slot, lease: Lease) -> None:
    """The hooks know the lease before its holder does; a full slot has nothing for them to know."""
    if lease.scope or (admin / FACTS).exists():
        from poolmgr.services.scoping.guarding import set_guard_facts

        set_guard_facts(pool, admin, slot, lease)


def read_target(pool: Pool, job: Job, lease: Lease) -> Target:
    """The intent; a branch that exists may have moved while the request waited."""
    commit, start = str(job.args["commit"]), job.args["start"]
    tip = commit if start else find_commit(pool.git, HEADS + lease.branch)
    if tip is None:
        raise BranchGone(f"the branch {lease.branch} is gone since it was asked for", hint="try again")
    return Target(branch=lease.branch, commit=tip, start=start)


def require_untouched(job: Job, admin: Path) -> None:
    """Refuse a free slot that somebody wrote into: it goes back to be cleaned, the work kept.

    A look costs as much as the repository is large, so only small ones get it here; in large
    ones `status` shows such a slot as dirty, and `doctor --fix` sends it back. That somebody moved
    HEAD, made a worktree in the slot, or left something at the name of our file costs nothing to see.
    """
    head = (admin / "HEAD").read_text(errors="replace").removesuffix("\n")
    is_moved = head not in {job.slot.base_oid, ELSEWHERE} or has_worktree(admin.parent, job.slot.path)
    is_moved = is_moved or is_in_the_way(job.slot)
    if not is_moved and (admin / "index").stat().st_size > SMALL:
        return
    if is_moved or is_dirty(job.git, marks.read_placed(job.slot)):
        raise PoolError(f"somebody wrote into {job.slot.name} while it was free", hint="poolmgr rescue list")


def has_worktree(room: Path, path: Path) -> bool:
    """Whether git has a worktree on record that lies inside a directory."""
    common = room.parent
    places = (worktree_of(admin, common) for admin in list_admins(common))
    return any(path in place.parents and place.exists() for place in places)


def create_branch(pool: Pool, job: Job, target: Target) -> None:
    """The branch; one that appeared since we looked is used if it is the same, else refused."""
    made = try_create_ref(
        pool.git, HEADS + target.branch, target.commit, message=f"poolmgr: op {job.op.id} for {job.slot.name}"
    )
    if made:
        return
    clash = (ref_clash(pool.git, HEADS + target.branch) or "").removeprefix(HEADS)
    if clash:
        below = target.branch.removeprefix(f"{clash}/")
        other = f"{target.branch}-2" if below == target.branch else f"{clash}-{below}"
        raise BadName(
            f"the branch {target.branch} cannot be made beside {clash}",
            again=("--branch", other),
        )
    raise BranchHeld(f"the branch {target.branch} was made by somebody else meanwhile", hint="try again")


def set_files(job: Job, target: Target) -> None:
    """The branch's files; nothing to do when the slot's tree is the branch's already."""
    base = job.slot.base_oid
    if target.commit == base:
        return
    if tree_of(job.git, target.commit) == tree_of(job.git, base):
        detach_head(job.git, target.commit, message="poolmgr: move to the branch")
    else:
        move_tree(job.git, target.commit)


def require_free(pool: Pool, branch: str, own: Collection[Path]) -> None:
    """Refuse a branch checked out elsewhere than in `own`; git does not check it for symbolic-ref."""
    admin = checked_out(pool.site.common).get(branch)
    if admin is None:
        return
    where = worktree_of(admin, pool.site.common)
    if where not in own:
        raise BranchHeld(
            f"the branch {branch} is checked out at {where}",
            again=("--branch", f"{branch}-2"),
            facts={"branch": branch, "path": str(where)},
        )


def undo_assign(pool: Pool, job: Job, *, reason: str) -> Slot:
    """The claim came to nothing: lease over, request back in line, the slot to be cleaned."""
    slot, is_ours = job.slot, not is_taken(pool, job.slot.path)
    if is_ours:
        with suppress(OSError):
            drop_environment(pool, slot)
    if slot.branch and job.args.get("start"):
        drop_ref_lock(pool, HEADS + slot.branch)
    admin = find_admin(slot.path) if is_ours else None
    if admin:
        drop_dead_locks(pool, admin)
        from poolmgr.services.life.refilling import undo_filling

        undo_filling(job, admin)
        take_back_branch(pool, job)
    now = read_moment()
    with pool.engine.write() as session:
        lease = find_lease(session, slot.lease_id or "")
        if lease:
            end_lease(session, lease.id, reason=reason, now=now)
            undo_grant(session, lease.request_id, lease.id)
    turn = Turn(target=State.RECYCLING, kind=OpKind.RECYCLE, note=pool.note("assign", reason, "failed"))
    moved = step_on(pool, job, turn, branch=None, lease_id=None)
    call_waiters(pool)
    return moved


def take_back_branch(pool: Pool, job: Job) -> None:
    """HEAD off the branch; a branch that this op made, and nobody moved since, goes with it."""
    branch, commit = job.slot.branch, job.args.get("commit")
    head = find_commit(job.git, "HEAD")
    if head:
        detach_head(job.git, head, message="poolmgr: assignment undone")
    if not (branch and commit and job.args.get("start")):
        return
    made_here = branch_reflog_head(pool.git, branch) == f"poolmgr: op {job.op.id} for {job.slot.name}"
    if (
        made_here
        and find_commit(pool.git, HEADS + branch) == commit
        and branch not in checked_out(pool.site.common)
    ):
        with suppress(GitFailed):
            delete_ref(pool.git, HEADS + branch, commit)
