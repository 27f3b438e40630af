"""Plans replayed on real trackers: collisions and makespan, against three simple ways.

A worker that is free asks again. All tasks are there from the beginning, so that nothing but
dependencies and the way itself keeps two apart.
"""

from __future__ import annotations

import time
from statistics import mean

from tests.bench.bench import Bench
from tests.bench.figures import Check, Row, Series
from tests.bench.prediction.made import write_made
from tests.bench.prediction.tracker import SUFFIX, list_names
from tests.bench.replay.clock import Outcome, replay
from tests.bench.replay.stage import Stage, read_stage, readiness_of
from tests.bench.replay.ways import at_random, by_component, by_plan, by_priority
from tests.fixtures.beads import DATA

NAME = "plan"
TITLE = "plans replayed on real trackers: collisions per 100 tasks, makespan / lower bound"
WORKERS = (4, 8)
MOST, QUICK_MOST = 120, 20  # tasks of a tracker
DRAWS, QUICK_DRAWS = 10, 2
FEWEST = 20  # tasks below which a figure says nothing
AS_QUICK = 1.1  # a way that takes longer has fewer collisions for doing less at a time
PLAN = "plan"


def measure(bench: Bench) -> Row:
    """A check per tracker and number of workers: our collisions against those of priority order."""
    data = DATA / "beads"
    if not any(data.glob(f"*{SUFFIX}")):
        data = bench.scratch / "made"
        write_made(data, bench.seed)
    series, checks, notes = [], [], []
    for name in list_names(data):
        stage = read_stage(data, name, QUICK_MOST if bench.quick else MOST)
        begun = time.perf_counter()
        for workers in WORKERS:
            found = outcomes(stage, workers, bench)
            checks.append(judge(stage, workers, found, judged=not bench.quick))
            notes.append(note(stage, workers, found))
        label = f"{name}, {len(stage.todo)} tasks"
        series.append(Series(label=label, seconds=(time.perf_counter() - begun,)))
    return Row(name=NAME, title=TITLE, series=tuple(series), checks=tuple(checks), notes=tuple(notes))


def outcomes(stage: Stage, workers: int, bench: Bench) -> dict[str, list[Outcome]]:
    """How every way went; chance is tried several times."""
    begin = readiness_of(stage, frozenset(), frozenset())
    draws = QUICK_DRAWS if bench.quick else DRAWS
    return {
        PLAN: [replay(stage, by_plan, workers)],
        "priority order": [replay(stage, by_priority, workers)],
        "a track per component": [replay(stage, by_component(stage, begin), workers)],
        "random": [replay(stage, at_random(bench.seed + draw), workers) for draw in range(draws)],
    }


def judge(stage: Stage, workers: int, found: dict[str, list[Outcome]], *, judged: bool) -> Check:
    """Ours against the best of the ways that are about as quick."""
    slowest = AS_QUICK * makespan_of(found[PLAN])
    ways = [each for way, each in found.items() if way != PLAN and makespan_of(each) <= slowest]
    best = min(map(collisions_of, ways), default=0.0)
    is_telling = judged and len(stage.todo) >= FEWEST and best > 0
    value = collisions_of(found[PLAN]) / best if best else 0.0
    name = f"{stage.name}, {workers} workers, collisions, ours / the best way as quick"
    return Check(name=name, value=value, budget=1, judged=is_telling)


def note(stage: Stage, workers: int, found: dict[str, list[Outcome]]) -> str:
    """All figures in one line."""
    least = stage.least(workers)
    ways = ", ".join(
        f"{way} {collisions_of(each):.1f} and {makespan_of(each) / least:.2f}" for way, each in found.items()
    )
    return f"{stage.name}, {workers} workers, collisions per 100 tasks and makespan: {ways}"


def collisions_of(found: list[Outcome]) -> float:
    """Collisions per 100 tasks."""
    return 100 * mean(each.collisions / max(1, each.done) for each in found)


def makespan_of(found: list[Outcome]) -> float:
    """When the last task ended."""
    return mean(each.makespan for each in found)
