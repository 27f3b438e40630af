"""What becomes free to begin while a plan grows, and on which tracks it has waited.

A ready task with open ones below it comes after them: it is done when they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from tracks.graph.components import list_knots
from tracks.graph.open_work import Graph


class Waiting:
    """Needs are counted down; what has none left is free, on the tracks that all of them lie on."""

    def __init__(self, graph: Graph) -> None:
        self.above = ready_above(graph)
        self.below: dict[str, list[str]] = defaultdict(list)
        self._placed: dict[str, int] = {}
        self._missing: dict[str, int] = {}
        self._after_end: dict[str, list[str]] = defaultdict(list)
        self._after_begin: dict[str, list[str]] = defaultdict(list)
        self._met: dict[str, dict[int, str]] = defaultdict(dict)
        for task_id, needs in graph.needs.items():
            if not needs.is_lost:
                self._add(task_id, needs.ends, self._after_end)
                self._add(task_id, needs.begins, self._after_begin)
        for task_id, above in self.above.items():
            self.below[above].append(task_id)
        for parent, children in self.below.items():
            self._add(parent, children, self._after_end)

    def _add(self, task_id: str, targets: Iterable[str], waiting: dict[str, list[str]]) -> None:
        """A task waits for all of these."""
        wanted = dict.fromkeys(targets)
        self._missing[task_id] = self._missing.get(task_id, 0) + len(wanted)
        for target in wanted:
            waiting[target].append(task_id)

    def is_free(self, task_id: str) -> bool:
        """Whether a ready task waits for nothing of the plan."""
        return not self._missing.get(task_id)

    def met(self, task_id: str) -> Mapping[int, str]:
        """The tracks the task belongs after, each with a task there."""
        above = self.above.get(task_id)
        own = self._met.get(task_id, {})
        return own | {self._placed[above]: above} if above in self._placed else own

    def end(self, task_id: str, track: int) -> list[str]:
        """Put a task at the end of a track; what its end sets free."""
        self._placed[task_id] = track
        if task_id in self.above:
            self._met[self.above[task_id]][track] = task_id
        freed = []
        for follower in self._after_end.get(task_id, ()):
            self._met[follower][track] = task_id
            if self._is_last(follower):
                freed.append(follower)
        for parent in freed:
            for child in self._after_begin.get(parent, ()):
                self._met[child] |= self._met[parent]
                if self._is_last(child):
                    freed.append(child)
        return freed

    def _is_last(self, task_id: str) -> bool:
        """Whether this was the last thing it waited for."""
        self._missing[task_id] -= 1
        return not self._missing[task_id]


def ready_above(graph: Graph) -> dict[str, str]:
    """The nearest ready ancestor of every open task that has one and that it does not wait for itself."""
    ready = frozenset(graph.readiness.ready)
    known = graph.readiness.relations.tasks
    found: dict[str, str | None] = {}
    for task_id in graph.tasks:
        path = {task_id: None}
        above = known[task_id].parent
        while above is not None and above in known and above not in ready and above not in path:
            path[above] = None
            if above in found:
                break
            above = known[above].parent
        nearest = found.get(next(reversed(path)), above if above in ready else None)
        found.update(dict.fromkeys(path, nearest))
    below: dict[str, list[str]] = defaultdict(list)
    for task_id, nearest in found.items():
        if nearest is not None and task_id in graph.tasks:
            below[nearest].append(task_id)
    knots = list_knots({**graph.edges, **below}, below)
    upward = {task_id for knot in list_knots({**below}) for task_id in knot}
    circle = {task_id: at for at, knot in enumerate(knots) for task_id in knot}
    return {
        task_id: nearest
        for nearest, children in below.items()
        for task_id in children
        if (nearest not in upward if task_id in ready else circle.get(task_id, -1) != circle.get(nearest))
    }
