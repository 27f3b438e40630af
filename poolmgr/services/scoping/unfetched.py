"""Base branches that are here, and that the last fetch does not vouch for: another one may."""

from __future__ import annotations

from collections.abc import Collection

from isolation.git import remotes
from isolation.git.refs import resolve_commits
from isolation.guards import rule
from poolmgr.core.records import Lease
from poolmgr.services.ground.pool import Pool
from poolmgr.services.scoping.bases import HEADS, list_candidates
from poolmgr.services.scoping.noted import REMOTES, list_remotes


def find_unfetched(pool: Pool, run: rule.Run, lease: Lease, paths: Collection[bytes]) -> str:
    """The way on that may prove a refused path to be the base's: the remote's branch has it like this."""
    known = list_remotes(pool, lease)
    now = remotes.list_remotes(pool.git, pool.site.common.parent)
    refs = [ref for ref in list_candidates(pool, lease, known) if ref.startswith(REMOTES)]
    found = resolve_commits(pool.git, [HEADS + lease.branch, *refs])
    tip = found[HEADS + lease.branch]
    for ref in refs:
        oid = found[ref]
        if tip and oid and set(paths) - rule.read_changes(rule.with_options(run), oid, tip).keys():
            remote, _, branch = ref.removeprefix(REMOTES).partition("/")
            if known.get(remote) in (None, now.get(remote)):
                return f"if they came with the base: git fetch {remote} {branch}, and release again; else "
    return ""
