"""What a task touches, as `tracks explain` shows it, and the ground that collisions are judged on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import say

if TYPE_CHECKING:
    from poolmgr.cli.tracks_read import Read
    from poolmgr.core.records import Lease, Snapshot
    from poolmgr.services.ground.site import Site
    from tracks.conflicts.ground import Ground
    from tracks.footprints.claim import Footprint


def read_known(invocation: Invocation, found: Read) -> Ground:
    """Files, claims and the past of the tasks that were read."""
    from poolmgr.services.planning.ground import read_ground

    leases = list_leases(invocation, found.site)
    return read_ground(found.site, found.settings, found.tasks.tasks, leases)


def list_leases(invocation: Invocation, site: Site) -> tuple[Lease, ...]:
    """The live leases, where there is a pool that can be read."""
    snapshot = find_snapshot(invocation, site)
    return snapshot.leases if snapshot else ()


def find_snapshot(invocation: Invocation, site: Site) -> Snapshot | None:
    """The pool as it is, where there is one that can be read."""
    from poolmgr.core.errors import PoolError
    from poolmgr.services.ground.site import find_facts
    from poolmgr.wiring import look_at_pool

    try:
        return look_at_pool(invocation.directory).snapshot() if find_facts(site) else None
    except PoolError as error:
        say(f"the pool cannot be read, its leases do not count: {error.message}")
        return None


def footprint_json(footprint: Footprint) -> dict[str, object]:
    """What a task touches, for programs."""
    return {
        "layer": footprint.layer,
        "footprint": [claim.as_json for claim in footprint.claims],
        "faults": list(footprint.faults),
    }


def footprint_lines(footprint: Footprint) -> Iterator[str]:
    """The same for people: each claim, where it comes from, and what it is worth."""
    if not footprint.claims:
        yield "what it touches is unknown: name files in its text, or label it files:GLOB"
    else:
        yield "touches, by what is known:"
    for claim in footprint.claims:
        yield f"  {claim.layer:<9}  {claim.confidence:.2f}  {' '.join(claim.globs)}  ({claim.why})"
    yield from (f"not used: {fault}" for fault in footprint.faults)
