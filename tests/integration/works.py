"""What is done with a server's databases, to be killed on the way and repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from isolation.database.building import Building, begin_template, seal_template
from isolation.database.catalog import list_ours, list_roles
from isolation.database.dropping import drop_lease
from isolation.database.fencing import fence
from isolation.database.renewing import renew
from isolation.database.spares import count_spares, drop_spare, list_spares
from isolation.database.templates import find_template
from tests.fixtures.patience import await_that
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
    "build": Work(build_or_wait, lambda g: find_template(g.session, g.pool_id, "f1")),
}
