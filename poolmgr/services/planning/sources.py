"""The tasks of a repository: from `bd` where it is on the PATH, else from the files it leaves.

`bd` is the truth, its file a copy that may be old; where they differ that is said. Tasks from a
file are judged as `bd` would have them after loading it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from poolmgr.core.errors import NoTasks
from poolmgr.core.settings import BeadsSettings
from poolmgr.services.planning.bd import Bd, BdFailed, find_bd, find_version, is_dateless, read_issues
from poolmgr.services.planning.places import YAML, Place, find_place, list_files, read_file
from tracks.ready.rules import Decision, decide_rules
from tracks.tasks.backup import parse_backup
from tracks.tasks.beads import Parsed, Problem, parse_issues
from tracks.tasks.task import Task

NAMED = 5  # tasks that are named when two sources disagree


class Tasks(NamedTuple):
    """All tasks, where they come from, the rules for them, and what is to be said about it."""

    tasks: tuple[Task, ...]
    problems: tuple[Problem, ...]
    source: str
    decision: Decision
    is_file: bool


class Told(NamedTuple):
    """What `bd` answered, or why it did not."""

    parsed: Parsed | None
    version: tuple[int, ...] | None = None
    why: str = ""


def read_tasks(checkout: Path, settings: BeadsSettings) -> Tasks:
    """The tasks of the repository with this main checkout."""
    place = find_place(checkout, settings.path)
    files = list_files(place)
    told = ask_bd(place)
    written = read_source(place, files[0]) if files else None
    if told.parsed:
        problems = told.parsed.problems
        if written:
            problems += written.problems + disagreement(told, written.tasks, place.name_of(files[0]))
        decision = decide_rules(settings.rules, told.version, told.parsed.signs)
        return Tasks(told.parsed.tasks, problems, "bd", decision, is_file=False)
    if written is None:
        why = f"bd: {told.why}" if told.why else "no issues.jsonl, and no bd on the PATH"
        raise NoTasks(
            f"there are no tasks in {place.directory} ({why})", hint="bd export -o .beads/issues.jsonl"
        )
    problems = written.problems + unused(place, files, told)
    decision = decide_rules(settings.rules, told.version, written.signs)
    return Tasks(written.tasks, problems, place.name_of(files[0]), decision, is_file=True)


def ask_bd(place: Place) -> Told:
    """What `bd` says of the directory; a single file that somebody named is not its business."""
    bd = find_bd(place.checkout, place.directory if place.is_asked else None) if place.directory else None
    return tell(bd) if bd else Told(None)


def tell(bd: Bd) -> Told:
    """Its version and its issues."""
    version = None
    try:
        version = find_version(bd)
        return Told(read_issues(bd, version), version)
    except BdFailed as error:
        return Told(None, version, str(error))


def read_source(place: Place, path: Path) -> Parsed:
    """The tasks of a file, by what its name says it is."""
    name = place.name_of(path)
    content = read_file(path)
    if path.suffix in YAML:
        from poolmgr.services.planning.yaml_tasks import parse_yaml_tasks

        return parse_yaml_tasks(content, name)
    if path.parent.name != "backup":
        return parse_issues(content, name)
    beside = [path.with_name(other) for other in ("dependencies.jsonl", "labels.jsonl")]
    edges, labels = (read_file(each) if each.is_file() else b"" for each in beside)
    return parse_backup(content, edges, labels, name)


def unused(place: Place, files: Sequence[Path], told: Told) -> tuple[Problem, ...]:
    """Sources that were there and were not used."""
    counts = place.name_of(files[0])
    others = tuple(Problem(place.name_of(path), 0, f"is not read: {counts} counts") for path in files[1:])
    failed = (Problem("bd", 0, f"{told.why}; {counts} is read instead"),) if told.why else ()
    return others + failed


def disagreement(told: Told, written: Iterable[Task], name: str) -> tuple[Problem, ...]:
    """That the file says something else than `bd` about open tasks, if it does."""
    is_dated = not is_dateless(told.version)
    tasks = told.parsed.tasks if told.parsed else ()
    ours, theirs = (
        {each.id: facts_of(each, is_dated=is_dated) for each in some} for some in (tasks, written)
    )
    different = sorted(
        task_id
        for task_id in ours.keys() | theirs.keys()
        if ours.get(task_id, OVER) != theirs.get(task_id, OVER)
    )
    if not different:
        return ()
    shown = ", ".join(different[:NAMED]) + (", …" if len(different) > NAMED else "")
    number = f"{len(different)} task{'s' if len(different) > 1 else ''}"
    return (Problem(name, 0, f"disagrees with bd about {number} ({shown}); bd counts"),)


OVER: tuple[object, ...] = ("over",)


def facts_of(task: Task, *, is_dated: bool) -> tuple[object, ...]:
    """What two sources have to agree on, as plans follow from it; of what is over and of wisps only that."""
    if task.is_over or task.ephemeral:
        return OVER
    until = task.defer_until.replace(microsecond=0) if task.defer_until and is_dated else None
    edges = frozenset((edge.target, edge.kind) for edge in task.edges)
    texts = (task.title, task.description, task.design, task.acceptance, task.notes)
    return (
        *(text.strip() for text in texts), task.status, task.priority, task.type, task.pinned,
        frozenset(task.labels), edges, until, task.estimate, task.metadata,
    )  # fmt: skip
