"""Whatever way a file outside the scope was changed, it is named at release, or it is not in the branch."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.evasion import bases, blindfolds, elsewhere, histories, legitimate, plumbing, porcelain
from tests.evasion.ground import Scene, Way, lay_out, put_back, ways_of
from tests.fixtures.commands import Commands

EVASIONS = dict(ways_of(porcelain, histories, plumbing, blindfolds, elsewhere, bases))
LEGITIMATE = dict(ways_of(legitimate))


@pytest.fixture(scope="module")
def grounds() -> Iterator[tuple[Path, Path]]:
    """The scene as it was laid out, and its place; in memory where that can be, each way gets it anew."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
    with TemporaryDirectory(dir=memory, prefix="evasion-") as made:
        place = Path(made).resolve()
        commands = Commands(place)
        lay_out(place / "room", commands)
        shutil.copytree(place / "room", place / "template", symlinks=True)
        yield place / "template", place / "room"


@pytest.fixture
def scene(grounds: tuple[Path, Path]) -> Scene:
    """The scene, new."""
    return put_back(*grounds)


@pytest.mark.parametrize("name", EVASIONS)
def test_no_change_outside_the_scope_is_released_unnamed(name: str, scene: Scene) -> None:
    way: Way = EVASIONS[name]
    path = way(scene)
    assert path in scene.outside()


@pytest.mark.parametrize("name", LEGITIMATE)
def test_what_is_not_the_holders_doing_is_not_named(name: str, scene: Scene) -> None:
    LEGITIMATE[name](scene)
    assert set(scene.outside()) <= {"CHANGELOG.md"}
