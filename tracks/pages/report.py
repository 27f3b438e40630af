"""All that can be said of the open tasks, section by section: what to do, what waits, what collides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tracks.conflicts.forecast import Forecast
from tracks.graph.analysis import Analysis
from tracks.graph.course import minutes_of, usual_minutes
from tracks.pages.sections import Section, Table
from tracks.plan.recommendation import Plan, Track
from tracks.tasks.beads import Problem
from tracks.tasks.task import Task


class Source(NamedTuple):
    """Where the tasks come from, whose rules judge them and why, and what could not be used."""

    name: str
    rules: str
    because: str
    problems: tuple[Problem, ...] = ()


class Outlook(NamedTuple):
    """What is known of the open tasks."""

    source: Source
    analysis: Analysis
    plan: Plan
    forecast: Forecast

    @property
    def tasks(self) -> Mapping[str, Task]:
        """Every task, open or not."""
        return self.analysis.graph.readiness.relations.tasks


def report(outlook: Outlook) -> tuple[Section, ...]:
    """The sections that have anything to say; the first is the summary."""
    found = (
        now(outlook), left_out(outlook), ready(outlook), blocked(outlook), waves(outlook),
        critical(outlook), bottlenecks(outlook), groups(outlook), knots(outlook), conflicts(outlook),
        problems(outlook),
    )  # fmt: skip
    return (summary(outlook), *(section for section in found if section.words or section.tables))


def summary(outlook: Outlook) -> Section:
    """The numbers."""
    source, analysis, readiness = outlook.source, outlook.analysis, outlook.analysis.graph.readiness
    still = sum(not task.is_over for task in outlook.tasks.values())
    knotted = len(analysis.cycles) + len(analysis.deadlocks)
    words = (
        (
            f"{len(outlook.tasks)} tasks in {source.name}, {still} open: "
            f"{len(readiness.ready)} ready, {len(readiness.blocked)} blocked."
        ),
        f"What is ready is judged by the rules of bd {source.rules}: {source.because}.",
        (
            f"{counted(len(analysis.waves), 'wave')}, {counted(len(analysis.components), 'group')} of tasks "
            f"tied together, {counted(analysis.alone, 'task')} alone; {counted(knotted, 'cycle')}; "
            f"{counted(len(outlook.forecast.conflicts), 'pair')} of tasks that may collide."
        ),
    )
    return Section("Tasks and tracks", words)


def counted(number: int, word: str) -> str:
    """A number of things."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def now(outlook: Outlook) -> Section:
    """The plan."""
    tables = tuple(track_table(outlook, track) for track in outlook.plan.tracks)
    words = () if tables else ("Nothing can be begun now.",)
    return Section("What to do now, side by side", words, tables)


def track_table(outlook: Outlook, track: Track) -> Table:
    """One track, with its paths."""
    expects = [f"{each.path} ({each.layer} {each.confidence:.2f})" for each in track.expects]
    lists = (
        ("owns", track.owns), ("sees", track.sees), ("expects", expects), ("unblocks", track.unblocks),
        ("unproven", track.unproven),
    )  # fmt: skip
    rows = tuple(
        (str(at), step.task, outlook.tasks[step.task].title, step.why)
        for at, step in enumerate(track.steps, 1)
    )
    words = tuple(f"{word}: {', '.join(names)}" for word, names in lists if names)
    return Table(("", "task", "title", "why"), rows, f"Track {track.number}", words)


def left_out(outlook: Outlook) -> Section:
    """What is not done now."""
    rows = tuple((each.id, outlook.tasks[each.id].title, each.why) for each in outlook.plan.left_out)
    return of_rows("Left out for now", ("task", "title", "why"), rows)


def of_rows(title: str, heads: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Section:
    """A section of one table; empty without rows."""
    return Section(title, tables=(Table(heads, rows),) if rows else ())


def ready(outlook: Outlook) -> Section:
    """What can be begun, the most urgent first."""
    ids = outlook.analysis.graph.readiness.ready
    rows = tuple((each, f"P{outlook.tasks[each].priority}", outlook.tasks[each].title) for each in ids)
    return of_rows("Ready", ("task", "priority", "title"), rows)


def blocked(outlook: Outlook) -> Section:
    """What waits, and for whom."""
    found = outlook.analysis.graph.readiness.blocked
    rows = tuple((each, outlook.tasks[each].title, ", ".join(by)) for each, by in sorted(found.items()))
    return of_rows("Blocked", ("task", "title", "by"), rows)


def waves(outlook: Outlook) -> Section:
    """What can be done when all before it is done."""
    rows = tuple(
        (str(at), str(len(wave)), ", ".join(wave)) for at, wave in enumerate(outlook.analysis.waves, 1)
    )
    return of_rows("Waves", ("wave", "tasks", "which"), rows if len(rows) > 1 else ())


def critical(outlook: Outlook) -> Section:
    """The longest chain."""
    path, graph = outlook.analysis.path, outlook.analysis.graph
    if len(path.tasks) < 2:
        return Section("Critical path")
    usual = usual_minutes(graph)
    is_timed = path.minutes is not None
    rows = tuple(
        (each, outlook.tasks[each].title, *((str(minutes_of(graph, each, usual)),) if is_timed else ()))
        for each in path.tasks
    )
    length = f"{len(path.tasks)} tasks, one after another"
    words = f"{length}, {path.minutes} minutes." if is_timed else f"{length}."
    heads = ("task", "title", *(("minutes",) if is_timed else ()))
    return Section("Critical path", (words,), (Table(heads, rows),))


def bottlenecks(outlook: Outlook) -> Section:
    """What others wait for."""
    rows = tuple(
        (each.id, outlook.tasks[each.id].title, str(each.holds), ", ".join(each.frees))
        for each in outlook.analysis.bottlenecks
    )
    return of_rows("Bottlenecks", ("task", "title", "holds", "makes ready"), rows)


def groups(outlook: Outlook) -> Section:
    """What is tied together."""
    rows = tuple((str(len(group)), ", ".join(group)) for group in outlook.analysis.components)
    return of_rows("Tied together", ("tasks", "which"), rows)


def knots(outlook: Outlook) -> Section:
    """What waits for itself."""
    return Section("Cycles", tuple(knot_words(outlook.analysis.cycles, outlook.analysis.deadlocks)))


def knot_words(cycles: Iterable[tuple[str, ...]], deadlocks: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Each in a line."""
    for cycle in cycles:
        yield f"block one another: {' → '.join(cycle)}"
    for knot in deadlocks:
        yield f"wait for one another: {' → '.join(knot)}"


def conflicts(outlook: Outlook) -> Section:
    """What collides, and the files that many tasks share."""
    pairs = tuple(
        (each.severity, f"{each.probability:.2f}", each.a, each.b, each.witness or "", each.layer)
        for each in outlook.forecast.conflicts
    )
    hot = tuple((each.path, str(each.tasks), each.why) for each in outlook.forecast.hot)
    tables = [Table(("severity", "chance", "task", "task", "path", "known by"), pairs)] if pairs else []
    tables += [Table(("path", "tasks", "why"), hot, "Hot files")] if hot else []
    return Section("Conflicts", tables=tuple(tables))


def problems(outlook: Outlook) -> Section:
    """What could not be used of what was read."""
    rows = tuple((each.file, str(each.line or ""), each.why) for each in outlook.source.problems)
    return of_rows("Problems", ("file", "line", "why"), rows)
