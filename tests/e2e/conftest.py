"""Pools for the tests of the command line."""

from __future__ import annotations

import pytest

from tests.e2e.pooled import Pooled
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repository


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
