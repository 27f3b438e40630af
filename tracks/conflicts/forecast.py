"""All that is known of collisions among some tasks: claims that meet, and chances from the past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from tracks.conflicts.claimed import Conflict, Hot, Index, Severity, Shared, list_conflicts, list_hot
from tracks.conflicts.ground import Ground, compared, known_past, near_of
from tracks.conflicts.predict import ENOUGH, PRIOR, Example, Model, Weights, calibrated, list_cases
from tracks.conflicts.texts import Texts
from tracks.conflicts.words import Vector, like_pairs, likeness
from tracks.footprints.claim import Footprint, Layer
from tracks.footprints.gathering import Facts, gather
from tracks.footprints.learned import Change
from tracks.footprints.together import seeds_of
from tracks.footprints.tree import Tree
from tracks.tasks.task import Task

SHOWN = 0.3  # from this chance on a pair is worth naming that shares
LEAST_LIKE = 0.15  # less like than this, no such pair comes near it


class Forecast(NamedTuple):
    """The pairs, the most likely first; `examples` says how much of the past the chances rest on."""

    conflicts: tuple[Conflict, ...]
    hot: tuple[Hot, ...]
    weights: Weights
    examples: int


def forecast(ground: Ground, wanted: Sequence[str], least: float | None = None) -> Forecast:
    """The collisions among these tasks; from a chance on, or those that are worth naming."""
    footprints = gather(ground.tasks, wanted, ground.tree, ground.facts)
    parts = (each.apart for each in footprints.values())  # so that every path of two lists is told
    index = Index(parts, ground.tree, fold=ground.shared.fold)
    met = {
        (each.a, each.b): each
        for each in list_conflicts(index, ground.shared, with_crowds=least is not None)
        if not is_above(ground.tasks, each.a, each.b) and not is_above(ground.tasks, each.b, each.a)
    }
    past = known_past(ground)
    vectors = compared(ground, wanted, past)
    texts = Texts(ground.tasks, vectors, named_by(footprints, ground.tree))
    model = Model(texts, near_of(wanted, past, vectors), past)
    weights, examples = learn(ground, past, vectors)
    pairs = all_pairs(wanted) if least is not None and least < SHOWN else alike(wanted, vectors)
    found = []
    for pair in {*met, *pairs}:
        conflict = weigh(pair, met.get(pair), model, weights)
        if (conflict.probability >= least) if least is not None else (pair in met or is_likely(conflict)):
            found.append(conflict)
    found.sort(key=lambda each: (-each.probability, each.a, each.b))
    return Forecast(tuple(found), tuple(list_hot(index, ground.shared)), weights, examples)


def is_above(tasks: Mapping[str, Task], above: str, below: str) -> bool:
    """Whether a task is below another, whose paths are by their nature its own, too."""
    seen: set[str] = set()
    parent = tasks[below].parent
    while parent is not None and parent in tasks and parent not in seen:
        if parent == above:
            return True
        seen.add(parent)
        parent = tasks[parent].parent
    return False


def is_likely(conflict: Conflict) -> bool:
    """Whether a mere chance is worth naming."""
    return conflict.probability >= SHOWN


def weigh(pair: tuple[str, str], met: Conflict | None, model: Model, weights: Weights) -> Conflict:
    """A pair with its chance: by what both claim, or by what the past lets expect."""
    conflict = met or Conflict(*pair, 0.0)
    chance = model.signs(*pair, conflict.probability).chance(weights)
    shared = conflict.shared
    if not shared and (path := model.witness(*pair)):
        shared = (Shared(path, exists=True, layer=Layer.LEARNED, severity=Severity.POSSIBLE, chance=chance),)
    return conflict._replace(probability=chance, shared=shared)


def all_pairs(wanted: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Every two tasks."""
    return combinations(sorted(wanted), 2)


def alike(wanted: Iterable[str], vectors: Mapping[str, Vector]) -> Iterator[tuple[str, str]]:
    """The pairs that are like each other, found by their words."""
    for one, other in like_pairs({name: vectors[name] for name in wanted}):
        if likeness(vectors[one], vectors[other]) > LEAST_LIKE:
            yield one, other


def learn(ground: Ground, past: Sequence[Change], vectors: Mapping[str, Vector]) -> tuple[Weights, int]:
    """The weights with the level that the repository's own past has, and how many pairs told it."""
    latest = past[-ENOUGH:]
    tasks = {change.task: ground.tasks[change.task]._replace(notes="") for change in latest}
    footprints = gather({**ground.tasks, **tasks}, tasks, ground.tree, Facts(rules=ground.facts.rules))
    index = Index((each.apart for each in footprints.values()), ground.tree, fold=ground.shared.fold)
    listed = list_conflicts(index, ground.shared, with_crowds=True)
    met = {(each.a, each.b): each.probability for each in listed}
    texts = Texts(tasks, vectors, named_by(footprints, ground.tree))
    examples = [
        Example(case.model.signs(case.a, case.b, met.get((case.a, case.b), 0.0)), case.collided)
        for case in list_cases(texts, latest)
    ]
    return calibrated(PRIOR, examples, len(latest)), len(examples)


def named_by(footprints: Mapping[str, Footprint], tree: Tree) -> dict[str, dict[str, float]]:
    """The files of the tree that each task is said to change, and how sure each is."""
    return {
        name: {path: chance for path, chance in seeds_of(footprint).items() if path in tree.files}
        for name, footprint in footprints.items()
    }
