"""Slots of which a part is gone: what is left is kept, and nothing is made over something else."""

from __future__ import annotations

import os
from pathlib import Path

from isolation.git.program import Git
from isolation.git.refs import find_commit
from isolation.git.worktrees import checked_out, list_admins
from isolation.guards.install import worktree_config
from isolation.scope.change import change_view, hide_absent
from isolation.scope.view import FULL
from poolmgr.core.errors import LostRace, PoolError
from poolmgr.core.lifecycle import LENT, State
from poolmgr.core.records import Lease, OpKind, Slot, Snapshot
from poolmgr.services.doctor.registered import read_line
from poolmgr.services.ground import marks
from poolmgr.services.ground.job import Turn, begin, hands_on, step
from poolmgr.services.ground.marks import is_tombstone
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.life import release
from poolmgr.services.life.files import try_restore_files
from poolmgr.services.life.keep import restore_directory
from poolmgr.services.life.settle import record_outside
from poolmgr.services.scoping.change import runs_of
from poolmgr.services.scoping.guarding import set_guard_facts
from poolmgr.services.scoping.verifying import renew_view
from poolmgr.services.upkeep.chores import start_retire
from poolmgr.store.tables.leases import end_lease

GONE = "its directory and git's record of it are gone"


def take_from_nowhere(pool: Pool, snapshot: Snapshot, slot: Slot) -> None:
    """A slot whose directory was deleted: its index and commits kept, the slot taken away."""
    if slot.state in LENT:
        restore_directory(pool, slot)
        release.reclaim(pool, snapshot, slot, reason="its directory was deleted")
    else:
        start_retire(pool, slot, "its directory was deleted", lower=False)


def bury(pool: Pool, snapshot: Snapshot, slot: Slot) -> None:
    """A slot of which nothing is left leaves the pool; its lease is over."""
    lease = snapshot.lease_of(slot) if slot.state in LENT else None
    if lease is not None:
        slot = end_lost(pool, slot, lease)
    start_retire(pool, slot, GONE, lower=False)


def end_lost(pool: Pool, slot: Slot, lease: Lease) -> Slot:
    """The lease over, the slot BROKEN: there is nothing to look at any more."""
    with pool.engine.write() as session:
        turn = Turn(
            target=State.RELEASING,
            kind=OpKind.RELEASE,
            note=pool.note("release", GONE),
            args={"lease": lease.id},
        )
        moved, op = begin(pool, session, slot, turn, lease_id=None)
        end_lease(session, lease.id, reason=GONE, now=read_moment())
    with hands_on(pool, moved, op) as job:
        record_outside(pool, job)
        return step(pool, job, State.BROKEN, action="release", reason=GONE, error=GONE)


def revive(pool: Pool, snapshot: Snapshot, slot: Slot) -> None:
    """Git's record of a directory made again: HEAD on its branch, the index as HEAD has it.

    The files are not touched, so whatever they differ in shows as changed again; under a scope,
    what its view does not show is hidden again.
    """
    if not slot.path.is_dir() or is_tombstone(slot.path) or (slot.path / ".git").is_dir():
        raise PoolError(f"{slot.path} is not the slot's directory any more; it is left as it is")
    lease = snapshot.lease_of(slot)
    with pool.git_lock(pool.git) as git:
        head = choose_head(pool, slot, lease)
        admin = make_admin(pool, slot, head)
        (slot.path / ".git").write_bytes(b"gitdir: " + os.fsencode(admin) + b"\n")
        git.at(slot.path).run("read-tree", "HEAD")
    if lease is not None:
        marks.write_mark(admin, pool, slot, lease)
        set_guard_facts(pool, admin, slot, lease)
        hide_again(pool, slot, lease)
        try_restore_files(pool, slot, lease)


def hide_again(pool: Pool, slot: Slot, lease: Lease) -> None:
    """The view of the lease's scope, in a record that knows of none."""
    git = Git(slot.path)
    view = renew_view(pool, git, slot, lease)
    if view != FULL:
        hide_absent(git, slot.path, view, runs_of(view))
        change_view(git, slot.path, view, runs_of(view))


def choose_head(pool: Pool, slot: Slot, lease: Lease | None) -> str:
    """What HEAD says: the branch, if nobody else has it, else the commit the slot began at."""
    branch = slot.branch
    if (
        branch
        and branch not in checked_out(pool.site.common)
        and find_commit(pool.git, f"refs/heads/{branch}")
    ):
        return f"ref: refs/heads/{branch}"
    for oid in (lease.base_oid if lease else "", slot.base_oid):
        if oid and find_commit(pool.git, oid):
            return oid
    raise PoolError(f"the commit {slot.name} began at is gone from the repository")


def make_admin(pool: Pool, slot: Slot, head: str) -> Path:
    """An admin directory under the name the directory still uses, or the next free one."""
    room = pool.site.common / "worktrees"
    room.mkdir(exist_ok=True)
    named = Path(read_line(slot.path / ".git").removeprefix("gitdir: "))
    wanted = named.name if named.parent == room else slot.name
    taken = {admin.name for admin in list_admins(pool.site.common)}
    name = next(each for each in (wanted, *(f"{wanted}-{n}" for n in range(1, 1000))) if each not in taken)
    admin = room / name
    try:
        admin.mkdir()
    except FileExistsError as error:
        raise LostRace(f"{admin} was made by somebody else meanwhile", hint="try again") from error
    reason = marks.lock_reason(pool, slot.number, slot.generation)
    content = {
        "locked": os.fsencode(reason), "commondir": b"../..\n", "HEAD": os.fsencode(head) + b"\n",
        "config.worktree": worktree_config(admin), "gitdir": os.fsencode(slot.path / ".git") + b"\n",
    }  # fmt: skip
    for file, text in content.items():
        (admin / file).write_bytes(text)
    return admin
