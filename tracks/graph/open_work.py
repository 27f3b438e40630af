"""What open work has to wait for, in which order it can be done, and where it knots.

A task waits for the end of what blocks it; a child waits for the beginning of a blocked parent.
Near-linear in tasks and edges, and the same for the same input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from tracks.graph.components import list_components, list_knots
from tracks.ready.readiness import Readiness, Why
from tracks.ready.rules import Rules
from tracks.tasks.task import Task

BLOCKING = ("blocks", "conditional-blocks")
Names = tuple[str, ...]


class Needs(NamedTuple):
    """What a task waits for: tasks that have to end, and parents that have to be free to begin."""

    ends: Names = ()
    begins: Names = ()
    is_lost: bool = False  # no task's end will do

    @property
    def all(self) -> Names:
        """Both."""
        return self.ends + self.begins


class Graph:
    """The open tasks that are work, and what each of them needs; what is ready needs nothing."""

    def __init__(self, readiness: Readiness) -> None:
        self.readiness = readiness
        no_work = readiness.traits.no_work
        self.tasks: Mapping[str, Task] = {
            task.id: task
            for task in readiness.relations.tasks.values()
            if not (task.is_over or task.is_note or task.ephemeral or task.type in no_work)
        }

    @cached_property
    def needs(self) -> Mapping[str, Needs]:
        """What each blocked task needs."""
        readiness = self.readiness
        return {task_id: self._needs_of(task_id) for task_id in {**readiness.held, **readiness.inherited}}

    def _needs_of(self, task_id: str) -> Needs:
        """What a blocked task needs."""
        readiness, relations = self.readiness, self.readiness.relations
        ends: list[str] = []
        is_lost = False
        for reason in readiness.held.get(task_id, ()):
            by = reason.by
            if reason.why is Why.WAITS:
                children = [child for each in by for child in relations.children.get(each, ())]
                by = tuple(child.id for child in children if not child.is_over)
            ends += by
            is_only_failure = reason.why is Why.CONDITION and readiness.rules is Rules.OLD
            is_lost = is_lost or not by or is_only_failure
        above = relations.parents.get(task_id, ()) if task_id in readiness.inherited else ()
        begins = [each for each in above if each in readiness.held or each in readiness.inherited]
        return Needs(tuple(dict.fromkeys(ends)), tuple(begins), is_lost)

    @cached_property
    def edges(self) -> Mapping[str, Names]:
        """Everything each blocked task waits for."""
        return {task_id: needs.all for task_id, needs in self.needs.items()}

    @cached_property
    def followers(self) -> Mapping[str, list[str]]:
        """The same the other way round."""
        found: dict[str, list[str]] = {}
        for task_id, targets in self.edges.items():
            for target in targets:
                found.setdefault(target, []).append(task_id)
        return found

    @cached_property
    def order(self) -> Names:
        """The tasks, each after all it waits for; without those in a cycle and behind one (Kahn)."""
        missing = {task_id: len(targets) for task_id, targets in self.edges.items()}
        ordered = [task_id for task_id in {**self.readiness.relations.tasks} if not missing.get(task_id)]
        for task_id in ordered:
            for follower in self.followers.get(task_id, ()):
                missing[follower] -= 1
                if not missing[follower]:
                    ordered.append(follower)
        return tuple(ordered)

    @cached_property
    def cycles(self) -> tuple[Names, ...]:
        """Tasks that block one another, open or not, as `bd dep cycles` finds them."""
        relations = self.readiness.relations
        known_tasks = relations.tasks
        blocking = {
            source: [edge.target for edge in edges if edge.kind in BLOCKING and edge.target in known_tasks]
            for source, edges in relations.waiting.items()
            if source in known_tasks
        }
        return tuple(sorted(ring(knot, blocking) for knot in list_knots(blocking)))

    @cached_property
    def deadlocks(self) -> tuple[Names, ...]:
        """Open tasks that wait for one another in another way: an epic for its child, a gate for its own."""
        known = {task_id for each in self.cycles for task_id in each}
        found = [knot for knot in list_knots(self.edges) if known.isdisjoint(knot)]
        return tuple(sorted(ring(knot, self.edges) for knot in found))

    @cached_property
    def components(self) -> tuple[Names, ...]:
        """The open tasks that hang together, the largest first; most are alone."""
        edges = {
            source: [each for each in targets if each in self.tasks]
            for source, targets in self.edges.items()
            if source in self.tasks
        }
        found = list_components(self.tasks, edges)
        return tuple(tuple(each) for each in sorted(found, key=len, reverse=True))


def ring(knot: Sequence[str], edges: Mapping[str, Sequence[str]]) -> Names:
    """A cycle in its order from the smallest id where it is a plain one, else its tasks sorted."""
    members = frozenset(knot)
    inside = {node: {each for each in edges.get(node, ()) if each in members} for node in knot}
    if any(len(targets) != 1 for targets in inside.values()):
        return tuple(sorted(knot))
    path = [min(knot)]
    while len(path) < len(knot):
        path.append(next(iter(inside[path[-1]])))
    return tuple(path)
