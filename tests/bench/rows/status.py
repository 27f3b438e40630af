"""One look at a pool of ten slots, against starting Python at all."""

from __future__ import annotations

from tests.bench.bench import Bench
from tests.bench.figures import Check, Row, ratio
from tests.bench.rounds import Contender, interleave

NAME = "status"
TITLE = "status --json, 10 slots, 1,000 files"
BUDGET = 12.0
SLOTS, QUICK_SLOTS, FILES = 10, 3, 1_000
ROUNDS_EACH = 4  # short enough to be run often


def measure(bench: Bench) -> Row:
    """Both run on the same Python."""
    slots = QUICK_SLOTS if bench.quick else SLOTS
    pool = bench.pool(files=FILES, size=slots)
    contenders = (
        Contender(
            label="python -c pass",
            measure=lambda _: bench.shell.time(bench.python, "-c", "pass", cwd=pool.checkout)[0],
        ),
        Contender(
            label="poolmgr status --json",
            measure=lambda _: bench.shell.time(bench.poolmgr, "status", "--json", cwd=pool.checkout)[0],
        ),
    )
    bare, status = interleave(contenders, rounds=bench.rounds * ROUNDS_EACH, warm_up=2)
    check = Check(
        name=f"{status.label} / {bare.label}",
        value=ratio(status, bare),
        budget=BUDGET,
        judged=not bench.quick,
    )
    return Row(
        name=NAME,
        title=f"status --json, {slots} slots, {FILES:,} files",
        series=(bare, status),
        checks=(check,),
    )
