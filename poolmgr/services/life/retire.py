"""Taking a slot's directory away, once everything in it is proven kept.

The directory is first renamed to a name nobody knows, so that nobody writes into it by its path
while it is looked at and goes; what is left of a killed attempt is recognised by that name.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from isolation.errors import IsolationError
from isolation.git.worktrees import find_registered, forget_worktree
from isolation.work.linked import follow, move
from poolmgr.core.lifecycle import State
from poolmgr.core.records import Slot
from poolmgr.services.environment.files import drop_environment
from poolmgr.services.ground.job import Job, remember, step
from poolmgr.services.ground.marks import is_tombstone
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.taken import require_own
from poolmgr.services.life.databases import drop_databases
from poolmgr.services.life.keep import keep_directory, restore_directory
from poolmgr.services.life.park import leave_tombstone, let_go


def execute_retire(pool: Pool, job: Job) -> Slot:
    """The slot RETIRED: no directory, no admin entry, its work kept."""
    trash = job.slot.path.with_name(f".{job.slot.name}-{job.slot.id}.going")
    remember(pool, job, trash=os.fspath(trash))
    if not trash.exists():
        require_own(pool, job.slot)
        drop_environment(pool, job.slot)
    if not job.args.get("proven"):
        set_aside(pool, job, trash)
        if trash.exists():
            prove(pool, job, trash)
    drop_databases(pool, job)
    forget(pool, job)
    if trash.exists():
        make_removable(trash)
        shutil.rmtree(trash)
    if job.args.get("tombstone") and job.slot.path.parent != pool.site.parked:
        leave_tombstone(pool, job.slot.path)
    if job.args.get("proven"):
        let_go(pool, job)
    return step(pool, job, State.RETIRED, action="retire", branch=None, error="")


def set_aside(pool: Pool, job: Job, trash: Path) -> None:
    """The directory under the name nobody knows."""
    slot = job.slot
    if trash.exists():
        with pool.git_lock(job.git.at(pool.site.common)):
            follow(trash, slot.path)
        return
    if is_tombstone(slot.path):
        return
    restore_directory(pool, slot)
    if slot.path.exists():
        rename(pool, job, slot.path, trash)


def rename(pool: Pool, job: Job, source: Path, target: Path) -> None:
    """The directory under another name, and the worktrees that somebody made in it."""
    with pool.git_lock(job.git.at(pool.site.common)):
        move(source, target)


def prove(pool: Pool, job: Job, trash: Path) -> None:
    """Everything kept; else the directory has its name again."""
    try:
        keep_directory(pool, job, trash, reason=str(job.args.get("reason", "retired")))
    except (IsolationError, OSError):
        rename(pool, job, trash, job.slot.path)
        raise
    remember(pool, job, proven=True)


def forget(pool: Pool, job: Job) -> None:
    """Git's record of the directory."""
    with pool.git_lock(job.git.at(pool.site.common)) as git:
        admin = find_registered(pool.site.common, job.slot.path)
        if admin:
            if not job.slot.path.exists():
                forget_worktree(git, job.slot.path)
            if admin.exists():  # git forgets only what it can read
                shutil.rmtree(admin)


def make_removable(root: Path) -> None:
    """Read-only directories (a Go module cache) would keep their content."""
    for folder, _, _ in os.walk(root):
        mode = os.stat(folder).st_mode
        if mode & 0o700 != 0o700:
            os.chmod(folder, mode | 0o700)
