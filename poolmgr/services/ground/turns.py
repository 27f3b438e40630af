"""Whose turn it is: the queue in the order of service, without those who could not be served now."""

from __future__ import annotations

from collections.abc import Collection

from poolmgr.core.queue import eligible, service_order
from poolmgr.core.records import Moment, Request, Snapshot
from poolmgr.services.ground.pool import Pool


def in_turn(pool: Pool, snapshot: Snapshot, now: Moment, absent: Collection[str] = ()) -> tuple[Request, ...]:
    """Those a free slot would serve, the next first."""
    order = service_order(snapshot.queue, now=now, aging=pool.settings.queue.aging)
    busy = {slot.branch for slot in snapshot.slots if slot.branch}
    per_agent = pool.settings.pool.per_agent
    return eligible(order, snapshot.leases, per_agent=per_agent, branches=busy, absent=absent)
