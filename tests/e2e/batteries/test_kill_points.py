"""kill -9 before everything an operation does to the world; afterwards nothing is lost or stuck.

Single points, points at which git is killed along with poolmgr, and pairs where the recovery is
killed as well.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import is_whole
from tests.faults.operations import OPERATIONS, Operation
from tests.faults.scenes import Scene
from tests.faults.stage import Stage
from tests.faults.verdict import list_faults, name_places
from tests.invariants.work import prune

LEAST = 5  # an injector that sees fewer points sees nothing
DELAYS = (0.0005, 0.006)  # seconds after git was started
RECOVERY = 20  # points of the recovery that are tried
PARTS = 4  # of a whole operation: one may take many minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Where the command is killed; with git soon `after` that; and where its recovery is, then."""

    at: int
    after: float | None = None
    then: int | None = None


def sample(count: int, share: float, seed: str) -> list[int]:
    """Points to take, at least two, always the same ones."""
    return sorted(random.Random(seed).sample(range(1, count + 1), max(2, math.ceil(count * share))))


def list_cases(points: list[str], share: float, seed: str) -> Iterator[Case]:
    """Every point by itself, every git with its death in the middle, a third of the points in pairs."""
    chance = random.Random(seed)
    for at in sample(len(points), share, seed):
        yield Case(at=at)
    with_git = [at for at, point in enumerate(points, 1) if point.startswith("git ")]
    for at in chance.sample(with_git, math.ceil(len(with_git) * share)):
        yield Case(at=at, after=chance.uniform(*DELAYS))
    for at in chance.sample(range(1, len(points) + 1), math.ceil(len(points) / 3 * share)):
        yield Case(at=at, then=chance.randint(1, RECOVERY))


def strike(scene: Scene, operation: Operation, case: Case) -> str | None:
    """The command, and then its recovery, at their ends; where the command met it."""
    words = operation.words_for(scene)
    ended = scene.launcher.kill(case.at, *words, alone=operation.alone, after=case.after)
    if case.then is not None:
        scene.launcher.kill(case.then, "doctor", "--fix", alone=False)
    return ended.point


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whole operations in parts, for processes that work side by side."""
    if "parts" in metafunc.fixturenames:
        parts = PARTS if is_whole(metafunc.config) else 1
        metafunc.parametrize("parts", [slice(part, None, parts) for part in range(parts)], ids=range(parts))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_kill_at_any_point_loses_nothing_and_leaves_nothing(
    operation: Operation, parts: slice, scene: Scene, share: float
) -> None:
    if operation.is_rare and share < 1:
        pytest.skip("one of those that run with --all")
    operation.prepare(scene)
    stage = Stage(scene.root)
    stage.save()
    points = scene.launcher.list_points(*operation.words_for(scene), alone=operation.alone)
    assert len(points) >= LEAST
    wrong: list[str] = []
    missed = 0
    cases = list(list_cases(points, share, operation.name))[parts]
    for case in cases:
        stage.restore()
        # Rounds of waiting differ from run to run, and git may be faster than we are.
        point = strike(scene, operation, case)
        if "PARKED" in operation.states:  # somebody's worktree may have been on its way
            prune(scene.pool.repo)
        missed += point is None and case.after is None
        place = f"{case} of {len(points)}, {point}"
        wrong += [name_places(scene, f"{place}: {words}") for words in list_faults(scene, operation)]
    assert not wrong, "\n".join(wrong)
    assert missed <= len(cases) / 4 + 2, f"{missed} points were not reached"
