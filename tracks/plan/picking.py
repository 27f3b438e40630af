"""Tasks that begin side by side: the most urgent that share nothing, of equal ones the least risky."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from tracks.plan.clashes import Apart
from tracks.plan.risk import Chance, step_of
from tracks.plan.weight import Rank

Key = Callable[[Rank, int], tuple[object, ...]]


class Pick(NamedTuple):
    """A task, and the risk that it collides with those picked before it and with what is under way."""

    task: str
    risk: float


class Picker:
    """Picks one after another. Risks only grow, so each is brought up to date when its turn comes."""

    def __init__(
        self, beside: Iterable[str], apart: Apart, chance: Chance, rank: Callable[[str], Rank]
    ) -> None:
        self._beside = list(beside)
        self._apart = apart
        self._chance = chance
        self._rank = rank

    def pick(self, tasks: Iterable[str], most: int, key: Key) -> list[Pick]:
        """So many of the tasks that share nothing with those before them, by this key of rank and risk."""
        heap = [(key(self._rank(task), 0), task) for task in tasks]
        heapify(heap)
        safe: dict[str, float] = {}
        seen: dict[str, int] = {}
        picked: list[Pick] = []
        while heap and len(picked) < most:
            _, task = heappop(heap)
            if not self._apart.takes(task):
                continue
            for other in self._beside[seen.get(task, 0) :]:
                safe[task] = safe.get(task, 1.0) * (1 - self._chance(task, other))
            seen[task] = len(self._beside)
            risk = 1 - safe.get(task, 1.0)
            now = key(self._rank(task), step_of(risk))
            if heap and heap[0][0] < now:
                heappush(heap, (now, task))
            else:
                picked.append(Pick(task, risk))
                self._beside.append(task)
                self._apart.add(task)
        return picked


def by_urgency(rank: Rank, step: int) -> tuple[object, ...]:
    """For tasks that are known: priority and chain lead."""
    comes_last, weight = rank
    return comes_last, weight.priority, weight.span, step, weight.urgency


def by_risk(rank: Rank, step: int) -> tuple[object, ...]:
    """For tasks of which nobody knows what they touch."""
    comes_last, weight = rank
    return comes_last, step, weight
