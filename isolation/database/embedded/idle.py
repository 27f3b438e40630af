"""The end of a server that nobody needs: no lease, no client and no command for a while.

One process watches a server; `watch` is its lock. It leaves when the server ends by other means,
and only while nobody starts it again. Whenever it looks, it closes what slots left open to all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress

from isolation.database.catalog import list_marked
from isolation.database.embedded import ending, locks, server
from isolation.database.embedded.place import Home
from isolation.database.errors import DatabaseError
from isolation.database.session import open_session
from isolation.database.shutting import shut_public_out
from isolation.database.turns import AT_ONCE

LONGEST_NAP = 5.0  # so long is a database that a slot made open to the others
TRIES = 20


def is_watched(home: Home) -> bool:
    """Whether somebody watches the server."""
    return locks.is_held(home.watch)


def watch(home: Home, idle: float, is_wanted: Callable[[], bool]) -> bool:
    """End the server after `idle` seconds without need; False when it ended by other means."""
    watching = try_watch(home)
    if watching is None:
        return False
    try:
        with suppress(locks.PlaceGone):
            return attend(home, idle, is_wanted)
        return False
    finally:
        os.close(watching)


def attend(home: Home, idle: float, is_wanted: Callable[[], bool]) -> bool:
    needed, seen = time.monotonic(), read_use(home)
    while True:
        rest(home, min(idle / 4, LONGEST_NAP))
        is_visited = has_clients(home)
        if seen != (seen := read_use(home)) or is_visited or is_wanted():
            needed = time.monotonic()
        if time.monotonic() - needed < idle and server.is_running(home):
            continue
        with locks.held(home.lock, server.PATIENCE):
            if not server.is_running(home):
                return False
            if read_use(home) == seen and time.monotonic() - needed >= idle:
                return ending.stop_running(home)


def rest(home: Home, seconds: float) -> None:
    """Wait, but not for a server that has ended."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and locks.is_held(home.alive):
        time.sleep(min(left, 1.0))


def try_watch(home: Home) -> int | None:
    """The watcher's lock; None when another holds it, and not only to look."""
    for _ in range(TRIES):
        try:
            watching = locks.try_hold(home.watch)
        except FileNotFoundError:
            return None
        if watching is not None:
            return watching
        time.sleep(locks.NAP)
    return None


def read_use(home: Home) -> int:
    """When a command last needed the server; it changes, that is all it says."""
    try:
        return (home.root / "pg.json").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def has_clients(home: Home) -> bool:
    """Whether somebody is connected, or we may not look; while we are there, PUBLIC is put out."""
    running = server.find_running(home)
    if running is None:
        return False
    try:
        with open_session(running.address) as session:
            for pool_id in {role.mark.pool for role in list_marked(session)}:
                shut_public_out(session, pool_id, AT_ONCE)  # a migration may hold it at every look
            return server.count_clients(session) > 0
    except DatabaseError:
        return True
