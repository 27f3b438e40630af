"""What forecasts and plans rest on, and how the past is looked up in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tracks.conflicts.words import Postings, Vector, vectors_of
from tracks.footprints.gathering import Facts
from tracks.footprints.learned import Change, Near, nearest
from tracks.footprints.tree import Tree
from tracks.globs import Globs
from tracks.tasks.task import Task


class Ground(NamedTuple):
    """The tasks, the files, what is known of both, and the past."""

    tasks: Mapping[str, Task]
    tree: Tree
    facts: Facts
    past: Sequence[Change]
    shared: Globs  # what every scope may change: no reason to keep two tasks apart
    commits: Sequence[frozenset[str]] = ()  # the files of each of the newest


def known_past(ground: Ground) -> list[Change]:
    """The changes of tasks that are still on record, the oldest first."""
    ordered = sorted(ground.past, key=lambda change: (change.moment, change.task))
    return [change for change in ordered if change.task in ground.tasks]


def compared(ground: Ground, wanted: Iterable[str], past: Iterable[Change]) -> dict[str, Vector]:
    """The words of these tasks and those of the past."""
    names = dict.fromkeys((*wanted, *(change.task for change in past)))
    return vectors_of(ground.tasks[name] for name in names)


def near_of(
    wanted: Iterable[str], past: Sequence[Change], vectors: Mapping[str, Vector]
) -> dict[str, list[Near]]:
    """The changes of tasks that are like each; what a task changed itself tells most."""
    changes = {change.task: change for change in past}
    postings = Postings(vectors, changes)
    found = {}
    for name in wanted:
        like = {**postings.like(vectors[name]), **({name: 1.0} if name in changes else {})}
        found[name] = nearest((value, changes[other]) for other, value in like.items())
    return found
