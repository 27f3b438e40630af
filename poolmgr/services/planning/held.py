"""What is lent out now, as a plan has to know it: for which task, and which paths."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence

from poolmgr.core.lifecycle import State
from poolmgr.core.records import Lease, Snapshot
from poolmgr.core.settings import Settings
from poolmgr.services.ground.site import Site
from poolmgr.services.planning.naming import Names
from poolmgr.services.planning.seen import list_changed
from poolmgr.services.planning.tree import find_start
from poolmgr.services.scoping.guarding import is_folding
from tracks.footprints.claim import Claim
from tracks.footprints.gathering import observed, reserved
from tracks.globs import compile_globs
from tracks.plan.recommendation import Held

FREE = frozenset({State.READY, State.CREATING, State.RECYCLING})  # or about to be


def count_free(snapshot: Snapshot) -> int:
    """The slots that nobody has."""
    return sum(slot.state in FREE for slot in snapshot.slots)


def list_held(site: Site, settings: Settings, ids: Iterable[str], leases: Sequence[Lease]) -> list[Held]:
    """Every live lease: its scope, and what its branch changes already."""
    names = Names(ids)
    trackers = compile_globs(settings.scope.unstage, fold=is_folding(site.git))
    base = find_start(site, settings) if leases else None
    start = base.oid if base else None
    changed: dict[str, list[Claim]] = defaultdict(list)
    branches = {lease.branch: lease.branch for lease in leases}
    for branch, _, path in list_changed(site.git, start, branches.get) if branches else ():
        if not trackers.matches(path):
            changed[branch].append(observed(os.fsdecode(path), branch))
    return [
        Held(
            who=f"{lease.agent}'s lease of {lease.branch}",
            task=names.in_branch(lease.branch),
            claims=tuple(unique((*owned(lease), *changed[lease.branch]))),
        )
        for lease in leases
    ]


def owned(lease: Lease) -> Iterable[Claim]:
    """What a lease may change; a full one owns nothing."""
    return (reserved(lease.scope.owns, f"{lease.agent}'s lease"),) if lease.scope and lease.scope.owns else ()


def unique(claims: Iterable[Claim]) -> Iterable[Claim]:
    """The first claim of each list of globs."""
    return {claim.globs: claim for claim in reversed(tuple(claims))}.values()
