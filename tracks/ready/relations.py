"""The edges of many tasks as `bd` holds them: one per pair, the first that stands there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tracks.ready.rules import Rules, is_blocking, is_present
from tracks.tasks.task import PARENT, Edge, Task


class Relations:
    """The tasks by id, their edges in both directions, and those to which `blocks` edges hold up."""

    def __init__(self, tasks: Iterable[Task], rules: Rules, *, is_file: bool = True) -> None:
        """`is_file`: the new `bd` loads no edge between a wisp and a lasting task from a file."""
        self.tasks: Mapping[str, Task] = {task.id: task for task in tasks if is_present(task, rules)}
        self.blocking = frozenset(task.id for task in self.tasks.values() if is_blocking(task, rules))
        self.waiting: dict[str, list[Edge]] = {}
        self.parents: dict[str, list[str]] = {}
        self.children: dict[str, list[Task]] = {}
        wisps = frozenset(task.id for task in self.tasks.values() if task.ephemeral)
        lost = wisps if is_file and rules is Rules.NEW else frozenset()
        for task in self.tasks.values():
            seen: set[tuple[str, str]] = set()
            for edge in task.edges:
                pair = edge[:2]
                if pair in seen or (lost and self._is_across(pair, lost)):
                    continue
                seen.add(pair)
                if edge.kind == PARENT:
                    self._add_parent(*pair)
                else:
                    self.waiting.setdefault(edge.source, []).append(edge)

    def _is_across(self, pair: tuple[str, str], wisps: frozenset[str]) -> bool:
        """Whether one end is a wisp and the other is not."""
        source, target = pair
        is_known = source in self.tasks and target in self.tasks
        return is_known and (source in wisps) != (target in wisps)

    def _add_parent(self, source: str, target: str) -> None:
        """A child, also of a parent that is not there."""
        self.parents.setdefault(source, []).append(target)
        child = self.tasks.get(source)
        if child:
            self.children.setdefault(target, []).append(child)
