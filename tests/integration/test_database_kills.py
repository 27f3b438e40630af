"""kill -9 of the client before, during and after every statement: nothing unmarked, retries succeed."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from isolation.database.catalog import list_ours, list_roles
from isolation.database.dropping import drop_whole
from isolation.database.errors import DatabaseError
from isolation.database.orphans import drop_orphan, list_orphans
from tests.fixtures.patience import await_that
from tests.integration.dying import MOMENTS, Mortals, count_statements
from tests.integration.grounds import Ground
from tests.integration.works import WORKS, Work, build_or_wait


@pytest.fixture
def mortals(home: Path) -> Iterator[Mortals]:
    """Those who die; for each test its own, as what one leaves unread another would take for its answer."""
    with Mortals() as mortals:
        yield mortals


@pytest.mark.battery
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", WORKS)
def test_a_killed_command_leaves_nothing_unmarked_and_is_repeated(
    ground: Ground, mortals: Mortals, name: str, share: float
) -> None:
    if name != "build":
        build_or_wait(ground)
    work = WORKS[name]
    work.prepare(ground)
    count = count_statements(lambda: work.do(ground))
    clear(ground, name)
    points = [(step, moment) for step in range(1, count + 2) for moment in MOMENTS]
    chosen = random.Random(name).sample(points, math.ceil(len(points) * share))
    for step, moment in chosen:
        work.prepare(ground)
        mortals.die_in(name, ground, step, moment)
        require_marked(ground)
        repeat(ground, work)
        require_marked(ground)
        assert work.is_done(ground), (step, moment)
        clear(ground, name)


def repeat(ground: Ground, work: Work) -> None:
    """Again, until it succeeds: the server may still be busy with the last statement of the dead."""

    def once() -> bool:
        with suppress(DatabaseError):
            work.do(ground)
            return True
        return False

    await_that(once, "the work can be repeated", patience=10)


def require_marked(ground: Ground) -> None:
    """No database and no role is there that could not be told, but what goes this moment."""
    unknown = list_unmarked(ground)
    assert unknown & list_unmarked(ground) == set()


def list_unmarked(ground: Ground) -> set[str]:
    there = ground.roles() | ground.databases()
    roles = {role.name for role in list_roles(ground.session, ground.pool_id)}
    return there - roles - {found.name for found in list_ours(ground.session, ground.pool_id)}


def clear(ground: Ground, name: str) -> None:
    """Away with all leases and what the dead left, in the ways the pool has; then nothing is there."""
    keep = "" if name == "build" else "template"

    def is_clear() -> bool:
        with suppress(DatabaseError):
            for orphan in list_orphans(ground.session, ground.pool_id, (), 0):
                drop_orphan(ground.session, ground.pool_id, orphan)
            for role in list_roles(ground.session, ground.pool_id):
                if role.mark.kind not in ("owner", "making", keep):
                    drop_whole(ground.session, ground.pool_id, role)
        kinds = {role.mark.kind for role in list_roles(ground.session, ground.pool_id)}
        found = {each.kind for each in list_ours(ground.session, ground.pool_id)}
        return kinds <= {"owner", keep} and found <= {keep}

    await_that(is_clear, "nothing is left", patience=15)
