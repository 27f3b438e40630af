"""Pools whose slots have databases: their ground, what is killed there, and what must work afterwards.

The server outlives every case, so nothing is put back for the next one: each begins and ends with
a pool at rest, or with none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isolation.database.session import open_session
from isolation.database.spares import drop_spare, list_spares
from tests.e2e.pooled import variables
from tests.faults import repeats
from tests.faults.operations import FIRST, WORK, Operation
from tests.faults.scenes import Scene, commit, take_slot
from tests.faults.strays import on_server, pool_of
from tests.fixtures.repositories import FILES
from tests.fixtures.variables import address_in

WITH_SCHEMA = {**FILES, "schema.sql": "CREATE TABLE public.schema_of_the_project (word text);\n"}
SETTINGS = variables(
    DATABASE_TEMPLATE_MIGRATIONS="schema.sql",
    DATABASE_TEMPLATE_RUN="psql -qf schema.sql",
    DATABASE_CONNECTIONS="3",
    DATABASE_SPARES="1",
    SCALE_DOWN_AFTER="24h",  # a whole battery takes longer than a slot nobody wants stays
)
SLOTS = 2


def ask_inside(slot: Path, statement: str) -> list[tuple[Any, ...]]:
    """What a slot's database answers to whoever has the slot."""
    with open_session(address_in(slot)) as session:
        return session.rows(statement)


def stand(scene: Scene) -> None:
    """A pool at rest, with one spare."""
    if not (scene.pool.repo.state / "state.db").exists():
        scene.pool.init(SLOTS, most=SLOTS + 1)
    scene.rest()
    scene.pool.await_ready(SLOTS)


def stand_without_spares(scene: Scene) -> None:
    """A pool that has to make a database for whoever comes next."""
    stand(scene)
    drop_spares(scene)


def drop_spares(scene: Scene) -> None:
    """Nothing made ahead, and nobody who makes it again at once."""
    scene.rest()
    with on_server(scene) as session:
        for spare in list_spares(session, pool_of(scene)):
            drop_spare(session, pool_of(scene), spare)


def stand_without_templates(scene: Scene) -> None:
    """A pool that has to run the migrations for whoever comes next."""
    stand_without_spares(scene)
    scene.pool.run("db", "template", "drop", "--all")


def leave(scene: Scene) -> None:
    """No pool, and nothing of one."""
    if (scene.pool.repo.state / "state.db").exists():
        scene.pool.run("cleanup", "--rescue")


def lend(scene: Scene) -> None:
    """A slot with work in its files and in its database."""
    stand(scene)
    take_slot(scene)
    mark = f"kept-{len(scene.work.commits)}"
    commit(scene, mark)
    scene.work.contents[mark] = f"loose, {mark}\n".encode()
    (scene.path / "loose.txt").write_bytes(scene.work.contents[mark])
    ask_inside(scene.path, "CREATE TABLE public.kept AS SELECT 'work' AS word")
    scene.await_quiet()


def lend_another(scene: Scene) -> None:
    """The same, and the free slot is meant."""
    lend(scene)
    scene.name = next(name for name in scene.pool.slots() if name != scene.name)


def give_back(scene: Scene) -> None:
    """A slot to be cleaned, its database to be dropped and a spare to be made by whoever comes next."""
    lend(scene)
    drop_spares(scene)
    scene.run_alone("release", scene.name, "--rescue")


def take_away(scene: Scene) -> None:
    """A slot taken from its holder, all else being left to whoever comes next."""
    lend(scene)
    scene.run_alone("reclaim", scene.name)


def acquire(scene: Scene) -> None:
    """The same request gives the same lease, with the template's contents in its database."""
    take_slot(scene)
    before = address_in(scene.path)
    take_slot(scene)
    assert address_in(scene.path) == before
    require_contents(scene)
    scene.pool.release(scene.name)


def release(scene: Scene) -> None:
    """A slot that is still lent has all its work, and can be given back."""
    if scene.pool.slot(scene.name)["state"] == "LEASED":
        assert ask_inside(scene.path, "SELECT word FROM public.kept") == [("work",)]
        scene.pool.release(scene.name, "--rescue")


def reclaim(scene: Scene) -> None:
    """A slot that is still lent can be taken."""
    slot = scene.pool.slots().get(scene.name, {})
    if slot.get("state") == "LEASED":
        assert ask_inside(scene.path, "SELECT word FROM public.kept") == [("work",)]
        scene.pool.run("reclaim", scene.name)


def reset(scene: Scene) -> None:
    """The slot's database is the old one or the new one; made anew, it has nothing of its holder."""
    require_contents(scene)
    before = address_in(scene.path)
    scene.pool.run("db", "reset", scene.name)
    assert address_in(scene.path) == before
    require_contents(scene)
    assert ask_inside(scene.path, "SELECT to_regclass('public.kept')::text") == [(None,)]
    scene.pool.release(scene.name, "--rescue")


def retire(scene: Scene) -> None:
    """The slot that is meant goes, the one that is lent keeps its database."""
    if scene.name in scene.pool.slots():
        scene.pool.run("pool", "retire", scene.name)
    (lent,) = (slot for slot in scene.pool.slots().values() if slot["state"] == "LEASED")
    assert ask_inside(scene.path, "SELECT word FROM public.kept") == [("work",)]
    scene.pool.release(lent["name"], "--rescue")
    scene.pool.run("pool", "resize", str(SLOTS))


def require_contents(scene: Scene) -> None:
    """The slot's database has what the migrations made."""
    name = "schema_of_the_project"
    assert ask_inside(scene.path, f"SELECT to_regclass('public.{name}')::text") == [(f"public.{name}",)]


SERVED = (
    Operation("init", leave, "init --size 2", repeats.init, pool_first=False),
    Operation("acquire", stand, FIRST, acquire),
    Operation("acquire without a template", stand_without_templates, FIRST, acquire),
    Operation("release", lend, "release {slot} --rescue", release),
    Operation("recycle", give_back, WORK, repeats.nothing),
    Operation("reclaim", lend, "reclaim {slot}", reclaim),
    Operation("go on after a reclaim", take_away, WORK, repeats.nothing),
    Operation("retire", lend_another, "pool retire {slot}", retire),
    Operation("reset", lend, "db reset {slot}", reset),
    Operation("cleanup", lend, "cleanup --rescue", repeats.clean_up, pool_stays=False),
)
