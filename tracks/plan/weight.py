"""Which task is to be done first: what its end lets begin counts as much as what it says itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tracks.graph.course import FREE, is_estimated, minutes_of, usual_minutes
from tracks.graph.open_work import Graph
from tracks.ready.readiness import urgency


class Weight(NamedTuple):
    """The heaviest is the smallest."""

    priority: int  # of the task, or of the most urgent one that waits for it
    span: int  # less than nothing: the minutes of the chain that begins with it
    urgency: tuple[int, float, str]


def weigh(graph: Graph) -> Mapping[str, Weight]:
    """The weight of every open task that can come to be done."""
    usual = usual_minutes(graph)
    after: dict[str, int] = {}  # the longest chain that begins with its end
    along: dict[str, int] = {}  # or as soon as it could begin itself
    priorities = {task_id: task.priority for task_id, task in graph.tasks.items()}
    weights: dict[str, Weight] = {}
    for task_id in reversed(graph.order):
        span = max(minutes_of(graph, task_id, usual) + after.get(task_id, 0), along.get(task_id, 0))
        needs = graph.needs.get(task_id, FREE)
        for each in needs.ends:
            after[each] = max(after.get(each, 0), span)
        for each in needs.begins:
            along[each] = max(along.get(each, 0), span)
        if task_id in priorities:
            priority = priorities[task_id]
            for each in needs.all:
                priorities[each] = min(priority, priorities.get(each, priority))
        if task := graph.tasks.get(task_id):
            weights[task_id] = Weight(priorities[task_id], -span, urgency(task))
    return weights


Rank = tuple[bool, Weight]


class Order:
    """Which task comes first; one with open ones below it is done when they are, and comes last."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._weights = weigh(graph)
        self._usual = usual_minutes(graph)
        self._unit = "minutes" if is_estimated(graph) else "tasks"
        self._above = {task.parent for task in graph.tasks.values()}

    def rank(self, task: str) -> Rank:
        """The smallest comes first."""
        return task in self._above, self._weights[task]

    def praise(self, task: str) -> str:
        """Why a task comes first."""
        priority, span, (own, _, _) = self._weights[task]
        words = f"P{own}"
        if priority < own:
            words += f", a P{priority} waits for it"
        if -span > minutes_of(self._graph, task, self._usual):
            words += f", the first of {-span} {self._unit} in a row"
        return words
