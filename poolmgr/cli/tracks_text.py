"""What `tracks analyze` shows: for programs, and in lines for people. Titles are anybody's text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from poolmgr.cli.output import safe, table
from poolmgr.cli.tracks_read import problems_json

if TYPE_CHECKING:
    from poolmgr.services.planning.sources import Tasks
    from tracks.graph.analysis import Analysis
    from tracks.ready.readiness import Readiness
    from tracks.tasks.task import Task

SHOWN = 10  # of a list that is longer; --json has all


def analysis_json(tasks: Tasks, readiness: Readiness, analysis: Analysis) -> dict[str, object]:
    """The analysis as `--json` promises it."""
    return {
        "source": tasks.source, "rules": tasks.decision.rules.value, "rules_because": tasks.decision.why,
        "tasks": len(tasks.tasks), "open": count_open(tasks.tasks),
        "ready": sorted(readiness.ready),
        "blocked": [{"id": each, "by": list(by)} for each, by in sorted(readiness.blocked.items())],
        "cycles": [list(each) for each in analysis.cycles],
        "deadlocks": [list(each) for each in analysis.deadlocks],
        "waves": [list(each) for each in analysis.waves],
        "components": [list(each) for each in analysis.components], "alone": analysis.alone,
        "critical_path": list(analysis.path.tasks), "critical_minutes": analysis.path.minutes,
        "bottlenecks": [
            {"id": one.id, "holds": one.holds, "frees": list(one.frees)} for one in analysis.bottlenecks
        ],
        "problems": problems_json(tasks),
    }  # fmt: skip


def count_open(tasks: Iterable[Task]) -> int:
    """The tasks that are not over."""
    return sum(not task.is_over for task in tasks)


def analysis_lines(tasks: Tasks, readiness: Readiness, analysis: Analysis) -> Iterator[str]:
    """The same for people: the lists that matter, each with what is to be done first at its top."""
    known = readiness.relations.tasks
    yield (
        f"{len(tasks.tasks)} tasks in {safe(tasks.source)}, {count_open(tasks.tasks)} open: "
        f"{len(readiness.ready)} ready, {len(readiness.blocked)} blocked "
        f"(rules {tasks.decision.rules}: {tasks.decision.why})"
    )
    rows = [(each, f"P{known[each].priority}", known[each].title) for each in readiness.ready]
    yield from listed("ready", ("task", "", "title"), rows)
    held = [(one.id, one.holds, len(one.frees), known[one.id].title) for one in analysis.bottlenecks]
    yield from listed("bottlenecks", ("task", "holds", "frees", "title"), held)
    if len(analysis.path.tasks) > 1:
        minutes = f", {analysis.path.minutes} min" if analysis.path.minutes else ""
        yield f"critical path, {len(analysis.path.tasks)} tasks{minutes}: {chain(analysis.path.tasks)}"
    if len(analysis.waves) > 1:
        sizes = " then ".join(str(len(wave)) for wave in analysis.waves[:SHOWN])
        more = f" and on, {len(analysis.waves)} waves in all" if len(analysis.waves) > SHOWN else ""
        yield f"waves: {sizes}{more}"
    if analysis.components:
        sizes = ", ".join(str(len(each)) for each in analysis.components[:SHOWN])
        more = ", …" if len(analysis.components) > SHOWN else ""
        yield f"tied together: groups of {sizes}{more}; {analysis.alone} alone"
    for cycle in analysis.cycles:
        is_over = all(known[each].is_over for each in cycle)
        yield f"block one another{', all closed' if is_over else ''}: {chain(cycle)}"
    for knot in analysis.deadlocks:
        yield f"wait for one another: {chain(knot)}"


def listed(name: str, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """A table under its name, cut after so many rows; nothing for no rows."""
    if rows:
        more = f", the first {SHOWN}" if len(rows) > SHOWN else ""
        yield f"{name} ({len(rows)}{more}):"
        yield from (f"  {line}" for line in table(headers, rows[:SHOWN]))


def chain(tasks: Sequence[str]) -> str:
    """Tasks one after another, the first and the last of many."""
    shown = [*tasks[: SHOWN - 1], "…", tasks[-1]] if len(tasks) > SHOWN else tasks
    return " → ".join(safe(each) for each in shown)
