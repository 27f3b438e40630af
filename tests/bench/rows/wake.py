"""How long a waiting command still waits once the slot is READY, its path printed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import Popen

from tests.bench.bench import Bench
from tests.bench.events import read_last_ready
from tests.bench.figures import Check, Row
from tests.bench.pool import Pool
from tests.bench.processes import BenchFailed
from tests.bench.rounds import Contender, interleave

NAME = "wake"
TITLE = "from READY to the waiting acquire's printed path"
LABEL = "waiting poolmgr acquire"
GOAL_MS, FILES, PATIENCE = 50.0, 1_000, "120"


def measure(bench: Bench) -> Row:
    """A pool of one slot: each turn a holder, a waiter behind it, a release."""
    pool = bench.pool(files=FILES, size=1)
    contender = Contender(
        label=LABEL,
        before=lambda turn: hold(pool, turn),
        measure=lambda turn: time_wake(pool, turn),
        after=lambda turn: give_back(pool, turn),
    )
    (series,) = interleave((contender,), rounds=bench.rounds * 2)
    checks = (
        Check(name="median", value=1000 * series.median, budget=GOAL_MS, unit="ms", judged=not bench.quick),
        Check(name="max", value=1000 * series.high, unit="ms"),
    )
    return Row(name=NAME, title=TITLE, series=(series,), checks=checks)


def hold(pool: Pool, turn: int) -> None:
    """The only slot is lent."""
    pool.time_acquire(f"holder/{turn}")


def time_wake(pool: Pool, turn: int) -> float:
    """The READY of the pool's log against the moment the line arrives here."""
    held = pool.require_slot(f"holder/{turn}")
    with start_waiter(pool, f"waiter/{turn}") as waiter:
        pool.wait_until_queued()
        pool.time_release(held.name)
        line = waiter.stdout.readline() if waiter.stdout else b""
        printed = time.time()
    if not line:
        raise BenchFailed("the waiting acquire ended without a path")
    return printed - read_last_ready(pool.checkout, held.name)


@contextmanager
def start_waiter(pool: Pool, branch: str) -> Iterator[Popen[bytes]]:
    """An acquire that waits; ended when the turn fails."""
    argv = (pool.program, "acquire", "--agent", "waiter", "--branch", branch, "--timeout", PATIENCE)
    with pool.shell.start(*argv, cwd=pool.checkout) as waiter:
        try:
            yield waiter
        except BaseException:
            waiter.terminate()
            raise


def give_back(pool: Pool, turn: int) -> None:
    """The slot is READY again and the branches are gone."""
    pool.time_release(pool.require_slot(f"waiter/{turn}").name)
    pool.settle(f"holder/{turn}", f"waiter/{turn}")
