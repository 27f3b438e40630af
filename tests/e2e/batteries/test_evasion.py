"""Whatever way a file outside the scope was changed, it is named at release, or it is not in the branch."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from isolation.errors import IsolationError
from tests.evasion import bases, blindfolds, elsewhere, forgeries, histories, legitimate, plumbing, porcelain
from tests.evasion.ground import FILES, GitRefused, Scene, lay_out, put_back, ways_of
from tests.fixtures.commands import Commands

EVASIONS = dict(ways_of(porcelain, histories, plumbing, blindfolds, elsewhere, bases))
FORGERIES = dict(ways_of(forgeries))
LEGITIMATE = dict(ways_of(legitimate))


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the scene is laid out, a copy of it as it was, and the command line."""

    template: Path
    room: Path
    cli: Commands


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """The scene, laid out once; in memory where that can be, for each way gets it anew."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
    with TemporaryDirectory(dir=memory, prefix="evasion-") as made:
        place = Path(made).resolve()
        ground = Ground(place / "template", place / "room", Commands(place))
        lay_out(ground.room, ground.cli)
        shutil.copytree(ground.room, ground.template, symlinks=True)
        yield ground
        ground.cli.finish()


@pytest.fixture
def scene(ground: Ground) -> Scene:
    """The scene, new."""
    return put_back(ground.template, ground.room)


@pytest.mark.parametrize("name", EVASIONS)
def test_no_change_outside_the_scope_is_released_unnamed(name: str, scene: Scene) -> None:
    path = EVASIONS[name](scene)
    assert path in scene.outside()


@pytest.mark.parametrize("name", LEGITIMATE)
def test_what_is_not_the_holders_doing_is_not_named(name: str, scene: Scene) -> None:
    LEGITIMATE[name](scene)
    assert set(scene.outside()) <= {"CHANGELOG.md"}


@pytest.mark.parametrize("name", FORGERIES)
def test_where_objects_lie_nothing_is_compared(name: str, scene: Scene) -> None:
    FORGERIES[name](scene)
    with pytest.raises(IsolationError):
        scene.outside()


@pytest.mark.battery
@pytest.mark.parametrize("name", EVASIONS)
def test_release_refuses_it(name: str, scene: Scene, ground: Ground) -> None:
    path = EVASIONS[name](scene)
    done = ground.cli("release", "pool-wt-1", "--rescue", "--json", cwd=scene.repo, check=False)
    error = done.json()["error"]
    assert done.code == 1
    if error["code"] != "outside_scope":
        assert error["code"] == "wrong_state"  # the slot is another repository's by now
    else:
        assert path in error["paths"]


@pytest.mark.battery
@pytest.mark.parametrize("name", EVASIONS)
def test_with_the_guards_on_it_is_named_or_was_not_done(name: str, scene: Scene) -> None:
    with suppress(GitRefused):
        EVASIONS[name](replace(scene, are_guards_off=False))
    if not scene.outside():
        assert all(not scene.has(path) for path in (*FILES, "docs/new.md") if not path.startswith("src/"))


@pytest.mark.battery
@pytest.mark.parametrize("name", LEGITIMATE)
def test_guards_stop_nobody_who_stays_inside(name: str, scene: Scene) -> None:
    LEGITIMATE[name](replace(scene, are_guards_off=name.startswith("own_")))
    assert set(scene.outside()) <= {"CHANGELOG.md"}
