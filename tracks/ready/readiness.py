"""What is ready and what is blocked, as `bd ready` and `bd blocked` of an era say it, and why.

The rules are `bd`'s own, rule by rule; the real answers beside the data are their judge. Pure:
`now` is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tracks.ready.relations import Relations
from tracks.ready.rules import Rules, Traits, is_condition_unmet, is_gate_shut, traits_of
from tracks.tasks.task import Edge, Task

EXTERNAL = "external:"
HOLDING = frozenset({"blocks", "conditional-blocks", "waits-for"})
DEEPEST = 50  # levels below a blocked parent that the old rules look at


class Why(StrEnum):
    """A rule that keeps a task from being ready."""

    STATUS = "status"
    TYPE = "type"
    ID = "id"
    PINNED = "pinned"
    EPHEMERAL = "ephemeral"
    DEFERRED = "deferred"
    PARENT_DEFERRED = "parent deferred"
    BLOCKED = "blocked"
    CONDITION = "condition"
    WAITS = "waits"
    PARENT_BLOCKED = "parent blocked"


class Reason(NamedTuple):
    """A rule that applies, and the tasks by which it does."""

    why: Why
    by: tuple[str, ...] = ()


Reasons = tuple[Reason, ...]


class Readiness(NamedTuple):
    """The ready tasks, the most urgent first; the blocked ones with what blocks them; the reasons.

    `reasons` has every task that is not over and not ready; `bd` does not list all of them as blocked.
    `held` has what waits for another task directly, `inherited` what is below such a one.
    """

    rules: Rules
    traits: Traits
    relations: Relations
    ready: tuple[str, ...]
    blocked: Mapping[str, tuple[str, ...]]
    reasons: Mapping[str, Reasons]
    held: Mapping[str, Reasons]
    inherited: Mapping[str, str]


def judge(
    tasks: Iterable[Task],
    rules: Rules,
    now: datetime,
    *,
    is_file: bool = True,
    version: tuple[int, ...] | None = None,
) -> Readiness:
    """What is ready now; `is_file`: from a file, not from `bd` itself; `version`: of the `bd` there is."""
    relations = Relations(tasks, rules, is_file=is_file)
    held = hold(relations, rules)
    inherited = inherit(held, relations, rules)
    traits = traits_of(rules, version)
    reasons: dict[str, Reasons] = {}
    ready: list[Task] = []
    for task in relations.tasks.values():
        if task.is_over:
            continue
        found = (*own_reasons(task, relations, traits, now), *held.get(task.id, ()))
        if task.id in inherited:
            found = (*found, Reason(Why.PARENT_BLOCKED, (inherited[task.id],)))
        if found:
            reasons[task.id] = found
        else:
            ready.append(task)
    ready.sort(key=urgency)
    listed = list_blocked_old(relations) if rules is Rules.OLD else list_blocked(relations, held, inherited)
    ids = tuple(task.id for task in ready)
    return Readiness(rules, traits, relations, ids, listed, reasons, held, inherited)


def urgency(task: Task) -> tuple[int, float, str]:
    """The most urgent first, then the oldest."""
    return task.priority, task.created.timestamp() if task.created else 0.0, task.id


def own_reasons(task: Task, relations: Relations, traits: Traits, now: datetime) -> Iterable[Reason]:
    """What keeps a task from being ready, whatever it waits for."""
    if task.status not in traits.workable:
        yield Reason(Why.STATUS)
    if task.type in traits.no_work:
        yield Reason(Why.TYPE)
    if any(part in task.id for part in traits.no_ids):
        yield Reason(Why.ID)
    if task.pinned:
        yield Reason(Why.PINNED)
    if task.ephemeral:
        yield Reason(Why.EPHEMERAL)
    if is_deferred(task, now):
        yield Reason(Why.DEFERRED)
    if traits.heeds_parents:
        above = [relations.tasks.get(each) for each in relations.parents.get(task.id, ())]
        deferred = tuple(parent.id for parent in above if parent and is_deferred(parent, now))
        if deferred:
            yield Reason(Why.PARENT_DEFERRED, deferred)


def is_deferred(task: Task, now: datetime) -> bool:
    """Whether the task is put off until later."""
    return task.defer_until is not None and task.defer_until > now


def hold(relations: Relations, rules: Rules) -> dict[str, Reasons]:
    """The tasks that wait for another one directly; the new rules look at unfinished ones alone."""
    held: dict[str, Reasons] = {}
    for source, edges in relations.waiting.items():
        if source not in (relations.tasks if rules is Rules.OLD else relations.blocking):
            continue
        by = unmet(edges, relations, rules)
        if by:
            held[source] = tuple(Reason(why, tuple(each)) for why, each in by.items())
    return held


def unmet(edges: Iterable[Edge], relations: Relations, rules: Rules) -> dict[Why, list[str]]:
    """What the edges of a task still wait for, by rule."""
    found: dict[Why, list[str]] = {}
    for edge in edges:
        kind, target = edge.kind, edge.target
        if kind == "blocks":
            if target in relations.blocking:
                found.setdefault(Why.BLOCKED, []).append(target)
        elif kind == "conditional-blocks":
            task = relations.tasks.get(target)
            if task and is_condition_unmet(task, rules):
                found.setdefault(Why.CONDITION, []).append(target)
        elif kind == "waits-for":
            spawner = spawner_of(edge, rules)
            if is_gate_shut(edge.metadata.get("gate"), relations.children.get(spawner, ()), rules):
                found.setdefault(Why.WAITS, []).append(spawner)
    return found


def spawner_of(edge: Edge, rules: Rules) -> str:
    """Whose children a `waits-for` edge waits for; the old rules let its metadata name another."""
    named = edge.metadata.get("spawner_id")
    return named if rules is Rules.OLD and isinstance(named, str) else edge.target


def inherit(held: Mapping[str, Reasons], relations: Relations, rules: Rules) -> dict[str, str]:
    """The tasks below a blocked one, each with the parent it is blocked by."""
    inherited: dict[str, str] = {}
    level, depth = list(held), 0
    while level and (rules is Rules.NEW or depth < DEEPEST):
        below: list[str] = []
        for parent in level:
            for child in relations.children.get(parent, ()):
                is_meant = rules is Rules.OLD or child.id in relations.blocking
                if child.id not in inherited and is_meant:
                    inherited[child.id] = parent
                    if child.id not in held:
                        below.append(child.id)
        level, depth = below, depth + 1
    return inherited


def list_blocked(
    relations: Relations, held: Mapping[str, Reasons], inherited: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """What `bd blocked` lists: open targets, else one parent. Without either a task is not listed."""
    listed: dict[str, tuple[str, ...]] = {}
    for task_id in {**held, **inherited}:
        targets = {
            edge.target
            for edge in relations.waiting.get(task_id, ())
            if edge.target in relations.blocking and edge.kind in HOLDING
        }
        if targets:
            listed[task_id] = tuple(sorted(targets))
        elif parents := relations.parents.get(task_id):
            listed[task_id] = (inherited.get(task_id, parents[-1]),)
    return listed


def list_blocked_old(relations: Relations) -> dict[str, tuple[str, ...]]:
    """What `bd blocked` listed: `blocks` edges alone, references to other projects always among them.

    That `bd` made hooked of pinned work whenever it opened its database, for this list and not for `ready`.
    """
    hooked = (each.id for each in relations.tasks.values() if is_hooked_in_time(each))
    going = relations.blocking.union(hooked)
    listed: dict[str, tuple[str, ...]] = {}
    for task_id, task in relations.tasks.items():
        if task_id not in going or task.pinned:
            continue
        targets = {
            edge.target
            for edge in relations.waiting.get(task_id, ())
            if edge.kind == "blocks" and (edge.target in going or is_elsewhere(edge.target, relations))
        }
        if targets or task.status in {"blocked", "deferred"}:
            listed[task_id] = tuple(sorted(targets))
    return listed


def is_hooked_in_time(task: Task) -> bool:
    """Whether it is work that is pinned by its status."""
    return task.status == "pinned" and task.type not in {"agent", "role"}


def is_elsewhere(target: str, relations: Relations) -> bool:
    """Whether it is of another project."""
    return target not in relations.tasks and target.startswith(EXTERNAL)
