"""kill -9 of the client before, during and after every statement: nothing unmarked, retries succeed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import pytest

from isolation.database.building import Building, begin_template, seal_template
from isolation.database.catalog import list_ours, list_roles
from isolation.database.dropping import drop_lease, drop_whole
from isolation.database.errors import DatabaseError
from isolation.database.fencing import fence
from isolation.database.orphans import drop_orphan, list_orphans
from isolation.database.renewing import renew
from isolation.database.session import open_session
from isolation.database.spares import count_spares, drop_spare, list_spares
from isolation.database.templates import find_template
from tests.fixtures.patience import await_that
from tests.integration.dying import MOMENTS, count_statements, die_in
from tests.integration.grounds import Ground

SMALL = """
CREATE SCHEMA app;
CREATE TABLE app.t (x serial);
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
"""


class Work(NamedTuple):
    """What is killed and repeated, what it needs before, and the proof that it is done."""

    do: Callable[[Ground], object]
    is_done: Callable[[Ground], object]
    prepare: Callable[[Ground], object] = id


def build_or_wait(ground: Ground) -> None:
    """A template, built here, or by somebody whose session is not over yet."""
    await_that(lambda: try_build(ground), "a template")


def try_build(ground: Ground) -> bool:
    building = begin_template(ground.session, ground.prefix, ground.pool_id, "f1")
    if building is not None:
        fill(ground, building)
    return find_template(ground.session, ground.pool_id, "f1") is not None


def fill(ground: Ground, building: Building) -> None:
    with ground.log_in(building.role, building.password, building.dbname) as inside:
        inside.execute(SMALL)
    seal_template(ground.session, building)


def is_lent(ground: Ground, fence_number: int = 1, template: str = "") -> bool:
    """Whether the lease's database works, and is what its template made."""
    lent = ground.lend(1, fence_number, template)
    with ground.enter(lent) as inside:
        inside.execute("CREATE TABLE proof (x int)")
        found = inside.execute("SELECT to_regclass('app.t') IS NOT NULL").fetchone()
    return found == (bool(template),) and lent.name == f"{ground.prefix}_wt-1"


def spare(ground: Ground) -> str:
    return ground.spare("f1")


def retire(ground: Ground) -> None:
    for each in list_spares(ground.session, ground.pool_id):
        drop_spare(ground.session, ground.pool_id, each)


def lend_with_framework(ground: Ground) -> None:
    lent = ground.lend(1, 1)
    with ground.enter(lent) as inside:
        inside.execute(f'CREATE DATABASE "test_{lent.name}"')


def renewed(ground: Ground) -> bool:
    with ground.enter(ground.lend(1, 1)) as inside:
        return inside.execute("SELECT to_regclass('app.t')::text").fetchone() == ("app.t",)


def is_out(ground: Ground) -> bool:
    (role,) = [role for role in list_roles(ground.session, ground.pool_id) if role.mark.fence == 1]
    return not role.can_login


WORKS = {
    "lend": Work(lambda g: g.lend(1, 1, "f1"), lambda g: is_lent(g, 1, "f1")),
    "lend a spare": Work(lambda g: g.lend(1, 1, "f1"), lambda g: is_lent(g, 1, "f1"), spare),
    "lend over an older lease": Work(
        lambda g: g.lend(1, 2, "f1"), lambda g: is_lent(g, 2, "f1"), lambda g: (spare(g), g.lend(1, 1))
    ),
    "spare": Work(spare, lambda g: count_spares(g.session, g.pool_id, "f1")),
    "drop a spare": Work(
        retire,
        lambda g: not count_spares(g.session, g.pool_id, "f1"),
        spare,
    ),
    "fence": Work(lambda g: fence(g.session, g.pool_id, 1), is_out, lambda g: g.lend(1, 1)),
    "drop": Work(
        lambda g: drop_lease(g.session, g.pool_id, 1),
        lambda g: not any(found.mark.fence for found in list_ours(g.session, g.pool_id)),
        lend_with_framework,
    ),
    "renew": Work(lambda g: renew(g.session, g.wanted(1, 1, "f1")), renewed, lambda g: g.lend(1, 1)),
}
BUILD = Work(build_or_wait, lambda g: find_template(g.session, g.pool_id, "f1"))


@pytest.mark.battery
@pytest.mark.parametrize("name", [*WORKS, "build"])
def test_a_killed_command_leaves_nothing_unmarked_and_is_repeated(
    ground: Ground, name: str, share: float
) -> None:
    if name != "build":
        build_or_wait(ground)
    work = WORKS.get(name, BUILD)
    work.prepare(ground)
    count = count_statements(lambda: work.do(ground))
    clear(ground, name)
    points = [(step, moment) for step in range(1, count + 2) for moment in MOMENTS]
    chosen = random.Random(name).sample(points, math.ceil(len(points) * share))
    for step, moment in chosen:
        work.prepare(ground)
        die_in(lambda: do_alone(ground, work), step, moment)
        require_marked(ground)
        repeat(ground, work)
        require_marked(ground)
        assert work.is_done(ground), (step, moment)
        clear(ground, name)


def do_alone(ground: Ground, work: Work) -> None:
    """The work in a session of its own."""
    with open_session(ground.tcp) as session:
        work.do(ground._replace(session=session))


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
