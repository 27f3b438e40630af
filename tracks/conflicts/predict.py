"""How likely two tasks change the same file.

What both name is a chance of its own. Beside it stands a logistic rule: how like the texts are,
whether they were made together, and what the past lets expect of each. Its weights are a prior
from six public trackers; the repository's own past moves the level. Advice: it never makes a scope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import exp
from typing import NamedTuple

from tracks.conflicts.texts import Texts
from tracks.conflicts.touching import Touch, meeting_odds, touch_of, usual_of
from tracks.conflicts.words import likeness
from tracks.footprints.learned import LEAST, Change, Near, nearest

WEEK = 7 * 24 * 3600.0
ROUNDS = 12
ENOUGH = 300  # tasks of the past that are looked at
DOUBT = 12.0  # how many collisions' worth the prior level is


class Weights(NamedTuple):
    """What each sign is worth, in log odds; `level` is the odds when there is none."""

    level: float
    likeness: float
    together: float
    files: float


# Fitted by `python -m tests.bench --rows prediction` on up to 1,200 pairs of each of six trackers.
PRIOR = Weights(-0.91, 3.93, 0.36, 0.91)


class Signs(NamedTuple):
    """What speaks for a collision of two tasks: the chance by what both name, then as the weights are."""

    named: float
    likeness: float
    together: float
    files: float

    def odds(self, weights: Weights) -> float:
        """Log odds of a collision that neither names."""
        return weights.level + sum(map(product, weights[1:], self[1:]))

    def chance(self, weights: Weights) -> float:
        """What both name, or what neither does."""
        return 1 - (1 - self.named) * (1 - chance_of(self.odds(weights)))


def product(one: float, other: float) -> float:
    """Two numbers, multiplied."""
    return one * other


class Model:
    """What was known at one moment: of each task what is like it and what it names, and the past."""

    def __init__(self, texts: Texts, near: Mapping[str, Sequence[Near]], past: Sequence[Change]) -> None:
        self.texts = texts
        self.near = near
        self.usual = usual_of(past)
        self._touches: dict[str, Touch] = {}

    def touch(self, task_id: str) -> Touch:
        """What a task may change, looked at once."""
        if task_id not in self._touches:
            named = self.texts.named.get(task_id, {})
            self._touches[task_id] = touch_of(self.near.get(task_id, ()), named, self.usual)
        return self._touches[task_id]

    def signs(self, a: str, b: str, named: float = 0.0) -> Signs:
        """What speaks for a collision of two tasks, with the chance by what both name."""
        return Signs(
            named=named,
            likeness=self.texts.likeness(a, b),
            together=self.texts.together(a, b),
            files=meeting_odds(self.touch(a), self.touch(b), self.usual),
        )

    def witness(self, a: str, b: str) -> str | None:
        """The file that both most likely change."""
        one, other = self.touch(a).chances, self.touch(b).chances
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


def list_cases(texts: Texts, past: Sequence[Change]) -> Iterator[Case]:
    """The pairs of tasks of the past that were worked on within a week."""
    ordered = sorted(past, key=lambda change: (change.moment, change.task))
    near: dict[str, list[Near]] = {change.task: [] for change in ordered}
    for at, first in enumerate(ordered):
        model = Model(texts, dict(near), ordered[:at])  # later changes are not seen in it
        for other in ordered[at + 1 :]:
            if other.moment - first.moment > WEEK:
                break
            created = texts.tasks[other.task].created
            if created and created.timestamp() <= first.moment:
                a, b = sorted((first.task, other.task))
                yield Case(a, b, model, first.moment, other.moment, bool(first.files & other.files))
        for other in ordered[at + 1 :]:
            value = likeness(texts.vectors[first.task], texts.vectors[other.task])
            if value > LEAST:
                near[other.task] = nearest([*near[other.task], (value, first)])


def calibrated(weights: Weights, examples: Sequence[Example], changes: int) -> Weights:
    """The weights with the level that fits the past best, the more so the more of it there is.

    The level is that of pairs that name nothing in common. Pairs of few tasks hang together: all of
    them count as much as there were tasks.
    """
    if not examples:
        return weights
    share = min(1.0, changes / len(examples))
    examples = [example for example in examples if not example.signs.named]
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
