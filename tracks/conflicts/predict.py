"""How likely two tasks change the same file where nobody declared what they touch.

A logistic rule: what both texts name, how like they are, whether they were made together, how hot
the files are that tasks like them changed. Its weights are a prior from six public trackers;
the repository's own past moves the level. Advice: it never makes a scope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import exp, sqrt
from typing import NamedTuple

from tracks.conflicts.claimed import Conflict, Severity
from tracks.conflicts.words import Vector, likeness
from tracks.footprints.learned import LEAST, Change, Guess, Near, guess, hotness, nearest
from tracks.tasks.task import Task

HOUR = 3600.0
WEEK = 7 * 24 * HOUR
ROUNDS = 12
ENOUGH = 300  # tasks of the past that are looked at
DOUBT = 12.0  # how many collisions' worth the prior level is
NO_CONFLICT = Conflict("", "", 0.0)


class Weights(NamedTuple):
    """What each sign is worth, in log odds; `level` is the odds when there is none."""

    level: float
    named: float
    likely: float
    likeness: float
    together: float
    hot: float


# Fitted by `python -m tests.bench --rows prediction` on up to 1,200 pairs of each of six trackers.
PRIOR = Weights(-3.76, 2.65, 1.01, 3.09, 0.57, 1.60)


class Signs(NamedTuple):
    """What speaks for a collision of two tasks, in the order of the weights."""

    named: float
    likely: float
    likeness: float
    together: float
    hot: float

    def odds(self, weights: Weights) -> float:
        """Log odds."""
        return weights.level + sum(map(product, weights[1:], self))


def product(one: float, other: float) -> float:
    """Two numbers, multiplied."""
    return one * other


class Seen(NamedTuple):
    """One task as it is compared: its words, its guess, and how hot what it may change is."""

    vector: Vector
    created: float | None
    guess: Guess
    hot: float


class Model:
    """What was known at one moment: of each task what is like it, and how hot files were."""

    def __init__(
        self,
        tasks: Mapping[str, Task],
        vectors: Mapping[str, Vector],
        near: Mapping[str, Sequence[Near]],
        past: Sequence[Change],
    ) -> None:
        self.tasks = tasks
        self.vectors = vectors
        self.near = near
        self.hot = hotness(past)
        self._seen: dict[str, Seen] = {}

    def seen(self, task_id: str) -> Seen:
        """A task, looked at once."""
        if task_id not in self._seen:
            created = self.tasks[task_id].created
            found = guess(self.near.get(task_id, ()))
            hot = sum(chance * self.hot.get(file, 0.0) for file, chance in found.chances.items())
            moment = created.timestamp() if created else None
            self._seen[task_id] = Seen(self.vectors[task_id], moment, found, hot)
        return self._seen[task_id]

    def signs(self, a: str, b: str, conflict: Conflict = NO_CONFLICT) -> Signs:
        """What speaks for a collision of two tasks."""
        one, other = self.seen(a), self.seen(b)
        together = 0.0
        if one.created is not None and other.created is not None:
            together = 1 / (1 + abs(one.created - other.created) / HOUR)
        return Signs(
            named=conflict.probability,
            likely=float(bool(conflict.shared) and conflict.severity is not Severity.POSSIBLE),
            likeness=sqrt(max(0.0, likeness(one.vector, other.vector))),
            together=together,
            hot=sqrt(min(1.0, one.hot + other.hot)),
        )

    def witness(self, a: str, b: str) -> str | None:
        """The file that both most likely change."""
        one, other = self.seen(a).guess.chances, self.seen(b).guess.chances
        shared = [(chance * other[file], file) for file, chance in one.items() if file in other]
        return max(shared)[1] if shared else None


def chance_of(odds: float) -> float:
    """A probability from log odds."""
    return 1 / (1 + exp(-max(-30.0, min(30.0, odds))))


class Example(NamedTuple):
    """Two tasks of the past: what spoke for a collision, and whether it came."""

    signs: Signs
    collided: bool


class Case(NamedTuple):
    """Two tasks that were open at the first commit of one of them, and what was known before it."""

    a: str
    b: str
    model: Model
    moment: float
    known: float  # when the other's first commit told whether they collided
    collided: bool


def list_cases(
    tasks: Mapping[str, Task], vectors: Mapping[str, Vector], past: Sequence[Change]
) -> Iterator[Case]:
    """The pairs of tasks of the past that were worked on within a week."""
    ordered = sorted(past, key=lambda change: (change.moment, change.task))
    near: dict[str, list[Near]] = {change.task: [] for change in ordered}
    for at, first in enumerate(ordered):
        model = Model(tasks, vectors, dict(near), ordered[:at])  # later changes are not seen in it
        for other in ordered[at + 1 :]:
            if other.moment - first.moment > WEEK:
                break
            created = tasks[other.task].created
            if created and created.timestamp() <= first.moment:
                a, b = sorted((first.task, other.task))
                yield Case(a, b, model, first.moment, other.moment, bool(first.files & other.files))
        for other in ordered[at + 1 :]:
            value = likeness(vectors[first.task], vectors[other.task])
            if value > LEAST:
                near[other.task] = nearest([*near[other.task], (value, first)])


def calibrated(weights: Weights, examples: Sequence[Example], changes: int) -> Weights:
    """The weights with the level that fits the past best, the more so the more of it there is.

    Pairs of few tasks hang together: all of them count as much as there were tasks.
    """
    if not examples:
        return weights
    share = min(1.0, changes / len(examples))
    odds = [example.signs.odds(weights) for example in examples]
    shift = 0.0
    for _ in range(ROUNDS):
        slope, bend = -DOUBT * shift, DOUBT
        for value, example in zip(odds, examples, strict=True):
            chance = chance_of(value + shift)
            slope += share * (example.collided - chance)
            bend += share * chance * (1 - chance)
        shift += max(-1.0, min(1.0, slope / bend))  # a longer step would leap over the answer
    return weights._replace(level=weights.level + shift)
