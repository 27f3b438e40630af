"""Starts the claiming processes together and adds up what they saw."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from poolmgr.store.sqlite import SqliteEngine, create
from tests.bench.claims.cycle import add_slots
from tests.bench.processes import BenchFailed, Shell

PROCESSES = 16
SLOTS = 2 * PROCESSES  # a claim never finds the pool empty
CHECKOUT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """How long to claim, and how long a transaction is held before its commit."""

    python: Path
    seconds: float
    hold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All processes of one race together."""

    seconds: tuple[float, ...]
    duplicates: int
    locked: int
    refused: int


def run_race(shell: Shell, race: Race, contender: str, directory: Path) -> Outcome:
    """One race on a database of its own."""
    file = make_database(directory)
    argv = (
        race.python,
        "-m",
        "tests.bench.claims.worker",
        contender,
        file,
        str(race.seconds),
        str(race.hold),
    )
    with ExitStack() as stack:
        workers = [stack.enter_context(shell.start(*argv, cwd=CHECKOUT)) for _ in range(PROCESSES)]
        stack.callback(stop_all, workers)
        if any(read_line(worker) != b"ready\n" for worker in workers):
            raise BenchFailed(f"{contender}: a claiming process did not start: {read_errors(workers)}")
        for worker in workers:
            start_work(worker)
        tallies = [json.loads(read_line(worker) or b"{}") for worker in workers]
        if not all(tallies):
            raise BenchFailed(f"{contender}: a claiming process failed: {read_errors(workers)}")
    return Outcome(
        seconds=tuple(second for tally in tallies for second in tally["seconds"]),
        duplicates=sum(tally["duplicates"] for tally in tallies),
        locked=sum(tally["locked"] for tally in tallies),
        refused=sum(tally["refused"] for tally in tallies),
    )


def make_database(directory: Path) -> Path:
    """A state database with READY slots."""
    directory.mkdir(parents=True)
    file = directory / "state.db"
    create(file, {"pool_id": "bench", "size": str(SLOTS)})
    engine = SqliteEngine(file)
    add_slots(engine, directory, SLOTS)
    engine.close()
    return file


def start_work(worker: Popen[bytes]) -> None:
    """The signal to begin."""
    if worker.stdin:
        worker.stdin.write(b"go\n")
        worker.stdin.flush()


def read_line(worker: Popen[bytes]) -> bytes:
    """The next line; empty when the process is gone."""
    return worker.stdout.readline() if worker.stdout else b""


def read_errors(workers: list[Popen[bytes]]) -> str:
    """What the first failed process said last."""
    stop_all(workers)
    said = (worker.stderr.read().decode(errors="replace").strip() for worker in workers if worker.stderr)
    return next((" ".join(text.split())[-400:] for text in said if text), "no message")


def stop_all(workers: list[Popen[bytes]]) -> None:
    """Ends those that still run: after a failure only."""
    for worker in workers:
        if worker.poll() is None:
            worker.terminate()
