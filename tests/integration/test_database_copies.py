"""Copies of templates: everything in one belongs to its role, and nobody but us can copy or enter one."""

from __future__ import annotations

from contextlib import ExitStack
from threading import Event, Thread
from typing import Any

import psycopg
import pytest

from isolation.database import renewing
from isolation.database.building import abandon_template, begin_template, seal_template
from isolation.database.catalog import list_ours
from isolation.database.dropping import drop_lease
from isolation.database.errors import NotOurs
from isolation.database.fencing import fence
from isolation.database.renewing import renew
from isolation.database.session import open_session
from isolation.database.spares import count_spares, drop_spare, list_spares
from isolation.database.templates import drop_template, find_template, list_templates, touch_template
from tests.fixtures.patience import await_that
from tests.integration.grounds import NEXT, Ground

FOREIGN_OWNERS = """
SELECT relname FROM pg_class WHERE oid >= 16384 AND relowner <> (SELECT oid FROM pg_roles WHERE rolname = %s)
  AND relnamespace NOT IN ('pg_toast'::regnamespace, 'pg_catalog'::regnamespace)
"""


@pytest.mark.parametrize("is_spare", [True, False])
def test_the_slots_role_runs_the_next_migration(ground: Ground, *, is_spare: bool) -> None:
    ground.build("f1")
    if is_spare:
        ground.spare("f1")
    lent = ground.lend(1, 1, "f1")
    with ground.enter(lent) as inside:
        assert inside.execute("SELECT name FROM menu").fetchall() == [("soup",)]
        assert inside.execute(FOREIGN_OWNERS, (lent.role,)).fetchall() == []
        inside.execute(NEXT)


def test_a_spare_of_another_template_is_not_taken(ground: Ground) -> None:
    ground.build("f1", "CREATE TABLE one ()")
    ground.build("f2", "CREATE TABLE two ()")
    ground.spare("f1")
    with ground.enter(ground.lend(1, 1, "f2")) as inside:
        assert inside.execute("SELECT to_regclass('two')::text").fetchone() == ("two",)
    assert count_spares(ground.session, ground.pool_id, "f1") == 1


def test_default_privileges_and_settings_of_the_migrations_hold_in_a_copy(ground: Ground) -> None:
    building = begin_template(ground.session, ground.prefix, ground.pool_id, "f1")
    assert building is not None
    with ground.log_in(building.role, building.password, building.dbname) as inside:
        inside.execute("CREATE SCHEMA app; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
        inside.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT USAGE ON SEQUENCES TO pg_monitor")
        inside.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
        inside.execute(f'ALTER DATABASE "{building.dbname}" SET search_path = app, "$user", public')
        inside.execute("ALTER ROLE CURRENT_USER SET work_mem = '7MB'")
        inside.execute(f'ALTER ROLE CURRENT_USER IN DATABASE "{building.dbname}" SET jit = off')
    seal_template(ground.session, building)
    with ground.enter(ground.lend(1, 1, "f1")) as inside:
        settings = inside.execute(
            "SELECT current_setting('search_path'), current_setting('work_mem'), current_setting('jit')"
        )
        assert settings.fetchone() == ('app, "$user", public', "7MB", "off")
        inside.execute(
            "CREATE TABLE t (x serial); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"
        )
        rights = inside.execute(
            "SELECT has_table_privilege('pg_monitor', 't', 'SELECT'),"
            "has_sequence_privilege('pg_monitor', 't_x_seq', 'USAGE'),"
            "has_function_privilege('pg_monitor', 'f()', 'EXECUTE')"
        )
        assert rights.fetchone() == (True, True, False)


def test_row_policies_of_the_migrations_role_are_the_copys(ground: Ground) -> None:
    ground.build(
        "f1",
        'CREATE SCHEMA "a""b"; CREATE TABLE "a""b".t (x int); INSERT INTO "a""b".t VALUES (1), (2);'
        'ALTER TABLE "a""b".t FORCE ROW LEVEL SECURITY; ALTER TABLE "a""b".t ENABLE ROW LEVEL SECURITY;'
        'CREATE POLICY "its own" ON "a""b".t TO CURRENT_USER, pg_monitor USING (x = 1);'
        'CREATE POLICY everybodys ON "a""b".t FOR DELETE USING (x = 2)',
    )
    for _ in range(2):
        with ground.enter(lent := ground.lend(1, 1, "f1")) as inside:
            assert inside.execute('SELECT x FROM "a""b".t').fetchall() == [(1,)]
            roles = inside.execute("SELECT unnest(roles)::text FROM pg_policies").fetchall()
            assert set(roles) == {("public",), (lent.role,), ("pg_monitor",)}
        renew(ground.session, ground.wanted(1, 1, "f1"))


def test_a_sealed_template_lets_nobody_in_and_builds_once(ground: Ground) -> None:
    building = begin_template(ground.session, ground.prefix, ground.pool_id, "f1")
    assert building is not None
    with open_session(ground.tcp) as other:
        assert begin_template(other, ground.prefix, ground.pool_id, "f1") is None
        second = begin_template(other, ground.prefix, ground.pool_id, "f2")
        assert second is not None
        abandon_template(other, second)
    ground.log_in(building.role, building.password, building.dbname).close()
    abandon_template(ground.session, building)
    assert ground.databases() == set()
    with pytest.raises(NotOurs):
        abandon_template(ground.session, building)
    ground.build("f1")
    assert begin_template(ground.session, ground.prefix, ground.pool_id, "f1") is None
    with pytest.raises(psycopg.OperationalError):
        ground.log_in(building.role, building.password, building.dbname)


def test_what_a_build_made_beside_its_database_goes_when_it_is_sealed(ground: Ground) -> None:
    building = begin_template(ground.session, ground.prefix, ground.pool_id, "f1")
    assert building is not None
    with ground.log_in(building.role, building.password, building.dbname) as inside:
        inside.execute(f'CREATE DATABASE "shadow_{building.dbname}"')
        abandon_template(ground.session, building)
    assert ground.databases() == set()


def test_templates_are_listed_touched_and_dropped_and_copies_stay(ground: Ground) -> None:
    ground.build("f1")
    template = find_template(ground.session, ground.pool_id, "f1")
    assert template is not None
    assert template.used is None
    with open_session(ground.server.superuser) as copying, copying.transaction():
        copying.do("LOCK TABLE pg_catalog.pg_shdescription")  # which a note needs
        touch_template(ground.session, ground.pool_id, template)
    assert list_templates(ground.session, ground.pool_id)[0].used is None
    touch_template(ground.session, ground.pool_id, template)
    (listed,) = list_templates(ground.session, ground.pool_id)
    assert listed.used is not None
    assert listed.size is not None
    lent = ground.lend(1, 1, "f1")
    drop_template(ground.session, ground.pool_id, listed)
    assert find_template(ground.session, ground.pool_id, "f1") is None
    assert ground.databases() == {lent.name}
    ground.enter(lent).close()


def test_a_spare_that_was_lent_meanwhile_is_not_dropped(ground: Ground) -> None:
    ground.spare()
    (spare,) = list_spares(ground.session, ground.pool_id)
    lent = ground.lend(1, 1)
    drop_spare(ground.session, ground.pool_id, spare)
    ground.enter(lent).close()
    ground.spare()
    (spare,) = list_spares(ground.session, ground.pool_id)
    drop_spare(ground.session, ground.pool_id, spare)
    assert ground.databases() == {lent.name}


def test_a_database_made_anew_has_the_password_and_nothing_of_the_old_one(ground: Ground) -> None:
    ground.build("f1")
    lent = ground.lend(1, 1)
    with ground.enter(lent) as inside:
        inside.execute("CREATE TABLE old (x int)")
        assert renew(ground.session, ground.wanted(1, 1, "f1")) == lent.name
        with pytest.raises(psycopg.OperationalError):
            inside.execute("SELECT 1")
    with ground.enter(lent) as inside:
        assert inside.execute("SELECT to_regclass('old'), to_regclass('menu')::text").fetchone() == (
            None,
            "menu",
        )
        inside.execute(NEXT)
        inside.execute(f'CREATE DATABASE "test_{lent.name}"')
    assert renew(ground.session, ground.wanted(1, 1)) == lent.name
    assert ground.databases() >= {lent.name, f"test_{lent.name}"}
    with ground.enter(lent) as inside:
        assert inside.execute("SELECT to_regclass('menu')").fetchone() == (None,)


def test_an_old_database_that_is_a_template_goes_and_one_in_use_waits_for_the_lease(ground: Ground) -> None:
    lent = ground.lend(1, 1)
    used, unused = (f"{ground.prefix}_gone-{number}" for number in (1, 2))
    with ground.enter(lent) as inside:
        for name in (used, unused):
            inside.execute(f'CREATE DATABASE "{name}" IS_TEMPLATE true')
        inside.execute(f'ALTER DATABASE "{lent.name}" IS_TEMPLATE true')
    with open_session(ground.server.superuser, used):
        renew(ground.session, ground.wanted(1, 1))
        assert ground.databases() == {lent.name, used}
    await_that(
        lambda: not any(found.connections for found in list_ours(ground.session, ground.pool_id)), "it ends"
    )
    drop_lease(ground.session, ground.pool_id, 1)
    assert ground.databases() == set()


def test_a_database_the_holder_dropped_is_made_anew(ground: Ground) -> None:
    lent = ground.lend(1, 1)
    with ground.enter(lent, "postgres") as inside:
        inside.execute(f'DROP DATABASE "{lent.name}"')
    renew(ground.session, ground.wanted(1, 1))
    ground.enter(lent).close()


def test_while_the_holder_hammers_its_database_it_is_made_anew(ground: Ground) -> None:
    lent, over = ground.lend(1, 1), Event()

    def hammer() -> None:
        while not over.is_set():
            try:
                with ground.enter(lent) as inside:
                    inside.execute("SELECT 1")
            except psycopg.OperationalError:
                continue

    hammers = [Thread(target=hammer) for _ in range(3)]
    for thread in hammers:
        thread.start()
    try:
        renew(ground.session, ground.wanted(1, 1))
    finally:
        over.set()
        for thread in hammers:
            thread.join()
    ground.enter(lent).close()


@pytest.mark.parametrize("moment", ["before", "meanwhile"])
def test_what_somebody_else_made_under_the_name_is_left_to_them(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    lent, fresh = ground.lend(1, 1), renewing.fresh
    with open_session(ground.server.superuser) as boss, ExitStack() as over:

        def take_over(*args: Any) -> str:
            boss.do("DROP DATABASE {name}", name=lent.name)
            boss.do("CREATE DATABASE {name}", name=lent.name)
            over.callback(boss.do, "DROP DATABASE {name}", name=lent.name)
            return fresh(*args) if args else ""

        if moment == "before":
            take_over()
        else:
            monkeypatch.setattr(renewing, "fresh", take_over)
        with pytest.raises(NotOurs, match=f"{lent.name} is not this pool's.* belongs to") as refused:
            renew(ground.session, ground.wanted(1, 1))
        assert f'ALTER DATABASE "{lent.name}" RENAME TO' in refused.value.hint
        with open_session(ground.server.superuser, lent.name) as theirs:
            assert theirs.rows("SELECT current_database()::text") == [(lent.name,)]


def test_a_lease_that_is_over_is_not_made_anew(ground: Ground) -> None:
    ground.lend(1, 1)
    fence(ground.session, ground.pool_id, 1)
    assert renew(ground.session, ground.wanted(1, 1)) is None
