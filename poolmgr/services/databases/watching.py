"""The embedded server does not outlive its use: a process beside it tends it, and ends it in the end.

It goes with the server, and comes again with the next command that opens it. The state is opened
for each look alone: whoever rebuilds it must find it unused.
"""

from __future__ import annotations

from contextlib import closing
from math import inf

from isolation.database.embedded import idle
from isolation.database.embedded.place import Home
from poolmgr.core.errors import PoolError
from poolmgr.services.ground.detached import start_detached
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import Site
from poolmgr.store.snapshot import read_snapshot
from poolmgr.store.sqlite import SqliteEngine


def ensure_watched(pool: Pool) -> None:
    """Somebody sees to the server, and that it ends."""
    if not idle.is_watched(Home(pool.site.state)):
        start_detached(pool.site, ("_server",), log="server.log")


def watch(site: Site, seconds: float) -> None:
    """Until the server has ended, by itself or because no lease has a database and no client is there.

    0 seconds are for ever.
    """
    idle.watch(Home(site.state), seconds or inf, lambda: is_needed(site))


def is_needed(site: Site) -> bool:
    """Whether a lease has a database; a state that cannot be read may have some."""
    try:
        with closing(SqliteEngine(site.database)) as engine, engine.read() as session:
            return any(lease.database for lease in read_snapshot(session).leases)
    except PoolError:
        return True
