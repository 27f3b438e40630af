"""Whether the house has work: told from files and the store, without asking any server.

`due` says that there is something; `later` that it could not be done just now.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from poolmgr.core.errors import Busy
from poolmgr.core.records import Snapshot
from poolmgr.services.databases.choice import EMBEDDED, is_on, read_mode, room_of
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import write_private
from poolmgr.store import gate
from poolmgr.store.tables.leases import owed_databases

LATER = 60.0
LEAVING = "leaving"


def ask_house(pool: Pool) -> None:
    """There is something to do; also when it could not be done before."""
    if not is_on(pool):
        return
    room = room_of(pool.site.state)
    with suppress(OSError):
        room.mkdir(mode=0o700, exist_ok=True)
        (room / "later").unlink(missing_ok=True)
        (room / "due").touch(mode=0o600)


def is_missed(pool: Pool, snapshot: Snapshot) -> bool:
    """Whether a lease has a database on a server of ours that does not run."""
    ours = ("", EMBEDDED)
    if read_mode(pool) != EMBEDDED or not any(
        lease.database and lease.server in ours for lease in snapshot.leases
    ):
        return False
    return not is_served(data_of(pool.site.state / "server"))


def data_of(server: Path) -> Path:
    """Where the server's data lies: with it, or where another user may read it."""
    try:
        place = json.loads((server / "pg.json").read_bytes())["place"]
    except (OSError, ValueError, TypeError, KeyError):
        place = ""
    return Path(place or server) / "data"


def is_served(data: Path) -> bool:
    """Whether the process that the directory names works there; who cannot be seen is taken to."""
    try:
        pid = int((data / "postmaster.pid").read_text(errors="replace").partition("\n")[0])
        os.kill(pid, 0)
        return os.path.samefile(f"/proc/{pid}/cwd", data)
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        # A killed one that nobody has buried yet has no directory either.
        return not os.path.exists("/proc/self/cwd") and (data / "postmaster.pid").exists()
    except (OSError, ValueError):
        return True


def find_asked(pool: Pool) -> int:
    """When somebody asked last, 0 when nobody did."""
    try:
        return (room_of(pool.site.state) / "due").stat().st_mtime_ns
    except OSError:
        return 0


def be_done(pool: Pool, asked: int) -> None:
    """What was asked for until then is done; a kill before this leaves it asked for."""
    if find_asked(pool) == asked:
        (room_of(pool.site.state) / "due").unlink(missing_ok=True)


def has_news(pool: Pool, words: str) -> bool:
    """Whether something else failed than the last time; what failed is kept."""
    file = room_of(pool.site.state) / "failed"
    if not words:
        file.unlink(missing_ok=True)
        return False
    data = os.fsencode(words)
    with suppress(OSError):
        if file.read_bytes() == data:
            return False
    write_private(file, data)
    return True


def put_off(pool: Pool) -> None:
    """It could not be done; not to be tried again at once."""
    with suppress(OSError):
        (room_of(pool.site.state) / "later").touch(mode=0o600)


def is_put_off(pool: Pool) -> bool:
    """Whether it was tried in vain a moment ago."""
    try:
        tried = (room_of(pool.site.state) / "later").stat().st_mtime
    except OSError:
        return False
    return 0 <= time.time() - tried < LATER


@contextmanager
def leaving(pool: Pool) -> Iterator[None]:
    """A server of our own goes whole: nothing on it is dropped by itself, which waits for every client."""
    with ExitStack() as stack:
        with suppress(Busy):  # by another cleanup, then
            stack.enter_context(gate.held(room_of(pool.site.state) / LEAVING, patience=0))
        yield


def is_leaving(pool: Pool) -> bool:
    """Whether a cleanup is under way; one that was killed leaves the pool as it is."""
    mark = room_of(pool.site.state) / LEAVING
    return mark.exists() and gate.is_held(mark)


def is_house_due(pool: Pool, snapshot: Snapshot) -> bool:
    """Whether there is work that can be tried now: what was asked for, what is owed, a dead server.

    There is none for a pool that goes, and its own server with it.
    """
    if not is_on(pool) or is_put_off(pool) or (is_leaving(pool) and read_mode(pool) == EMBEDDED):
        return False
    if (room_of(pool.site.state) / "due").exists() or is_missed(pool, snapshot):
        return True
    with pool.engine.read() as session:
        return bool(owed_databases(session))
