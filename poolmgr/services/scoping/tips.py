"""The commits a lease has to answer for: its branch, where its slot stands, what was made there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from isolation.git.reflog import Line, read_log
from isolation.git.refs import list_refs, resolve_commits
from isolation.git.worktrees import find_admin, find_registered
from poolmgr.core.records import Lease, Slot
from poolmgr.services.ground.pool import Pool

HEADS = "refs/heads/"
# Moves of HEAD that make no commit.
FOUND = re.compile(
    r"(checkout|reset|clone|branch|poolmgr|initial pull|rebase[^:]*\((start|finish|abort)\))\b.*"
    r"|(merge|pull)\b.*: Fast-forward",
    re.IGNORECASE,
)


class Tip(NamedTuple):
    """A commit, and the branch it is on; HEAD for one that is on none."""

    name: str
    oid: str


def list_tips(pool: Pool, slot: Slot, lease: Lease) -> tuple[Tip, ...]:
    """Each commit once, the lease's branch first."""
    admin = admin_of(pool, slot)
    asked = {lease.branch: HEADS + lease.branch}
    if admin:
        asked["HEAD"] = f"worktrees/{admin.name}/HEAD"
    found = resolve_commits(pool.git, list(asked.values()))
    tips = {oid: Tip(name, oid) for name, ref in reversed(asked.items()) if (oid := found[ref])}
    made = list_made(read_log(admin, "HEAD")) if admin else frozenset[str]()
    if made - tips.keys():
        refs = list_refs(pool.git, HEADS.removesuffix("/"))
        tips |= {
            oid: Tip(ref.removeprefix(HEADS), oid)
            for ref, oid in refs.items()
            if oid in made and oid not in tips
        }
    return tuple(sorted(tips.values(), key=lambda tip: (tip.name != lease.branch, tip.name)))


def list_made(lines: tuple[Line, ...]) -> frozenset[str]:
    """The commits that were made with this HEAD, by its log."""
    return frozenset(line.new for line in lines if not FOUND.fullmatch(line.message))


def admin_of(pool: Pool, slot: Slot) -> Path | None:
    """The admin directory of a slot, also when its `.git` file is gone or names another."""
    return find_registered(pool.site.common, slot.path) or find_admin(slot.path)
