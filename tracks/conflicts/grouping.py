"""Which track each task belongs to, for telling between which tracks pairs collide.

A track bears the name of a task: the topmost above it, else the first of those it hangs together
with by waiting, else the task itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tracks.conflicts.claimed import Conflict
from tracks.graph.open_work import Graph
from tracks.tasks.task import Task


class Group(NamedTuple):
    """The pairs between two tracks, or within one; no tracks where both tasks stand alone."""

    tracks: tuple[str, ...]
    conflicts: list[Conflict]


def name_tracks(graph: Graph, tasks: Mapping[str, Task]) -> dict[str, str]:
    """The track of each open task."""
    found = {task_id: top_of(task_id, tasks) for task_id in graph.tasks}
    epics = {track for task_id, track in found.items() if track != task_id}
    place = {task_id: at for at, task_id in enumerate(graph.order)}
    for component in graph.components:
        if len(component) > 1:
            head = found[min(component, key=lambda task_id: place.get(task_id, len(place)))]
            for task_id in component:
                if found[task_id] == task_id and task_id not in epics:
                    found[task_id] = head
    return found


def top_of(task_id: str, tasks: Mapping[str, Task]) -> str:
    """The task above all others of a task; itself where there is none."""
    seen = {task_id}
    while (parent := tasks[task_id].parent) is not None and parent in tasks and parent not in seen:
        seen.add(parent)
        task_id = parent
    return task_id


def group(conflicts: Iterable[Conflict], tracks: Mapping[str, str]) -> list[Group]:
    """The pairs by the tracks they lie between, in the order of the first of each."""
    members: dict[str, int] = {}
    for track in tracks.values():
        members[track] = members.get(track, 0) + 1
    found: dict[tuple[str, ...], Group] = {}
    for each in conflicts:
        between = tuple(sorted({tracks[each.a], tracks[each.b]}))
        alone = all(members[track] == 1 for track in between)
        key = () if alone else between
        found.setdefault(key, Group(key, [])).conflicts.append(each)
    return list(found.values())
