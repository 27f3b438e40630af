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
from tests.bench.claims.engine import Writer, is_locked, open_engine
from tests.bench.claims.transaction import Claim, claim_slot, undo_claim


@dataclass(slots=True)
class Tally:
    """What one process saw."""

    seconds: list[float] = field(default_factory=list)
    duplicates: int = 0
    locked: int = 0


def main(contender: str, file: Path, seconds: float, hold: float) -> None:
    """Waits for the start, works, reports."""
    engine = open_engine(contender, file)
    print("ready", flush=True)
    sys.stdin.readline()
    tally = Tally()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            work_once(engine, file.parent, hold, tally)
        except (Busy, StateUnwritable, sqlite3.OperationalError) as error:
            if not (isinstance(error, Busy) or is_locked(error)):
                raise
            tally.locked += 1
    print(json.dumps(asdict(tally)), flush=True)


def work_once(engine: Writer, directory: Path, hold: float, tally: Tally) -> None:
    """A timed claim and an untimed return; both hold the write transaction for as long as asked."""
    started = time.perf_counter()
    with engine.write() as session:
        claim = claim_slot(session, str(os.getpid()))
        time.sleep(hold)
    tally.seconds.append(time.perf_counter() - started)
    tally.duplicates += not try_mark(directory, claim)
    mark_path(directory, claim).unlink(missing_ok=True)
    with engine.write() as session:
        undo_claim(session, claim)
        time.sleep(hold)


def try_mark(directory: Path, claim: Claim) -> bool:
    """False when somebody else believes to hold the slot at this moment."""
    try:
        os.close(os.open(mark_path(directory, claim), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    return True


def mark_path(directory: Path, claim: Claim) -> Path:
    """The mark of a slot."""
    return directory / f"{claim.slot.name}.held"


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
