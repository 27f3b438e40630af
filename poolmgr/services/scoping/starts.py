"""Where other branches began or stood that a lease answers for: that far they are not its doing."""

from __future__ import annotations

from collections.abc import Iterator

from isolation.git.reflog import read_log
from isolation.git.refs import resolve_commits
from poolmgr.core.records import Lease, Slot
from poolmgr.services.ground.pool import Pool
from poolmgr.services.scoping.bases import Moves, is_trusted, is_whole, read_trusted
from poolmgr.services.scoping.born import list_born
from poolmgr.services.scoping.tips import HEADS, admin_of, find_branch, read_moves


def list_starts(pool: Pool, slot: Slot, lease: Lease) -> tuple[str, ...]:
    """The commits that branches made here were put on, and those of the branch HEAD is on by now."""
    found = [each.oid for each in list_born(pool, slot, lease) if not each.is_made]
    admin = admin_of(pool, slot)
    branch = find_branch(admin) if admin else None
    if branch not in (None, lease.branch) and is_whole(read_moves(pool, slot)):
        found += list_stood(pool, slot, lease, f"{HEADS}{branch}")
    there = resolve_commits(pool.git, found) if found else {}
    return tuple(dict.fromkeys(oid for oid in there.values() if oid))


def list_stood(pool: Pool, slot: Slot, lease: Lease, ref: str) -> Iterator[str]:
    """Where a branch stood when the slot was lent, and where others put it since."""
    lines = read_log(pool.site.common, ref)
    before = [line for line in lines if line.time < int(lease.started)]
    yield from (line.new for line in before[-1:])
    moved = Moves(read_trusted(pool, slot, lease))
    yield from (line.new for line in lines if line not in before and is_trusted(ref, line, moved))
