"""What a picture of the open tasks shows, before it has any form: cards in lanes and columns, links, marks.

Lanes are the tracks of the plan, then what is tied together and left for later, then single tasks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from tracks.conflicts.claimed import RANKS, Conflict, Severity
from tracks.draw.links import Link, list_links
from tracks.footprints.claim import Layer
from tracks.graph.analysis import Analysis
from tracks.graph.course import FREE, RUNNING
from tracks.plan.recommendation import Plan
from tracks.ready.explain import explain

Names = tuple[str, ...]
ROW = 8  # loose tasks side by side


class State(StrEnum):
    """How far a task is; held: by something that is no task."""

    READY = "ready"
    RUNNING = "under way"
    WAITING = "waits for tasks"
    HELD = "held"


class Card(NamedTuple):
    """A task in its column; `step`: its place in its track; `marks`: the contested paths it claims."""

    id: str
    title: str
    state: State
    priority: int
    column: int
    step: int = 0
    marks: tuple[int, ...] = ()
    is_critical: bool = False
    about: str = ""


class Lane(NamedTuple):
    """Tasks side by side, in blocks that are tied together; `is_loose`: no two of them are."""

    name: str
    about: str
    blocks: tuple[Names, ...]
    is_loose: bool = False

    @property
    def neighbours(self) -> Iterator[tuple[str, str]]:
        """Loose tasks that stand side by side where only lines can bring that about."""
        for block in self.blocks if self.is_loose else ():
            yield from (pair for at, pair in enumerate(pairwise(block), 1) if at % ROW)


class Contested(NamedTuple):
    """A path that several tasks claim, and how sure it is that they collide there."""

    number: int
    path: str
    severity: Severity
    tasks: Names


class Picture(NamedTuple):
    """All of it; `possible`: how many pairs of tasks may collide in paths that none of them claims."""

    cards: Mapping[str, Card]
    columns: Names
    lanes: tuple[Lane, ...]
    links: tuple[Link, ...]
    contested: tuple[Contested, ...]
    possible: int

    @property
    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "columns": list(self.columns),
            "lanes": [
                {"name": lane.name, "tasks": [each for block in lane.blocks for each in block]}
                for lane in self.lanes
            ],
            "tasks": [
                {
                    "id": card.id, "title": card.title, "state": card.state, "priority": card.priority,
                    "column": card.column, "step": card.step or None, "contests": list(card.marks),
                    "critical": card.is_critical,
                }
                for card in self.cards.values()
            ],
            "links": [
                {
                    "source": link.source, "target": link.target,
                    "kind": "begins" if link.is_begin else "ends", "critical": link.is_critical,
                }
                for link in self.links
            ],
            "contested": [each._asdict() for each in self.contested],
            "possible": self.possible,
        }  # fmt: skip


def compose(analysis: Analysis, plan: Plan, conflicts: Sequence[Conflict]) -> Picture:
    """The picture of these tasks."""
    graph = analysis.graph
    critical = set(pairwise(analysis.path.tasks))
    contested = list_contested(conflicts)
    lanes = list_lanes(analysis, plan)
    places, columns = place(analysis, lanes)
    return Picture(
        cards=list_cards(analysis, plan, contested, places),
        columns=columns,
        lanes=lanes,
        links=tuple(
            link._replace(is_critical=(link.source, link.target) in critical) for link in list_links(graph)
        ),
        contested=contested,
        possible=sum(all(each.layer is Layer.LEARNED for each in pair.shared) for pair in conflicts),
    )


def list_contested(conflicts: Iterable[Conflict]) -> tuple[Contested, ...]:
    """The paths that several tasks claim, the surest and most wanted first."""
    severity: dict[str, Severity] = {}
    tasks: dict[str, dict[str, None]] = {}
    for conflict in conflicts:
        for each in conflict.shared:
            if each.layer is Layer.LEARNED:
                continue
            severity[each.path] = min(
                each.severity, severity.get(each.path, each.severity), key=lambda one: RANKS[one]
            )
            tasks.setdefault(each.path, {}).update({conflict.a: None, conflict.b: None})
    paths = sorted(tasks, key=lambda path: (RANKS[severity[path]], -len(tasks[path]), path))
    return tuple(
        Contested(number, path, severity[path], tuple(sorted(tasks[path])))
        for number, path in enumerate(paths, 1)
    )


def place(analysis: Analysis, lanes: Iterable[Lane]) -> tuple[Mapping[str, int], Names]:
    """The columns: what is under way, then wave by wave, then what no task's end sets free."""
    tasks = analysis.graph.tasks
    tied = [each for lane in lanes if not lane.is_loose for block in lane.blocks for each in block]
    wave = {each: number for number, wave in enumerate(analysis.waves, 1) for each in wave}
    last = len(analysis.waves) + 1
    for each in analysis.graph.order:
        if each in tasks and tasks[each].status in RUNNING:
            ends = analysis.graph.needs.get(each, FREE).ends
            wave.setdefault(each, max((wave.get(end, last) + 1 for end in ends), default=0))
    raw = {each: min(wave.get(each, last), last) for each in tied}
    used = sorted(set(raw.values()))
    number = {each: at for at, each in enumerate(used)}
    names = {0: "under way", last: "held by something else"}
    return {task_id: number[each] for task_id, each in raw.items()}, tuple(
        names.get(each, f"wave {each}") for each in used
    )


def list_lanes(analysis: Analysis, plan: Plan) -> tuple[Lane, ...]:
    """The tracks; what is left, by what it is tied to; what is alone."""
    tasks = analysis.graph.tasks
    placed = {each for track in plan.tracks for each in track.tasks}
    lanes = [
        Lane(
            f"Track {track.number}",
            "; ".join((track.why, *((f"owns {', '.join(track.owns)}",) if track.owns else ()))),
            (tuple(each for each in track.tasks if each in tasks),),
        )
        for track in plan.tracks
    ]
    groups = [tuple(each for each in group if each not in placed) for group in analysis.components]
    tied = {each for group in analysis.components for each in group}
    alone = [each for each in by_urgency(analysis) if each not in tied and each not in placed]
    if any(groups):
        blocks = tuple(group for group in groups if group)
        lanes.append(Lane("Later", "left out of the plan, by what waits for what", blocks))
    if alone:
        about = "left out of the plan; each stands by itself, whatever its column"
        lanes.append(Lane("Single tasks", about, (tuple(alone),), is_loose=True))
    return tuple(lanes)


def by_urgency(analysis: Analysis) -> Iterable[str]:
    """The open tasks: what is ready, the most urgent first, then the others."""
    graph = analysis.graph
    ready = [each for each in graph.readiness.ready if each in graph.tasks]
    return dict.fromkeys((*ready, *graph.tasks))


def list_cards(
    analysis: Analysis, plan: Plan, contested: Iterable[Contested], places: Mapping[str, int]
) -> Mapping[str, Card]:
    """A card for every open task."""
    graph = analysis.graph
    ready, waves = set(graph.readiness.ready), {each for wave in analysis.waves for each in wave}
    steps = {each: step for track in plan.tracks for step, each in enumerate(track.tasks, 1)}
    left = dict(plan.left_out)
    critical = set(analysis.path.tasks) if len(analysis.path.tasks) > 1 else set()
    marks: dict[str, list[int]] = {}
    for path in contested:
        for each in path.tasks:
            marks.setdefault(each, []).append(path.number)
    cards = {}
    for task_id, task in graph.tasks.items():
        state = State.READY if task_id in ready else State.WAITING if task_id in waves else State.HELD
        words = [each.words for each in explain(task, graph.readiness)]
        words += [f"left out: {left[task_id]}"] if task_id in left else []
        cards[task_id] = Card(
            id=task_id,
            title=task.title,
            state=State.RUNNING if task.status in RUNNING else state,
            priority=task.priority,
            column=places.get(task_id, 0),
            step=steps.get(task_id, 0),
            marks=tuple(marks.get(task_id, ())),
            is_critical=task_id in critical,
            about="; ".join(words),
        )
    return cards
