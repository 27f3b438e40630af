"""Taking somebody's request out of the queue."""

from __future__ import annotations

from poolmgr.core.errors import PoolError
from poolmgr.core.records import RequestState
from poolmgr.services import wake
from poolmgr.services.job import call_waiters
from poolmgr.services.pool import Pool, read_moment
from poolmgr.store.tables.events import add_pool_event
from poolmgr.store.tables.requests import settle_request


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
