"""When a slot became READY, from the pool's own log: finer than asking `status` again and again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.bench.processes import BenchFailed

LAST_READY = "SELECT max(wall) FROM events WHERE slot = ? AND target = 'READY'"


def read_last_ready(checkout: Path, slot: str) -> float:
    """Seconds of the wall clock."""
    state = checkout / ".git" / "poolmgr" / "state.db"
    with closing(sqlite3.connect(f"{state.as_uri()}?mode=ro", uri=True)) as connection:
        (wall,) = connection.execute(LAST_READY, (slot,)).fetchone()
    if wall is None:
        raise BenchFailed(f"{slot} has never been READY")
    return float(wall)
