"""What the past and the words of tasks tell a plan: how likely two of them collide."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tracks.conflicts.forecast import learn, named_by
from tracks.conflicts.ground import Ground, compared, known_past, near_of
from tracks.conflicts.predict import Model
from tracks.conflicts.texts import Texts
from tracks.footprints.claim import Footprint

Chance = Callable[[str, str], float]
STEPS = (0.05, *(tenth / 10 for tenth in range(1, 10)))  # between two of these one risk is as good as another


def chance_among(ground: Ground, footprints: Mapping[str, Footprint]) -> Chance:
    """How likely two of these tasks change the same file without both naming it."""
    past = known_past(ground)
    vectors = compared(ground, footprints, past)
    texts = Texts(ground.tasks, vectors, named_by(footprints, ground.tree))
    model = Model(texts, near_of(footprints, past, vectors), past)
    weights, _ = learn(ground, past, vectors)

    def chance(one: str, other: str) -> float:
        return model.signs(one, other).chance(weights)

    return chance


def step_of(risk: float) -> int:
    """How many of the steps a risk has passed."""
    return sum(risk >= step for step in STEPS)
