"""Lock files of git in the slots and in the repository: whose owners are gone, they go.

An owner may live wherever a process has the file open or a git works in the repository. Where
that is ruled out, what lies in a slot is dead; a lock everybody shares may be another tool's, so
it must be old too, or have been left by an intent of ours that died.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from isolation.git.worktrees import list_admins, worktree_of
from poolmgr.core.records import Snapshot
from poolmgr.services.doctor.finding import Case, remark, wrong
from poolmgr.services.doctor.registered import find_pooled
from poolmgr.services.ground.locks import find_locks, find_shared_locks, is_old
from poolmgr.services.ground.pool import Pool
from resources.probes.inside import Inside, scan
from resources.probes.processes import Life, judge

CHECKOUTS = ("index.lock", "HEAD.lock", "ORIG_HEAD.lock")


def look_at_locks(pool: Pool, snapshot: Snapshot) -> Iterator[Case]:
    """Every lock file with nobody behind it; those of the living are no disagreement."""
    ours, shared, theirs = list_locks(pool)
    if not (ours or shared or theirs):
        return
    roots = {pool.site.common, Path(pool.facts.checkout), *(slot.path for slot in snapshot.slots)}
    homes_of = {
        lock: {pool.site.common, lock.parent, worktree_of(lock.parent, pool.site.common)} for lock in ours
    }
    places = {*roots, *(home for homes in homes_of.values() for home in homes)}
    seen = scan({*(place for place in places if place.exists()), *ours, *shared, *theirs})
    for lock, homes in homes_of.items():
        if is_dead(lock, seen, homes) and (seen[lock].complete or is_old(lock)):
            yield stale(lock, seen)
    for lock in shared:
        if is_dead(lock, seen, roots) and (is_old(lock) or is_left_by_us(pool, snapshot, lock, seen)):
            yield stale(lock, seen)
    for lock in theirs:
        if is_dead(lock, seen, roots) and is_old(lock):
            detail = "a lock of your own checkout that seems to be nobody's: look, then rm it"
            yield remark("checkout_lock", str(lock), detail)


def list_locks(pool: Pool) -> tuple[list[Path], list[Path], list[Path]]:
    """In slots, in the repository as a whole, in the user's checkout."""
    admins = [admin for admin in list_admins(pool.site.common) if is_ours(pool, admin)]
    theirs = [pool.site.common / name for name in CHECKOUTS if (pool.site.common / name).exists()]
    return [lock for admin in admins for lock in find_locks(admin)], find_shared_locks(pool), theirs


def is_ours(pool: Pool, admin: Path) -> bool:
    """Whether an admin directory is one of this pool's."""
    pooled = find_pooled(admin)
    return pooled is not None and pooled.pool_id == pool.facts.pool_id


def is_dead(lock: Path, seen: Mapping[Path, Inside], homes: set[Path]) -> bool:
    """Whether nobody has the file open and no git works where it could be the owner."""
    if seen[lock].processes:
        return False
    inside = [process for home in homes if home in seen for process in seen[home].processes]
    return not any(process.name.startswith("git") for process in inside)


def is_left_by_us(pool: Pool, snapshot: Snapshot, lock: Path, seen: Mapping[Path, Inside]) -> bool:
    """Whether only poolmgr writes there, or an intent died about when the lock was made."""
    if not seen[lock].complete:
        return False
    if pool.site.common / "refs" / "poolmgr" in lock.parents:
        return True
    try:
        made = lock.stat().st_mtime
    except OSError:
        return False
    dead = [op for op in snapshot.ops if op.owner is not None and judge(op.owner) is Life.DEAD]
    return any(op.started.wall - 1 <= made for op in dead)


def stale(lock: Path, seen: Mapping[Path, Inside]) -> Case:
    """The finding, and its mending: the same file, and still nobody behind it."""
    identity = identity_of(lock)
    detail = "a lock file whose owner is gone" + ("" if seen[lock].complete else ", as far as can be seen")
    return wrong("stale_lock", str(lock), detail, lambda: drop(lock, identity))


def drop(lock: Path, identity: tuple[int, int]) -> None:
    """Unlink what was looked at, and nothing that took its place."""
    if identity_of(lock) == identity and not scan((lock,))[lock].processes:
        lock.unlink(missing_ok=True)


def identity_of(lock: Path) -> tuple[int, int]:
    """Which file it is."""
    try:
        status = lock.stat()
    except OSError:
        return (0, 0)
    return status.st_ino, status.st_mtime_ns
