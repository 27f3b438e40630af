"""Taking a request out of the queue: somebody's wish, or its waiter is dead."""

from __future__ import annotations

from poolmgr.core.errors import PoolError
from poolmgr.core.records import RequestState, Snapshot
from poolmgr.services.ground import wake
from poolmgr.services.ground.job import call_waiters
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.store.tables.events import add_pool_event
from poolmgr.store.tables.requests import find_request, settle_request
from resources.probes.processes import Life, judge


def cancel_request(pool: Pool, request_id: str) -> None:
    """The request CANCELLED, its waiter told."""
    with pool.engine.write() as session:
        gone = settle_request(session, request_id, RequestState.CANCELLED, f"cancelled by {pool.actor}")
        if gone:
            add_pool_event(
                session, pool.note("queue", f"{request_id} cancelled", "cancelled"), now=read_moment()
            )
    if gone is None:
        raise PoolError(f"no request {request_id!r} waits", hint="poolmgr queue list")
    wake.call(pool.site.state / "waiters", [gone.seq])
    call_waiters(pool)


def expire_dead(pool: Pool, snapshot: Snapshot) -> bool:
    """The places of waiters that are proven dead are free; whether there were any."""
    dead = [request for request in snapshot.queue if judge(request.waiter) is Life.DEAD]
    if not dead:
        return False
    with pool.engine.write() as session:
        for request in dead:
            current = find_request(session, request.id)
            if current and current.waiter == request.waiter:  # asked again meanwhile: somebody else waits
                settle_request(session, request.id, RequestState.EXPIRED, "its process ended")
                add_pool_event(
                    session, pool.note("queue", f"{request.id}: its process ended"), now=read_moment()
                )
    for request in dead:
        (pool.site.state / "waiters" / str(request.seq)).unlink(missing_ok=True)
    call_waiters(pool)
    return True
