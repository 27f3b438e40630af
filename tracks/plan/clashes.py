"""What is taken while a plan grows: by which track or lease, for which task, and in which path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tracks.conflicts.claimed import Index


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

    def add(self, owner: int, task: str) -> list[str]:
        """Everything the task claims is its owner's; the tasks that claim what nobody had taken before."""
        struck: list[str] = []
        for scope in self._index.of_task.get(task, ()):
            if (owner, scope) not in self._added:
                self._added.add((owner, scope))
                for near, witness in self._near[scope]:
                    if near not in self._taken:
                        struck += (other for other, _ in self._index.holders[near])
                    self._taken[near].setdefault(owner, Clash(task, witness))
        return struck

    def of(self, task: str) -> dict[int, Clash]:
        """With which owners the task collides, and where."""
        found: dict[int, Clash] = {}
        for scope in self._index.of_task.get(task, ()):
            for owner, clash in self._taken.get(scope, {}).items():
                found.setdefault(owner, clash)
        return found

    def apart(self) -> Apart:
        """Nothing yet, to which tasks are added that do not collide with one another."""
        return Apart(self._index, self._near)

    def has_two(self, tasks: Sequence[str]) -> bool:
        """Whether the first of the tasks can be done beside any other."""
        beside = self.apart()
        beside.add(tasks[0])
        return any(beside.takes(task) for task in tasks[1:])

    def kinds(self, tasks: Sequence[str]) -> list[str]:
        """The first of all the tasks that claim the same; nothing if one thing is claimed by all."""
        found: dict[frozenset[int], str] = {}
        for task in tasks:
            found.setdefault(frozenset(self._index.of_task.get(task, ())), task)
        common = frozenset.intersection(*found) if found else frozenset()
        return [] if common else list(found.values())


class Apart:
    """Tasks of which no two collide."""

    def __init__(self, index: Index, near: Mapping[int, Sequence[tuple[int, str]]]) -> None:
        self._index = index
        self._scopes = near
        self._taken: set[int] = set()

    def add(self, task: str) -> None:
        """One more."""
        scopes = self._index.of_task.get(task, ())
        self._taken.update(other for scope in scopes for other, _ in self._scopes[scope])

    def takes(self, task: str) -> bool:
        """Whether the task can be added."""
        return self._taken.isdisjoint(self._index.of_task.get(task, ()))
