"""Reading and judging the tasks of a large project, and finding where they collide."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from itertools import pairwise
from math import log2
from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.figures import Check, Row, Series
from tests.bench.rounds import Contender, interleave
from tests.bench.tasks import EDGES, list_issues

NAME = "tracks"
TITLE = f"tracks, {EDGES} edges a task, three files a task, whole process"
BUDGET, DOUBLING = 2.0, 2.3
VERBS = ("analyze", "conflicts", "recommend")
JUDGED = 10_000
SIZES, QUICK_SIZES = (1_000, 3_000, JUDGED, 30_000), (200, 400)
FILES_EACH = 3


def measure(bench: Bench) -> Row:
    """Every command at every size."""
    sizes = QUICK_SIZES if bench.quick else SIZES
    places = {size: place(bench, size) for size in sizes}
    series: list[Series] = []
    checks: list[Check] = []
    for verb in VERBS:
        contenders = tuple(contender(bench, verb, size, places[size]) for size in sizes)
        measured = interleave(contenders, rounds=bench.rounds)
        series += measured
        checks += judge(verb, dict(zip(sizes, measured, strict=True)), judged=not bench.quick)
    notes = tuple(note_of(bench, verb, sizes, places) for verb in VERBS)
    return Row(name=NAME, title=TITLE, series=tuple(series), checks=tuple(checks), notes=notes)


def place(bench: Bench, size: int) -> Path:
    """A checkout with so many tasks."""
    checkout = bench.checkout("tracks", files=size * FILES_EACH)
    issues = checkout / ".beads" / "issues.jsonl"
    issues.parent.mkdir(exist_ok=True)
    issues.write_bytes(b"".join(list_issues(size, files=size * FILES_EACH, seed=bench.seed)))
    return checkout


def contender(bench: Bench, verb: str, size: int, checkout: Path) -> Contender:
    """One command in one checkout."""
    return Contender(
        label=f"{verb}, {size:,} tasks",
        measure=lambda _: bench.shell.time(bench.poolmgr, "tracks", verb, "--json", cwd=checkout)[0],
    )


def judge(verb: str, measured: dict[int, Series], *, judged: bool) -> list[Check]:
    """The budget where the size is that of the budget, and what twice as many tasks cost."""
    checks = [
        Check(name=f"{verb}, {size:,} tasks", value=each.median, budget=BUDGET, unit="s", judged=judged)
        for size, each in measured.items()
        if size == JUDGED or not judged
    ]
    for (small, before), (large, after) in pairwise(measured.items()):
        name = f"{verb}, a doubling from {small:,} to {large:,} tasks"
        each = (after.median / before.median) ** (1 / log2(large / small))
        checks.append(Check(name=name, value=each, budget=DOUBLING, judged=judged))
    return checks


def note_of(bench: Bench, verb: str, sizes: Sequence[int], places: dict[int, Path]) -> str:
    """The largest memory at each size, and the time of a processor, whatever else runs beside it."""
    used = ", ".join(f"{usage_of(bench, verb, places[size])} at {size:,}" for size in sizes)
    return f"{verb}: {used}"


def usage_of(bench: Bench, verb: str, checkout: Path) -> str:
    """What one run used."""
    process = subprocess.Popen(
        (bench.poolmgr, "tracks", verb, "--json"), cwd=checkout, env=bench.shell.variables,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return f"{usage.ru_maxrss // 1024} MiB and {usage.ru_utime + usage.ru_stime:.2f} s"
