"""Moving a directory aside whose work could not be proven kept. Nothing in it is changed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from isolation.errors import IsolationError
from isolation.git.worktrees import find_admin, find_registered, note_place
from isolation.pins import PINS, pin, unpin
from isolation.work.linked import follow, list_linked, try_move
from poolmgr.core.lifecycle import State
from poolmgr.core.records import Slot
from poolmgr.services.ground.job import Job, remember, step
from poolmgr.services.ground.locks import drop_ref_lock
from poolmgr.services.ground.marks import write_tombstone
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import find_facts, write_facts


def park(pool: Pool, job: Job, why: str) -> Slot:
    """The slot PARKED, its directory out of reach of `git clean`."""
    origin, target = job.slot.path, pool.site.parked / f"{job.slot.name}-{job.slot.fence}"
    if origin.parent == pool.site.parked:  # parked before, adopted in vain
        return step(pool, job, State.PARKED, action="park", reason=why, error=why)
    remember(pool, job, parking=os.fspath(target), why=why)
    place = move_aside(pool, job, origin, target)
    if place != origin:
        leave_tombstone(pool, origin)
    hold_on(pool, job, place)
    return step(pool, job, State.PARKED, action="park", reason=why, error=why, path=place)


def hold_on(pool: Pool, job: Job, place: Path) -> None:
    """What only reflogs name outlives them as long as the slot is out of use."""
    with suppress(IsolationError, OSError):  # a full disk: the reflogs still have them
        drop_ref_lock(pool, f"{PINS}{job.slot.id}")
        pin(pool.git, list_own_admins(pool, place), job.slot.id)


def let_go(pool: Pool, job: Job) -> None:
    """What was held, once a rescue holds it."""
    if job.args.get("pinned"):
        drop_ref_lock(pool, f"{PINS}{job.slot.id}")
        unpin(pool.git, job.slot.id)


def move_aside(pool: Pool, job: Job, origin: Path, target: Path) -> Path:
    """The new place; the old one where a rename cannot reach (another file system)."""
    with pool.git_lock(job.git.at(pool.site.common)):
        if not target.exists() and not try_move(origin, target):
            return origin
        follow(target, origin)
        admin = find_registered(pool.site.common, origin)
        if admin:
            note_place(admin, target)
    return target


def list_own_admins(pool: Pool, place: Path) -> list[Path]:
    """Git's record of a directory, and of the worktrees in it, as far as they are this repository's."""
    room = os.path.realpath(pool.site.common / "worktrees")
    own = find_registered(pool.site.common, place) or find_admin(place)
    found = (own, *(one.admin for one in list_linked(place, place)))
    return [admin for admin in found if admin and os.path.realpath(admin.parent) == room]


def leave_tombstone(pool: Pool, path: Path) -> None:
    """Git stops here instead of finding a checkout above; recorded, so that cleanup takes it away."""
    facts = find_facts(pool.site) or pool.facts
    if os.fspath(path) not in facts.tombstones:
        write_facts(pool.site, facts, tombstones=(*facts.tombstones, os.fspath(path)))
    if is_vacant(path):
        write_tombstone(path)


def is_vacant(path: Path) -> bool:
    """Whether nothing is there, or only what a killed attempt to leave a stone began."""
    if not path.is_dir():
        return not os.path.lexists(path)
    return all(each.name == ".git" and each.is_file() and not each.stat().st_size for each in path.iterdir())
