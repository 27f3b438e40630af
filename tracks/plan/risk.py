"""What the past and the words of tasks tell a plan: how likely two collide, and what each may touch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tracks.conflicts.forecast import Ground, compared, known_past, learn, near_of
from tracks.conflicts.predict import Model, chance_of
from tracks.footprints.claim import Claim
from tracks.footprints.learned import guess, learned_claims

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


def learned_among(ground: Ground, names: Sequence[str]) -> Mapping[str, tuple[Claim, ...]]:
    """The files that tasks like these changed."""
    past = known_past(ground)
    if not past:
        return {}
    near = near_of(names, past, compared(ground, names, past))
    return {name: learned_claims(guess(near[name]), ground.tree.files) for name in names}
