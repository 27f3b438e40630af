"""The ground the batteries stand on: a repository whose user is at work in it, and a pool in use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.mounts import small_disk
from tests.faults.ordeal import lay_out
from tests.faults.scenes import Scene, lend_dirty

DISK = 24 * 1024 * 1024


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A repository in use, still without a pool."""
    root = tmp_path / "stage"
    root.mkdir()
    made = lay_out(root)
    yield made
    made.pool.cli.finish()


@pytest.fixture
def used(scene: Scene) -> Scene:
    """A slot lent, with every common kind of work in it."""
    lend_dirty(scene)
    scene.await_quiet()
    return scene


@pytest.fixture
def cramped(tmp_path: Path) -> Iterator[Scene]:
    """The same on a small disk of its own."""
    with small_disk(tmp_path / "disk", DISK) as root:
        made = lay_out(root)
        lend_dirty(made)
        made.await_quiet()
        yield made
        made.pool.cli.finish()
