"""The edges of many tasks as `bd` holds them: one per pair, the first that stands there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tracks.rules import Rules, is_present
from tracks.task import PARENT, Edge, Task


class Relations:
    """The tasks by id, and their edges in both directions."""

    def __init__(self, tasks: Iterable[Task], rules: Rules, *, is_file: bool = True) -> None:
        """`is_file`: the new `bd` loads no edge between a wisp and a lasting task from a file."""
        self.tasks: Mapping[str, Task] = {task.id: task for task in tasks if is_present(task, rules)}
        self.waiting: dict[str, list[Edge]] = {}
        self.parents: dict[str, list[str]] = {}
        self.children: dict[str, list[Task]] = {}
        divides = is_file and rules is Rules.NEW
        seen: set[tuple[str, str]] = set()
        for task in self.tasks.values():
            for edge in task.edges:
                pair = (edge.source, edge.target)
                if pair in seen or (divides and self._is_across(edge)):
                    continue
                seen.add(pair)
                self._add(edge)

    def _is_across(self, edge: Edge) -> bool:
        """Whether one end is a wisp and the other is not."""
        source, target = self.tasks.get(edge.source), self.tasks.get(edge.target)
        return source is not None and target is not None and source.ephemeral != target.ephemeral

    def _add(self, edge: Edge) -> None:
        """One edge, in the directions in which it is asked for."""
        if edge.kind != PARENT:
            self.waiting.setdefault(edge.source, []).append(edge)
            return
        self.parents.setdefault(edge.source, []).append(edge.target)
        child = self.tasks.get(edge.source)
        if child:
            self.children.setdefault(edge.target, []).append(child)
