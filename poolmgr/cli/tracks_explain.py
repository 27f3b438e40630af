"""tracks explain: one task, why it is ready or is not, and what waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import emit, out, safe
from poolmgr.cli.tracks_footprint import footprint_json, footprint_lines, read_known
from poolmgr.cli.tracks_read import RULES, problems_json, read
from poolmgr.cli.verb import Values, Verb, Word

if TYPE_CHECKING:
    from poolmgr.cli.tracks_read import Read
    from tracks.tasks.task import Task


def explain(invocation: Invocation, values: Values) -> None:
    """Say why a task is ready or is not, and what it touches.

    Example: poolmgr tracks explain bd-42
    """
    from tracks.conflicts.learning import footprint_of

    found = read(invocation, values["rules"])
    task = require_task(found, values["id"])
    footprint = footprint_of(read_known(invocation, found), task.id)
    if invocation.as_json:
        problems = problems_json(found.tasks)
        emit({**facts_of(task, found), **footprint_json(footprint), "problems": problems})
        return
    for line in (*lines_of(task, found), *footprint_lines(footprint)):
        out(safe(line))


def require_task(found: Read, asked: str) -> Task:
    """The task of this id; NoTasks with those that are nearest."""
    from difflib import get_close_matches

    from poolmgr.core.errors import NoTasks
    from poolmgr.core.quoting import quoted

    by_id = {task.id: task for task in found.tasks.tasks}
    if asked in by_id:
        return by_id[asked]
    ended = [each for each in by_id if each.endswith(f"-{asked}")]
    if len(ended) == 1:
        return by_id[ended[0]]
    near = ended[:3] or get_close_matches(asked, list(by_id), n=3, cutoff=0.7)
    meant = f"; did you mean {', '.join(map(safe, near))}?" if near else ""
    hint = f"poolmgr tracks explain {quoted(near[0])}" if near else "poolmgr tracks analyze"
    raise NoTasks(f"there is no task {safe(asked)} in {found.tasks.source}{meant}", hint=hint)


def facts_of(task: Task, found: Read) -> dict[str, object]:
    """What is known, for programs."""
    from tracks.graph.course import list_freed
    from tracks.graph.open_work import Graph
    from tracks.ready.explain import explain as explain_task
    from tracks.ready.explain import list_idle_edges

    readiness = found.readiness
    return {
        "id": task.id, "title": task.title, "status": task.status, "type": task.type,
        "priority": task.priority, "assignee": task.assignee, "labels": list(task.labels),
        "parent": task.parent, "rules": readiness.rules.value, "ready": task.id in readiness.ready,
        "reasons": [each._asdict() for each in explain_task(task, readiness)],
        "not_counted": [each._asdict() for each in list_idle_edges(task, readiness)],
        "blocked_by": list(readiness.blocked.get(task.id, ())),
        "frees": list(list_freed(Graph(readiness), task.id)),
    }  # fmt: skip


def lines_of(task: Task, found: Read) -> Iterator[str]:
    """The same for people."""
    from tracks.graph.course import list_freed
    from tracks.graph.open_work import Graph
    from tracks.ready.explain import explain as explain_task
    from tracks.ready.explain import list_idle_edges

    readiness = found.readiness
    yield f"{task.id}  P{task.priority}  {task.type}  {task.status}  {task.title}"
    is_ready = task.id in readiness.ready
    decision = found.tasks.decision
    yield f"{'ready' if is_ready else 'not ready'} (rules {decision.rules}: {decision.why})"
    if is_ready:
        yield f"  its status is {task.status}, and nothing holds it up"
    yield from (f"  {each.words}" for each in explain_task(task, readiness))
    yield from (f"  {each.words}" for each in list_idle_edges(task, readiness))
    if task.parent:
        yield f"below {task.parent}"
    freed = list_freed(Graph(readiness), task.id)
    if freed:
        yield f"its end makes ready: {', '.join(freed)}"


ID = Word("id", "the task", metavar="ID", is_argument=True, is_required=True)
VERBS = (Verb("explain", explain.__doc__ or "", (ID, RULES), explain),)
