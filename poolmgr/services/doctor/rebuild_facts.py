"""A sentinel that is lost or damaged is made again, from its copy or the worktrees' own words."""

from __future__ import annotations

import os
import time
from collections import Counter

from isolation.git.worktrees import list_worktrees
from poolmgr.core.errors import StateDamaged
from poolmgr.services.doctor.rebuild import set_aside
from poolmgr.services.doctor.registered import list_registered
from poolmgr.services.ground.marks import is_tombstone
from poolmgr.services.ground.site import Facts, Site, find_facts, write_facts
from resources.probes.processes import host_id


def rebuild_facts(site: Site) -> Facts:
    """The sentinel made again from the worktrees' own words and from the backup's copy."""
    copy = site.state / "backups" / "pool.json"
    votes = Counter(each.pool_id for each in list_registered(site.common))
    set_aside(site.state, [site.facts_file])
    if copy.exists():
        kept = find_facts(site._replace(state=copy.parent))
        if kept and (not votes or kept.pool_id in votes):
            return write_facts(site, kept)
    if not votes:
        raise StateDamaged(
            f"nobody knows whose pool {site.state} was: neither a worktree nor a backup says so",
            hint=f"mv {site.state} aside, then: poolmgr init",
        )
    pool_id = votes.most_common(1)[0][0]
    return write_facts(site, facts_from_git(site, pool_id))


def facts_from_git(site: Site, pool_id: str) -> Facts:
    """What can still be known; `cleanup` then takes back only what is surely ours."""
    checkout = list_worktrees(site.git)[0].path
    places = Counter(
        each.path.parent for each in list_registered(site.common)
        if each.pool_id == pool_id and each.path.parent != site.parked
    )  # fmt: skip
    slots_dir = places.most_common(1)[0][0] if places else checkout.with_name(f"{checkout.name}.worktrees")
    stones = [entry for entry in slots_dir.iterdir() if is_tombstone(entry)] if slots_dir.is_dir() else []
    return Facts(
        pool_id=pool_id, host=host_id(), common=os.fspath(site.common), checkout=os.fspath(checkout),
        slots_dir=os.fspath(slots_dir), created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        exclude=excluded_lines(site, pool_id), tombstones=tuple(os.fspath(stone) for stone in stones),
    )  # fmt: skip


def excluded_lines(site: Site, pool_id: str) -> str:
    """Our lines of info/exclude, from our own comment to the next one."""
    try:
        lines = os.fsdecode((site.common / "info" / "exclude").read_bytes()).split("\n")
        start = lines.index(f"# poolmgr {pool_id}")
    except (OSError, ValueError):
        return ""
    ours = [line for line in lines[start + 1 : start + 3] if line == ".env.worktree" or line.startswith("/")]
    return "\n".join([lines[start], *ours, ""])
