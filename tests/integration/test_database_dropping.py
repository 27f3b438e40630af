"""What goes when a lease, a pool or an orphan goes, and what never does."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from isolation.database.catalog import list_ours, list_roles
from isolation.database.comments import Mark
from isolation.database.dropping import drop, drop_lease, drop_pool, set_apart
from isolation.database.errors import DatabaseBusy, NotOurs, RoleInUse
from isolation.database.fencing import fence
from isolation.database.names import template_name
from isolation.database.orphans import drop_orphan, list_orphans
from isolation.database.rights import create_role
from isolation.database.session import open_session
from isolation.database.shutting import shut_public_out
from isolation.database.templates import find_template
from tests.fixtures.patience import await_that
from tests.integration.grounds import Ground


def test_what_frameworks_made_goes_with_the_lease(ground: Ground) -> None:
    lent, other = ground.lend(1, 1), ground.lend(2, 2)
    with ground.enter(lent) as inside:
        for name in (f"test_{lent.name}_gw0", f"{lent.name}-test-1"):
            inside.execute(f'CREATE DATABASE "{name}"')
        inside.execute(f'ALTER DATABASE "test_{lent.name}_gw0" IS_TEMPLATE true')
        inside.execute(f'ALTER DATABASE "{lent.name}-test-1" ALLOW_CONNECTIONS false')
        inside.execute(f"COMMENT ON DATABASE \"{lent.name}\" IS 'mine'")
    ours = list_ours(ground.session, ground.pool_id)
    kinds = {found.name: found.kind for found in ours}
    assert kinds[f"test_{lent.name}_gw0"] == "framework"
    assert all((found.made is None) == (found.kind == "framework") for found in ours)
    assert kinds[lent.name] == "slot"
    drop_lease(ground.session, ground.pool_id, 1)
    assert ground.databases() == {other.name}
    drop_lease(ground.session, ground.pool_id, 1)


def test_names_and_comments_that_are_no_text_stop_nobody(ground: Ground) -> None:
    lent, name = ground.lend(1, 1), f"plain_{secrets.token_hex(4)}"
    provider = "LOCALE_PROVIDER libc" if ground.server.major >= 15 else ""
    with ground.enter(lent) as inside:
        inside.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING SQL_ASCII LOCALE 'C' {provider}")
    with ground.enter(lent, name) as plain:
        plain.execute("SET client_encoding = SQL_ASCII")
        plain.execute(b'CREATE DATABASE "odd \xff%I\xfe"')
        plain.execute(f'COMMENT ON DATABASE {name} IS \'{{"poolmgr":1,"'.encode() + b"\xff\"}'")
    shut_public_out(ground.session, ground.pool_id)
    names = {found.name for found in list_ours(ground.session, ground.pool_id)}
    assert names == {lent.name, name, "odd \\xff%I\\xfe"}
    now = ground.lend(1, 2)  # before whom what the earlier lease left gives way
    drop_lease(ground.session, ground.pool_id, 1)
    assert {found.name for found in list_ours(ground.session, ground.pool_id)} == {now.name}


def test_a_database_somebody_is_in_stays_until_they_leave(ground: Ground) -> None:
    lent = ground.lend(1, 1)
    fence(ground.session, ground.pool_id, 1)
    (found,) = list_ours(ground.session, ground.pool_id)
    with open_session(ground.server.superuser, lent.name):
        with pytest.raises(DatabaseBusy, match="1 connection"):
            drop(ground.session, ground.pool_id, found)
        with pytest.raises(DatabaseBusy, match="1 connection"):
            drop_lease(ground.session, ground.pool_id, 1)
        assert lent.name in ground.databases()
    await_that(lambda: not list_ours(ground.session, ground.pool_id)[0].connections, "its backend is gone")
    drop_lease(ground.session, ground.pool_id, 1)
    assert ground.databases() == set()


def test_a_forged_comment_makes_nothing_ours_and_nobody_elses_theirs(ground: Ground) -> None:
    lent = ground.lend(1, 1)
    forged = f"{ground.prefix}_wt-9"
    with open_session(ground.server.superuser) as other:
        other.do("CREATE DATABASE {name}", name=forged)
        other.do(
            "COMMENT ON DATABASE {name} IS %s", (str(Mark(ground.pool_id, "slot", fence=9)),), name=forged
        )
        with ground.enter(lent) as inside:
            mark = Mark("another pool", "slot", fence=5)
            inside.execute(f"COMMENT ON DATABASE \"{lent.name}\" IS '{mark}'")
        assert list_ours(ground.session, "another pool") == []
        ours = {found.name for found in list_ours(ground.session, ground.pool_id)}
        is_the_owner_ourselves = ground.session.role == other.role
        assert ours == ({lent.name, forged} if is_the_owner_ourselves else {lent.name})
        drop_lease(ground.session, ground.pool_id, 9)
        assert forged in ground.databases()
        other.do("DROP DATABASE {name}", name=forged)


def test_a_database_given_to_somebody_else_is_theirs(ground: Ground) -> None:
    lent = ground.lend(1, 1)
    with ground.enter(lent) as inside:
        inside.execute(f'CREATE DATABASE "keep_{lent.name}"')
    kept = next(found for found in list_ours(ground.session, ground.pool_id) if found.kind == "framework")
    with open_session(ground.server.superuser) as other:
        other.do("ALTER DATABASE {name} OWNER TO {us}", name=kept.name, us=other.role)
        with pytest.raises(NotOurs):
            drop(ground.session, ground.pool_id, kept)
        drop_lease(ground.session, ground.pool_id, 1)
        assert ground.databases() == {kept.name}
        other.do("DROP DATABASE {name}", name=kept.name)


def test_a_name_that_another_lease_took_over_is_not_dropped(ground: Ground) -> None:
    ground.lend(1, 1)
    (old,) = list_ours(ground.session, ground.pool_id)
    new = ground.lend(1, 2)
    assert old.name == new.name
    drop(ground.session, ground.pool_id, old)
    assert ground.databases() == {new.name}
    ground.enter(new).close()


def test_objects_in_a_database_of_others_stay_and_so_does_the_role(ground: Ground) -> None:
    lent, foreign = ground.lend(1, 1), f"x{ground.prefix}_shared"
    with open_session(ground.server.superuser) as other:
        other.do("CREATE DATABASE {name}", name=foreign)
        with open_session(ground.server.superuser, foreign) as inside:
            inside.do("GRANT CREATE ON SCHEMA public TO {role}", role=lent.role)
        with ground.enter(lent, foreign) as visitor:
            visitor.execute("CREATE TABLE precious (x int)")
        with pytest.raises(RoleInUse, match=f"owns something in the database {foreign}"):
            drop_lease(ground.session, ground.pool_id, 1)
        assert ground.databases() == {foreign}
        with open_session(ground.server.superuser, foreign) as inside:
            inside.do("SELECT * FROM public.precious")
            inside.do("ALTER TABLE public.precious OWNER TO {us}", us=inside.role)
        if ground.session.is_superuser:
            drop_lease(ground.session, ground.pool_id, 1)
            assert lent.role not in ground.roles()
            with open_session(ground.server.superuser, foreign) as inside:
                inside.do("SELECT * FROM public.precious")
        other.do("DROP DATABASE {name}", name=foreign)


def test_rights_in_databases_of_others_end_and_shared_ones_too(ground: Ground) -> None:
    lent, foreign = ground.lend(1, 1), f"x{ground.prefix}_shared"
    with open_session(ground.tcp) as other:
        other.do("CREATE DATABASE {name}", name=foreign)
        other.do("GRANT CREATE ON DATABASE {name} TO {role}", name=foreign, role=lent.role)
        with open_session(ground.tcp, foreign) as inside:
            inside.do("CREATE TABLE public.t (x int)")
            inside.do("GRANT SELECT ON public.t TO {role}", role=lent.role)
            inside.do("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {role}", role=lent.role)
        drop_lease(ground.session, ground.pool_id, 1)
        assert ground.roles() == {f"{ground.prefix}_owner"}
        with open_session(ground.tcp, foreign) as inside:
            inside.do("SELECT * FROM public.t")
        other.do("DROP DATABASE {name}", name=foreign)


def test_what_a_slot_made_in_anothers_database_is_that_slots_afterwards(ground: Ground) -> None:
    guest, host = ground.lend(1, 1), ground.lend(2, 2)
    with ground.enter(host) as inside:
        inside.execute("CREATE SCHEMA hosts")
        inside.execute(f'GRANT CONNECT, CREATE ON DATABASE "{host.name}" TO "{guest.role}"')
        inside.execute(f'GRANT ALL ON SCHEMA hosts TO "{guest.role}"')
    with ground.enter(guest, host.name) as inside:
        inside.execute("CREATE SCHEMA guests; CREATE TABLE guests.t (x int); CREATE TABLE hosts.t (x int)")
        inside.execute("CREATE FUNCTION guests.f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    drop_lease(ground.session, ground.pool_id, 1)
    assert guest.role not in ground.roles()
    with ground.enter(host) as inside:
        inside.execute("ALTER TABLE guests.t ADD COLUMN y int; ALTER TABLE hosts.t ADD COLUMN y int")
        inside.execute("DROP SCHEMA guests CASCADE")


def test_nothing_of_a_pool_is_left_and_nothing_else_goes(ground: Ground) -> None:
    ground.build("f1")
    ground.spare("f1")
    ground.lend(1, 1)
    before = {name for (name,) in ground.session.rows("SELECT datname FROM pg_database")} - ground.databases()
    assert drop_pool(ground.session, ground.pool_id) == []
    assert ground.databases() == ground.roles() == set()
    after = {name for (name,) in ground.session.rows("SELECT datname FROM pg_database")}
    assert {"postgres", "template0", "template1"} <= before & after


def test_orphans_are_what_no_live_lease_has(ground: Ground) -> None:
    live, over = ground.lend(1, 1), ground.lend(2, 2)
    with ground.enter(over) as inside:
        inside.execute(f'CREATE DATABASE "test_{over.name}"')
    ground.build("f1")
    spare = ground.spare("f1")
    assert list_orphans(ground.session, ground.pool_id, {1, 2}, 0) == []
    assert list_orphans(ground.session, ground.pool_id, {1}, 1000) == []
    (orphan,) = list_orphans(ground.session, ground.pool_id, {1}, 0)
    assert orphan.name == over.name
    assert {found.name for found in orphan.databases} == {over.name, f"test_{over.name}"}
    drop_orphan(ground.session, ground.pool_id, orphan)
    assert list_orphans(ground.session, ground.pool_id, {1}, 0) == []
    assert {live.name, spare} <= ground.databases()
    ground.enter(live).close()


def test_a_database_that_was_taken_from_its_lease_is_no_orphan_before_the_lease_ends(ground: Ground) -> None:
    lent, us = ground.lend(1, 1), ground.session.role
    ground.session.do("ALTER DATABASE {name} OWNER TO {us}", name=lent.name, us=us)
    assert list_orphans(ground.session, ground.pool_id, {1}, 0) == []
    drop_lease(ground.session, ground.pool_id, 1)
    (orphan,) = list_orphans(ground.session, ground.pool_id, (), 0)
    assert (orphan.name, orphan.why) == (lent.name, "it has no role of the pool")
    drop_orphan(ground.session, ground.pool_id, orphan)


def test_a_half_dropped_database_is_an_orphan_and_goes(ground: Ground) -> None:
    lent = ground.lend(1, 1)
    with ground.enter(lent) as inside:
        inside.execute(f'CREATE DATABASE "test_{lent.name}"')
    # As an interrupted DROP DATABASE leaves it.
    with open_session(ground.server.superuser) as other:
        other.do("SET allow_system_table_mods = on")
        other.do("UPDATE pg_database SET datconnlimit = -2 WHERE datname = %s", (f"test_{lent.name}",))
    (orphan,) = list_orphans(ground.session, ground.pool_id, {1}, 1000)
    assert orphan.why == "its drop was interrupted"
    drop_orphan(ground.session, ground.pool_id, orphan)
    assert ground.databases() == {lent.name}
    with open_session(ground.server.superuser) as other:
        other.do("UPDATE pg_database SET datconnlimit = -2 WHERE datname = %s", (lent.name,))
    again = ground.lend(1, 2)
    assert again.name != lent.name
    drop_lease(ground.session, ground.pool_id, 1)
    assert ground.databases() == {again.name}


def test_a_half_dropped_spare_goes_with_its_role(ground: Ground) -> None:
    ground.build("f1")
    for name in (ground.spare("f1"), ground.spare()):
        with open_session(ground.server.superuser) as other:
            other.do("UPDATE pg_database SET datconnlimit = -2 WHERE datname = %s", (name,))
    for orphan in list_orphans(ground.session, ground.pool_id, (), 1000):
        assert orphan.why == "its drop was interrupted"
        drop_orphan(ground.session, ground.pool_id, orphan)
    assert list_orphans(ground.session, ground.pool_id, (), 0) == []
    assert {role.mark.kind for role in list_roles(ground.session, ground.pool_id)} == {"owner", "template"}


def test_a_half_dropped_template_is_none_and_another_is_built(ground: Ground) -> None:
    ground.build("f1")
    with open_session(ground.server.superuser) as other:
        half = "UPDATE pg_database SET datconnlimit = -2 WHERE datname = %s"
        other.do(half, (template_name(ground.prefix, "f1"),))
    assert find_template(ground.session, ground.pool_id, "f1") is None
    ground.build("f1")
    assert ground.lend(1, 1, "f1").name in ground.databases()
    assert drop_pool(ground.session, ground.pool_id) == []
    assert ground.databases() == set()


@pytest.mark.parametrize("kind", ["template", "spare"])
def test_what_a_killed_drop_had_only_renamed_is_an_orphan_and_goes_with_its_role(
    ground: Ground, kind: str
) -> None:
    ground.build("f1")
    if kind == "spare":
        ground.spare("f1")
    (found,) = (each for each in list_ours(ground.session, ground.pool_id) if each.kind == kind)
    assert set_apart(ground.session, ground.pool_id, found)
    if kind == "template":
        assert find_template(ground.session, ground.pool_id, "f1") is None
        ground.build("f1")
    (orphan,) = list_orphans(ground.session, ground.pool_id, (), 1000)
    assert (orphan.name, orphan.why) == (found.name, "its drop was interrupted")
    drop_orphan(ground.session, ground.pool_id, orphan)
    assert list_orphans(ground.session, ground.pool_id, (), 0) == []
    assert {role.mark.kind for role in list_roles(ground.session, ground.pool_id)} == {"owner", "template"}
    template = find_template(ground.session, ground.pool_id, "f1")
    assert template is not None
    assert ground.databases() == {template.name}


def test_a_role_without_a_database_is_an_orphan(ground: Ground) -> None:
    with ground.session.transaction():
        create_role(
            ground.session, f"{ground.prefix}_new-{secrets.token_hex(4)}", Mark(ground.pool_id, "making")
        )
    (orphan,) = list_orphans(ground.session, ground.pool_id, set(), 1000)
    assert orphan.why == "the command that made it was killed"
    drop_orphan(ground.session, ground.pool_id, orphan)
    assert [role.mark.kind for role in list_roles(ground.session, ground.pool_id)] == ["owner"]


def test_several_drop_one_lease_at_once(ground: Ground) -> None:
    lent = ground.lend(1, 1)
    with ground.enter(lent) as inside:
        inside.execute(f'CREATE DATABASE "test_{lent.name}"')

    def drop_one(_: int) -> None:
        with open_session(ground.tcp) as session:
            drop_lease(session, ground.pool_id, 1)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(drop_one, range(4)))
    assert ground.databases() == set()


def test_a_database_restored_with_its_comment_is_the_one_who_restored_its(ground: Ground) -> None:
    name, mark = f"my_{ground.prefix}", Mark(ground.pool_id, "slot", slot=1, fence=1)
    ground.session.do("CREATE DATABASE {name}", name=name)
    ground.session.do("COMMENT ON DATABASE {name} IS %s", (str(mark),), name=name)
    assert list_ours(ground.session, ground.pool_id) == []
    assert list_orphans(ground.session, ground.pool_id, (), 0) == []
    ground.session.do("DROP DATABASE {name}", name=name)
