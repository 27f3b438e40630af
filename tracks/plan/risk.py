"""What the past and the words of tasks tell a plan: how likely two of them collide."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tracks.conflicts.forecast import learn
from tracks.conflicts.ground import Ground, compared, known_past, near_of
from tracks.conflicts.predict import Model, chance_of

Chance = Callable[[str, str], float]
STEPS = (0.05, 0.15, 0.3)  # below each of these, one risk is as good as another


def chance_among(ground: Ground, names: Sequence[str]) -> Chance:
    """How likely two of these tasks change the same file, by their words and the past."""
    past = known_past(ground)
    vectors = compared(ground, names, past)
    model = Model(ground.tasks, vectors, near_of(names, past, vectors), past)
    weights, _ = learn(ground, past, vectors)

    def chance(one: str, other: str) -> float:
        return chance_of(model.signs(one, other).odds(weights))

    return chance


def step_of(risk: float) -> int:
    """How many of the steps a risk has passed."""
    return sum(risk >= step for step in STEPS)
