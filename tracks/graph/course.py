"""How open work can run: in waves, along its critical path, and through its bottlenecks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tracks.graph.open_work import Graph, Names, Needs
from tracks.ready.readiness import Why, urgency

RUNNING = frozenset({"in_progress", "hooked"})
FREE = Needs()
PASSING = frozenset({Why.BLOCKED, Why.CONDITION, Why.WAITS, Why.PARENT_BLOCKED})


class Path(NamedTuple):
    """A chain of tasks, each waiting for the one before; its minutes where any estimate is given."""

    tasks: Names
    minutes: int | None


class Bottleneck(NamedTuple):
    """A task that others wait for: how many directly or not, and which its end alone makes ready."""

    id: str
    holds: int
    frees: Names


def list_waves(graph: Graph) -> tuple[Names, ...]:
    """What is ready; then what becomes ready when that and what is under way has ended; and so on.

    What waits for something else (a date, a person, a gate, a cycle) is in no wave, and neither is
    what waits for it.
    """
    free: dict[str, int] = {}  # the wave in which it may begin
    over: dict[str, int] = {}  # the wave with which it ends, where its end can be expected
    waves: list[list[str]] = []
    for task_id in graph.order:
        needs = graph.needs.get(task_id, FREE)
        if needs.is_lost or not (over.keys() >= set(needs.ends) and free.keys() >= set(needs.begins)):
            continue
        wave = max([1, *(over[each] + 1 for each in needs.ends), *(free[each] for each in needs.begins)])
        free[task_id] = wave
        if is_coming(graph, task_id):
            over[task_id] = wave
        if is_startable(graph, task_id):
            waves.extend([] for _ in range(wave - len(waves)))
            waves[wave - 1].append(task_id)
    tasks = graph.readiness.relations.tasks
    return tuple(tuple(sorted(wave, key=lambda each: urgency(tasks[each]))) for wave in waves)


def is_startable(graph: Graph, task_id: str) -> bool:
    """Whether nothing but other tasks keeps it from being ready."""
    if task_id not in graph.tasks:
        return False
    return all(reason.why in PASSING for reason in graph.readiness.reasons.get(task_id, ()))


def is_coming(graph: Graph, task_id: str) -> bool:
    """Whether its end can be expected."""
    task = graph.tasks.get(task_id)
    return task is not None and (task.status in RUNNING or is_startable(graph, task_id))


def find_critical_path(graph: Graph) -> Path:
    """The chain that takes longest; without estimates the one of most tasks.

    A task without an estimate counts as the median of those that are given.
    """
    usual = usual_minutes(graph)
    start: dict[str, int] = {}
    end: dict[str, int] = {}
    before: dict[str, str] = {}  # the task whose end decides the beginning
    last: tuple[int, str] | None = None
    for task_id in graph.order:
        needs = graph.needs.get(task_id, FREE)
        latest = -1
        for each in needs.ends:
            if end[each] > latest:
                latest, before[task_id] = end[each], each
        for each in needs.begins:
            if each in before and start[each] > latest:
                latest, before[task_id] = start[each], before[each]
        start[task_id] = max(0, latest)
        end[task_id] = start[task_id] + minutes_of(graph, task_id, usual)
        if task_id in graph.tasks and (last is None or is_later(graph, (end[task_id], task_id), last)):
            last = (end[task_id], task_id)
    if last is None:
        return Path((), None)
    chain = [last[1]]
    while chain[-1] in before:
        chain.append(before[chain[-1]])
    return Path(
        tuple(each for each in reversed(chain) if each in graph.tasks),
        last[0] if is_estimated(graph) else None,
    )


def is_estimated(graph: Graph) -> bool:
    """Whether any open task says how long it takes."""
    return any(task.estimate for task in graph.tasks.values())


def usual_minutes(graph: Graph) -> int:
    """The median of the estimates that are given; 1 where there are none."""
    given = sorted(task.estimate for task in graph.tasks.values() if task.estimate)
    return given[(len(given) - 1) // 2] if given else 1


def is_later(graph: Graph, one: tuple[int, str], other: tuple[int, str]) -> bool:
    """Whether a chain ends later than another; of equal ones the more urgent counts."""
    if one[0] != other[0]:
        return one[0] > other[0]
    return urgency(graph.tasks[one[1]]) < urgency(graph.tasks[other[1]])


def minutes_of(graph: Graph, task_id: str, usual: int) -> int:
    """How long a task takes; what is no open work takes no time."""
    task = graph.tasks.get(task_id)
    return 0 if task is None else task.estimate or usual


def list_bottlenecks(graph: Graph) -> tuple[Bottleneck, ...]:
    """The open tasks that others wait for, those that hold most first."""
    holds = count_held(graph)
    found = [
        Bottleneck(task_id, holds[task_id], list_freed(graph, task_id))
        for task_id in graph.tasks
        if holds.get(task_id)
    ]
    found.sort(key=lambda each: (-each.holds, urgency(graph.tasks[each.id])))
    return tuple(found)


def count_held(graph: Graph) -> Mapping[str, int]:
    """How many open tasks wait for each, directly or not.

    Sets are bits of a number. A task's bit is above those of all that come after it, so that the
    numbers stay short, and each goes when the last one that needs it has been counted.
    """
    waiting = [each for each in reversed(graph.order) if each in graph.needs and each in graph.tasks]
    bit = {task_id: 1 << at for at, task_id in enumerate(waiting)}
    asked = {task_id: len(targets) for task_id, targets in graph.edges.items()}
    reach: dict[str, int] = {}  # the task itself and what waits for it
    counts: dict[str, int] = {}
    for task_id in reversed(graph.order):
        held = 0
        for follower in graph.followers.get(task_id, ()):
            held |= reach.get(follower, 0)
            asked[follower] -= 1
            if not asked[follower]:
                reach.pop(follower, None)
        counts[task_id] = held.bit_count()
        if task_id in asked:
            reach[task_id] = held | bit.get(task_id, 0)
    return counts


def list_freed(graph: Graph, task_id: str) -> Names:
    """The tasks that the end of this one alone makes ready, the most urgent first."""
    freed: list[str] = []
    free: set[str] = set()
    queue = list(graph.followers.get(task_id, ()))
    for follower in queue:
        needs = graph.needs[follower]
        if needs.is_lost or needs.ends not in {(), (task_id,)} or not free.issuperset(needs.begins):
            continue
        if follower in free:
            continue
        free.add(follower)
        queue += [each for each in graph.followers.get(follower, ()) if follower in graph.needs[each].begins]
        if is_startable(graph, follower):
            freed.append(follower)
    return tuple(sorted(freed, key=lambda each: urgency(graph.tasks[each])))
