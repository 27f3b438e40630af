"""Why a task is ready or is not, in sentences: the rules that apply, and edges that do not count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tracks.ready.readiness import EXTERNAL, HOLDING, Readiness, Reason, Why
from tracks.ready.relations import Relations
from tracks.ready.rules import Rules
from tracks.tasks.task import Edge, Task

PLAIN = {
    Why.ID: "its id is that of a step of a molecule, or of a wisp: no work",
    Why.PINNED: "it is pinned: a note that stays, no work",
    Why.EPHEMERAL: "it is ephemeral (a wisp)",
}


class Sentence(NamedTuple):
    """One reason: the rule, the tasks by which it applies, and its words."""

    why: str
    by: tuple[str, ...]
    words: str


def explain(task: Task, readiness: Readiness) -> tuple[Sentence, ...]:
    """What keeps the task from being ready; nothing for a ready one."""
    if task.is_over or task.id not in readiness.relations.tasks:
        return (Sentence("over", (), f"it is over: its status is {task.status}"),)
    return tuple(
        Sentence(reason.why, reason.by, words)
        for reason in readiness.reasons.get(task.id, ())
        for words in words_of(reason, task, readiness)
    )


def words_of(reason: Reason, task: Task, readiness: Readiness) -> Iterator[str]:
    """The words for one reason."""
    relations = readiness.relations
    match reason.why:
        case Why.STATUS:
            yield f"its status is {task.status}"
        case Why.TYPE:
            yield f"its type is {task.type}, which is no work"
        case Why.ID | Why.PINNED | Why.EPHEMERAL:
            yield PLAIN[reason.why]
        case Why.DEFERRED:
            yield f"it is deferred until {moment_of(task)}"
        case Why.PARENT_DEFERRED:
            yield from (
                f"its parent {each} is deferred until {moment_of(relations.tasks[each])}"
                for each in reason.by
            )
        case Why.BLOCKED:
            yield f"it is blocked by {named(reason.by, relations)}"
        case Why.CONDITION if readiness.rules is Rules.OLD:
            yield f"it begins only when this fails: {named(reason.by, relations)}"
        case Why.CONDITION:
            yield f"it begins when this is closed: {named(reason.by, relations)}"
        case Why.WAITS:
            yield from (waiting(each, relations) for each in reason.by)
        case Why.PARENT_BLOCKED:
            yield f"it is below {reason.by[0]}, which is blocked{roots(reason.by[0], readiness)}"


def moment_of(task: Task) -> str:
    """Until when a task is put off."""
    return task.defer_until.isoformat(" ", "minutes") if task.defer_until else "later"


def named(ids: Iterable[str], relations: Relations) -> str:
    """Tasks with their statuses."""
    return ", ".join(f"{each} ({relations.tasks[each].status})" for each in ids)


def waiting(spawner: str, relations: Relations) -> str:
    """What a gate waits for."""
    children = [child for child in relations.children.get(spawner, ()) if not child.is_over]
    pending = named((each.id for each in children), relations)
    return f"it waits for the children of {spawner}: {pending or 'none is there'}"


def roots(parent: str, readiness: Readiness) -> str:
    """What the blocked one above waits for itself."""
    while parent not in readiness.held and parent in readiness.inherited:
        parent = readiness.inherited[parent]
    by = [each for reason in readiness.held.get(parent, ()) for each in reason.by]
    return f" by {', '.join(by)}" if by else ""


def list_idle_edges(task: Task, readiness: Readiness) -> tuple[Sentence, ...]:
    """Edges that could hold the task up and do not, and why."""
    if task.is_over:
        return ()
    held = {each for reason in readiness.held.get(task.id, ()) for each in reason.by}
    return tuple(
        Sentence(
            edge.kind, (edge.target,), f"{edge.target} does not hold it up: {idle_because(edge, readiness)}"
        )
        for edge in task.edges
        if edge.kind in HOLDING and edge.source == task.id and edge.target not in held
    )


def idle_because(edge: Edge, readiness: Readiness) -> str:
    """Why an edge does not count."""
    relations = readiness.relations
    target = relations.tasks.get(edge.target)
    if target is None:
        is_elsewhere = edge.target.startswith(EXTERNAL)
        return "it belongs to another project" if is_elsewhere else "no such task is there"
    if edge not in relations.waiting.get(edge.source, ()):
        return "bd keeps no edge between a wisp and a lasting task, and one edge per pair"
    if edge.kind == "waits-for":
        return "its children are done"
    return f"its status is {target.status}"
