"""Pools for the tests of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import shop as scoped
from tests.e2e.pooled import Pooled
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repositories, Repository

COMMON = 3  # slots of a pool that the tests of a module have in common


@pytest.fixture
def unpooled(repo: Repository, run_cli: Commands) -> Pooled:
    """A repository whose pool is still to be made."""
    run_cli.background = ("worker*.lock",)
    return Pooled(repo, run_cli)


@pytest.fixture
def pool(unpooled: Pooled) -> Pooled:
    """A pool of two slots, and two at most."""
    unpooled.init(2)
    return unpooled


@pytest.fixture(scope="module")
def common(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pooled]:
    """One pool for the tests of a module; asked for through `free`."""
    root = tmp_path_factory.mktemp("common")
    commands = Commands(root, background=("worker*.lock",))
    pool = Pooled(Repositories(root)("repo"), commands)
    pool.init(COMMON)
    yield pool
    commands.finish()


@pytest.fixture
def free(common: Pooled) -> Iterator[Pooled]:
    """The module's common pool: all slots are free before, and have to be afterwards."""
    yield common
    common.await_ready(COMMON)


@pytest.fixture(scope="module")
def shop(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pooled]:
    """One pool for a module's tests of scopes; asked for through `open_shop`."""
    root = tmp_path_factory.mktemp("shop")
    commands = Commands(root, background=("worker*.lock",))
    pool = Pooled(Repositories(root)("repo", files=scoped.FILES, commits=1), commands)
    pool.init(scoped.SLOTS)
    yield pool
    commands.finish()


@pytest.fixture
def open_shop(shop: Pooled) -> Iterator[Pooled]:
    """The shop's pool; whatever a test leaves is given back."""
    yield shop
    scoped.close_up(shop)
