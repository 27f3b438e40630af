"""What a larger repository adds to the hand-over of a full slot."""

from __future__ import annotations

from itertools import pairwise

from tests.bench.bench import Bench
from tests.bench.figures import Check, Row, ratio
from tests.bench.rounds import interleave
from tests.bench.rows.acquire import pool_contender

NAME = "growth"
TITLE = "acquire, full slot, by size of the repository"
BUDGET = 1.3
SIZES, QUICK_SIZES = (2_000, 50_000, 200_000), (1_000, 2_000)


def measure(bench: Bench) -> Row:
    """The pools take turns; each size is compared with the next smaller one."""
    sizes = QUICK_SIZES if bench.quick else SIZES
    contenders = tuple(pool_contender(f"{files:,} files", bench.pool(files=files)) for files in sizes)
    series = interleave(contenders, rounds=bench.rounds)
    checks = tuple(
        Check(
            name=f"{larger.label} / {smaller.label}",
            value=ratio(larger, smaller),
            budget=BUDGET,
            judged=not bench.quick,
        )
        for smaller, larger in pairwise(series)
    )
    return Row(name=NAME, title=TITLE, series=series, checks=checks)
