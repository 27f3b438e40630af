"""The end of a server and of what outlives it; no process is signalled that is not proven to be ours.

Whoever calls holds the server's `lock`.
"""

from __future__ import annotations

import signal
import time

from isolation.database.embedded import locks, postmaster
from isolation.database.embedded.place import Home, find_data, read_record
from isolation.database.errors import ServerFailed

# An ended server's children notice it at their next wait; one that computes is ended by us.
GRACE = 5.0
# Fast, then at once; the first lets the server write down that it was shut down. The last is for children
# that outlive it.
ENDS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0), (signal.SIGKILL, 5.0))


def stop_running(home: Home) -> bool:
    """End the server, by force if it must be; whoever calls holds the lock."""
    record = read_record(home)
    data = find_data(home)
    if not locks.is_held(home.alive):
        return False
    for number, patience in ENDS:
        pid = postmaster.find_postmaster(data)
        if pid is not None:
            postmaster.end_worker(pid, data, number)
        elif record is None or not postmaster.end_listener(record.socket, number):
            for left in postmaster.list_left(data):
                postmaster.end_worker(left, data, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not locks.is_held(home.alive):
                return True
            time.sleep(locks.NAP)
    raise ServerFailed(
        f"the embedded server does not end; something holds {home.alive}", hint=f"fuser -v {home.alive}"
    )


def end_unreachable(home: Home, alone: float | None) -> float | None:
    """End a server that lost its socket, and children that outlive theirs; since when they are seen alone."""
    record = read_record(home)
    data = find_data(home)
    pid = postmaster.find_postmaster(data)
    if pid is not None:
        lost = record is None or not postmaster.is_answering(record.socket)
        if postmaster.read_status(data) == "ready" and lost:
            postmaster.end_worker(pid, data, signal.SIGINT)
        return None
    now = time.monotonic()
    if alone is not None and now - alone > GRACE:
        for left in postmaster.list_left(data):
            postmaster.end_worker(left, data, signal.SIGKILL)
    return now if alone is None else alone
