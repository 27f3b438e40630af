"""One real tracker: its tasks, its files, what commits changed for which task, and the pairs among them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from poolmgr.core.settings_defaults import SHARED
from tracks.conflicts.claimed import Index, list_conflicts
from tracks.conflicts.forecast import named_by
from tracks.conflicts.predict import Case, Example, list_cases
from tracks.conflicts.texts import Texts
from tracks.conflicts.words import stems_of, vectors_of
from tracks.footprints.claim import Footprint
from tracks.footprints.gathering import Facts, gather
from tracks.footprints.learned import Change, guess
from tracks.footprints.tree import Tree
from tracks.globs import compile_globs
from tracks.tasks.beads import parse_issues
from tracks.tasks.task import Task

SUFFIX = ".touched.jsonl"


class Pair(NamedTuple):
    """Two tasks of the past, what our signs say of them, and what three simple ways would say."""

    example: Example
    moment: float
    known: float
    mention: float
    history: float
    title: float


class Tracker(NamedTuple):
    """A data set."""

    name: str
    pairs: tuple[Pair, ...]

    @property
    def happened(self) -> list[bool]:
        """Whether each pair collided."""
        return [pair.example.collided for pair in self.pairs]


def list_names(data: Path) -> list[str]:
    """The data sets that say what was touched."""
    return sorted(touched.name.removesuffix(SUFFIX) for touched in data.glob(f"*{SUFFIX}"))


def read_tracker(data: Path, name: str) -> Tracker:
    """One data set."""
    return Tracker(name, tuple(list_pairs(data, name)))


def list_pairs(data: Path, name: str) -> Iterator[Pair]:
    """The pairs of one data set; notes are left out, which tell how it went."""
    content = (data / f"{name}.jsonl").read_bytes()
    tasks = {task.id: task._replace(notes="") for task in parse_issues(content, name).tasks}
    past = [change for change in read_changes(data / f"{name}{SUFFIX}") if change.task in tasks]
    tree = Tree((data / f"{name}.files.txt").read_bytes().splitlines())
    footprints = gather(tasks, [change.task for change in past], tree, Facts())
    met = list_mentioned(footprints, tree)
    vectors = vectors_of(tasks[change.task] for change in past)
    texts = Texts(tasks, vectors, named_by(footprints, tree))
    titles = {change.task: frozenset(stems_of(Task("", tasks[change.task].title))) for change in past}
    for case in list_cases(texts, past):
        named = met.get((case.a, case.b), 0.0)
        signs = case.model.signs(case.a, case.b, named)
        one, other = titles[case.a], titles[case.b]
        yield Pair(
            example=Example(signs, case.collided),
            moment=case.moment,
            known=case.known,
            mention=named,
            history=shared_chance(case),
            title=len(one & other) / len(one | other) if one | other else 0.0,
        )


def read_changes(path: Path) -> Iterator[Change]:
    """What commits changed, by task."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Change(row["bead"], float(row["first_commit"]), frozenset(row["files"]))


def list_mentioned(footprints: Mapping[str, Footprint], tree: Tree) -> dict[tuple[str, str], float]:
    """The pairs that name a common path, with the chance that gives."""
    shared = compile_globs((*SHARED, ".beads/"))
    index = Index((each.apart for each in footprints.values()), tree)
    found = list_conflicts(index, shared, with_crowds=True)
    return {(each.a, each.b): each.probability for each in found}


def shared_chance(case: Case) -> float:
    """How much the tasks most like each of two changed in common."""
    one, other = (guess(case.model.near.get(name, ())).chances for name in (case.a, case.b))
    return sum(chance * other.get(file, 0.0) for file, chance in one.items())
