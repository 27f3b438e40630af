"""Ways to choose what free workers begin: by a plan, by priority, a track per component, at random."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tests.bench.replay.stage import Stage
from tracks.graph.open_work import Graph
from tracks.plan.recommendation import Held, Wish, plan
from tracks.ready.readiness import Readiness


class Moment(NamedTuple):
    """What a way may know when workers are free."""

    stage: Stage
    readiness: Readiness
    running: tuple[str, ...]
    free: int


Way = Callable[[Moment], list[str]]


def by_plan(moment: Moment) -> list[str]:
    """The first task of every track of a new plan."""
    ground = moment.stage.ground._replace(tasks=moment.readiness.relations.tasks)
    held = [Held(f"{task} under way", task) for task in moment.running]
    made = plan(ground, moment.readiness, held, Wish(moment.free))
    return [track.tasks[0] for track in made.tracks]


def by_priority(moment: Moment) -> list[str]:
    """The most urgent ready tasks."""
    return list(moment.readiness.ready[: moment.free])


def at_random(seed: int) -> Way:
    """Any ready tasks."""
    draw = Random(seed)

    def choose(moment: Moment) -> list[str]:
        return draw.sample(moment.readiness.ready, min(moment.free, len(moment.readiness.ready)))

    return choose


def by_component(stage: Stage, readiness: Readiness) -> Way:
    """The most urgent ready tasks, of each component one at a time."""
    listed = Graph(readiness).components
    component = {task: number for number, tasks in enumerate(listed) for task in tasks if task in stage.todo}

    def choose(moment: Moment) -> list[str]:
        busy = {component[task] for task in moment.running}
        chosen: list[str] = []
        for task in moment.readiness.ready:
            if len(chosen) < moment.free and component[task] not in busy:
                busy.add(component[task])
                chosen.append(task)
        return chosen

    return choose
