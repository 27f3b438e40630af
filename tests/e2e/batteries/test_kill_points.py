"""kill -9 before everything an operation does to the world; afterwards nothing is lost or stuck."""

from __future__ import annotations

import math
import random

import pytest

from tests.faults.operations import OPERATIONS, Operation
from tests.faults.scenes import Scene
from tests.faults.stage import Stage
from tests.faults.verdict import list_faults, name_places

LEAST = 5  # an injector that sees fewer points sees nothing


def sample(count: int, share: float, seed: str) -> list[int]:
    """Points to take, at least two, always the same ones."""
    return sorted(random.Random(seed).sample(range(1, count + 1), max(2, math.ceil(count * share))))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_kill_at_any_point_loses_nothing_and_leaves_nothing(
    operation: Operation, scene: Scene, share: float
) -> None:
    operation.prepare(scene)
    stage = Stage(scene.root)
    stage.save()
    words = operation.words_for(scene)
    points = scene.launcher.list_points(*words, alone=operation.alone)
    assert len(points) >= LEAST
    wrong: list[str] = []
    missed = 0
    for at in sample(len(points), share, operation.name):
        stage.restore()
        ended = scene.launcher.kill(at, *words, alone=operation.alone)
        missed += ended.point is None and ended.code == 0  # rounds of waiting differ from run to run
        place = f"{at}/{len(points)} {ended.point}"
        wrong += [name_places(scene, f"{place}: {words}") for words in list_faults(scene, operation)]
    assert not wrong, "\n".join(wrong)
    assert missed <= len(points) / 4, f"{missed} points were not reached"
