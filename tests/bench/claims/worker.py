"""One of the claiming processes: `python -m tests.bench.claims.worker CONTENDER FILE SECONDS HOLD`.

It says "ready", waits for a line, claims and gives back until its time is over, and prints what
it saw as JSON. Double grants are found by a file per slot made with O_EXCL, which asks no database.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from poolmgr.core.errors import Busy, StateUnwritable
from poolmgr.services.ground.pool import Pool
from poolmgr.services.lending.claim import Claim
from tests.bench.claims.cycle import claim, enter_queue, give_back, make_pool
from tests.bench.claims.engine import is_locked, open_engine


@dataclass(slots=True)
class Tally:
    """What one process saw."""

    seconds: list[float] = field(default_factory=list)
    duplicates: int = 0
    locked: int = 0
    refused: int = 0


def main(contender: str, file: Path, seconds: float, hold: float) -> None:
    """Waits for the start, works, reports."""
    pool = make_pool(file.parent, open_engine(contender, file, hold=hold))
    print("ready", flush=True)
    sys.stdin.readline()
    tally = Tally()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            work_once(pool, tally)
        except (Busy, StateUnwritable, sqlite3.OperationalError) as error:
            if not (isinstance(error, Busy) or is_locked(error)):
                raise
            tally.locked += 1
    print(json.dumps(asdict(tally)), flush=True)


def work_once(pool: Pool, tally: Tally) -> None:
    """A timed claim between an untimed request and an untimed return."""
    request = enter_queue(pool)
    started = time.perf_counter()
    claimed = claim(pool, request)
    elapsed = time.perf_counter() - started
    if claimed is None:
        tally.refused += 1
        return
    tally.seconds.append(elapsed)
    tally.duplicates += not try_mark(pool, claimed)
    mark_path(pool, claimed).unlink(missing_ok=True)
    give_back(pool, claimed)


def try_mark(pool: Pool, claimed: Claim) -> bool:
    """False when somebody else believes to hold the slot at this moment."""
    try:
        os.close(os.open(mark_path(pool, claimed), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    return True


def mark_path(pool: Pool, claimed: Claim) -> Path:
    """The mark of a slot."""
    return pool.site.state / f"{claimed.slot.name}.held"


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
