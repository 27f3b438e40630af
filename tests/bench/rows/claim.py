"""placeholder"""

from __future__ import annotations

from tests.bench.bench import Bench
from tests.bench.figures import Row
from tests.bench.processes import BenchFailed

NAME = "claim"
TITLE = "claim under 16 processes"


def measure(bench: Bench) -> Row:
    raise BenchFailed("not written yet")
