"""The embedded server does not outlive its use: a process beside it ends it once nobody needs it.

One watcher at a time; it goes with the server, and comes again with the next command that opens it.
"""

from __future__ import annotations

from isolation.database.embedded import idle
from isolation.database.embedded.place import Home
from poolmgr.core.errors import Busy
from poolmgr.services.databases.choice import room_of
from poolmgr.services.ground.detached import start_detached
from poolmgr.services.ground.pool import Pool
from poolmgr.store import gate


def ensure_watched(pool: Pool) -> None:
    """Somebody sees to it that the server ends."""
    if not pool.settings.database.idle:
        return
    room = room_of(pool.site.state)
    room.mkdir(mode=0o700, exist_ok=True)
    try:
        with gate.held(room / "watch.lock", patience=0) as lock:
            start_detached(pool.site, ("_server",), log="server.log", keep_open=(lock,))
    except Busy:
        return


def watch(pool: Pool) -> None:
    """Until the server has ended, by itself or because no lease has a database and no client is there."""
    idle.watch(Home(pool.site.state), pool.settings.database.idle, lambda: is_needed(pool))


def is_needed(pool: Pool) -> bool:
    """Whether a lease has a database."""
    return any(lease.database for lease in pool.snapshot().leases)
