"""Whether databases need something done: told from files and the store, without asking any server.

Two duties, each with its files. The house is what is owed and left, and takes moments; ahead is what
may run a template's commands, and takes as long as they do. `due` says that there is something;
`later` that it could not be done just now.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from poolmgr.core.errors import Busy
from poolmgr.core.records import Snapshot
from poolmgr.services.databases.choice import EMBEDDED, is_on, read_mode, room_of
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import Site, write_private
from poolmgr.store import gate
from poolmgr.store.tables.leases import owed_databases

LATER = 60.0
LEAVING = "leaving"


class Duty(StrEnum):
    """What is done for databases while nobody waits, by what its files' names begin with."""

    HOUSE = ""
    AHEAD = "ahead-"


def file_of(pool: Pool, duty: Duty, name: str) -> Path:
    """A file that says how it stands with a duty."""
    return room_of(pool.site.state) / f"{duty}{name}"


def ask_house(pool: Pool, duties: Collection[Duty] = tuple(Duty)) -> None:
    """There is something to do; also when it could not be done before."""
    if not is_on(pool):
        return
    with suppress(OSError):
        room_of(pool.site.state).mkdir(mode=0o700, exist_ok=True)
        for duty in duties:
            file_of(pool, duty, "later").unlink(missing_ok=True)
            file_of(pool, duty, "due").touch(mode=0o600)


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


def find_asked(pool: Pool, duty: Duty) -> int:
    """When somebody asked last, 0 when nobody did."""
    try:
        return file_of(pool, duty, "due").stat().st_mtime_ns
    except OSError:
        return 0


def be_done(pool: Pool, duty: Duty, asked: int) -> None:
    """What was asked for until then is done; a kill before this leaves it asked for."""
    if find_asked(pool, duty) == asked:
        file_of(pool, duty, "due").unlink(missing_ok=True)


def has_news(pool: Pool, duty: Duty, words: str) -> bool:
    """Whether something else failed than the last time; what failed is kept."""
    file = file_of(pool, duty, "failed")
    if not words:
        file.unlink(missing_ok=True)
        return False
    data = os.fsencode(words)
    with suppress(OSError):
        if file.read_bytes() == data:
            return False
    write_private(file, data)
    return True


def put_off(pool: Pool, duty: Duty) -> None:
    """It could not be done; not to be tried again at once."""
    with suppress(OSError):
        file_of(pool, duty, "later").touch(mode=0o600)


def is_put_off(pool: Pool, duty: Duty) -> bool:
    """Whether it was tried in vain a moment ago."""
    try:
        tried = file_of(pool, duty, "later").stat().st_mtime
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
    """Whether there is work that can be tried now: what was asked for, what is owed, a dead server."""
    if not may_try(pool, Duty.HOUSE):
        return False
    if find_asked(pool, Duty.HOUSE) or is_missed(pool, snapshot):
        return True
    with pool.engine.read() as session:
        return bool(owed_databases(session))


def is_ahead_due(pool: Pool) -> bool:
    """Whether something is to be prepared, and nobody is at it."""
    is_asked = bool(find_asked(pool, Duty.AHEAD)) and may_try(pool, Duty.AHEAD)
    return is_asked and not gate.is_held(ahead_lock(pool.site))


def may_try(pool: Pool, duty: Duty) -> bool:
    """Whether a duty was not put off; there is none for a pool that goes, and its own server with it."""
    if not is_on(pool) or is_put_off(pool, duty):
        return False
    return not (is_leaving(pool) and read_mode(pool) == EMBEDDED)


def ahead_lock(site: Site) -> Path:
    """The lock of whoever prepares something: a worker that has let go of its place among the workers."""
    return site.state / "worker-ahead.lock"
