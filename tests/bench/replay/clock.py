"""The simulated clock: workers begin tasks, end them, and collide where two change one file at a time."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import NamedTuple

from tests.bench.replay.stage import Stage, readiness_of
from tests.bench.replay.ways import Moment, Way


class Outcome(NamedTuple):
    """How it went: pairs that collided, and when the last task ended."""

    collisions: int
    makespan: int
    done: int


def replay(stage: Stage, way: Way, workers: int) -> Outcome:
    """All tasks done by so many workers."""
    now = collisions = 0
    running: list[tuple[int, str]] = []
    done: set[str] = set()
    while True:
        under_way = tuple(task for _, task in sorted(running))
        readiness = readiness_of(stage, frozenset(under_way), frozenset(done))
        if len(running) < workers and readiness.ready:
            for task in way(Moment(stage, readiness, under_way, workers - len(running))):
                files = stage.touched[task]
                collisions += sum(bool(files & stage.touched[other]) for _, other in running)
                heappush(running, (now + stage.duration(task), task))
        if not running:
            return Outcome(collisions, now, len(done))
        now = running[0][0]
        while running and running[0][0] == now:
            done.add(heappop(running)[1])
