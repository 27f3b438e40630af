"""What is taken while a plan grows: by which track or lease, for which task, and in which path."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from tracks.conflicts import Index


class Clash(NamedTuple):
    """The task that takes a path, and the path."""

    task: str
    path: str


class Clashes:
    """Owners are numbers; what each added task claims is taken from all others."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._near: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for meet in index.meets:
            self._near[meet.first].append((meet.second, meet.witness))
            if meet.first != meet.second:
                self._near[meet.second].append((meet.first, meet.witness))
        self._taken: dict[int, dict[int, Clash]] = defaultdict(dict)
        self._added: set[tuple[int, int]] = set()

    def add(self, owner: int, task: str) -> None:
        """Everything the task claims is its owner's."""
        for scope in self._index.of_task.get(task, ()):
            if (owner, scope) not in self._added:
                self._added.add((owner, scope))
                for near, witness in self._near[scope]:
                    self._taken[near].setdefault(owner, Clash(task, witness))

    def of(self, task: str) -> dict[int, Clash]:
        """With which owners the task collides, and where."""
        found: dict[int, Clash] = {}
        for scope in self._index.of_task.get(task, ()):
            for owner, clash in self._taken.get(scope, {}).items():
                found.setdefault(owner, clash)
        return found

    def independent(self, tasks: list[str], most: int) -> list[str]:
        """Of these tasks, in their order, so many of which no two collide."""
        chosen: list[str] = []
        near: set[int] = set()
        for task in tasks:
            if len(chosen) == most:
                break
            scopes = self._index.of_task.get(task, {}).keys()
            if near.isdisjoint(scopes):
                chosen.append(task)
                near.update(other for scope in scopes for other, _ in self._near[scope])
        return chosen

    def is_one_for_all(self, tasks: list[str]) -> bool:
        """Whether all the tasks claim the same thing, so that each two of them collide."""
        if not tasks:
            return True
        common = set(self._index.of_task.get(tasks[0], ()))
        for task in tasks:
            common &= self._index.of_task.get(task, {}).keys()
        return bool(common)
