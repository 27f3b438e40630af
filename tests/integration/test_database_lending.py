"""Databases of leases on real servers, as superuser and as plain admin: lent, isolated, fenced."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from isolation.database.catalog import list_marked, list_ours
from isolation.database.dropping import drop_lease, drop_pool
from isolation.database.errors import AddressWrong, DatabaseFull, NoDatabase, NoRight
from isolation.database.fencing import fence
from isolation.database.lending import Lent, Wanted, lend
from isolation.database.limits import free_connections, require_room
from isolation.database.orphans import list_orphans
from isolation.database.passwords import spare_password
from isolation.database.session import open_session
from isolation.database.shutting import shut_public_out
from isolation.database.spares import count_spares
from tests.fixtures.grounds import ensure_ground
from tests.fixtures.servers import PASSWORD, PostgresServer
from tests.integration.grounds import SECRET, Ground

OTHERS = 50  # connections that other tests on the server may take or give up meanwhile


def test_a_lease_has_its_own_database_under_the_slots_name(ground: Ground) -> None:
    lent = ground.lend(3, 1)
    assert lent.name == lent.role == f"{ground.prefix}_wt-3"
    assert lent.password not in repr(lent)
    with ground.enter(lent) as inside:
        inside.execute("CREATE TABLE t (x int)")
        answer = inside.execute("SELECT current_user, current_database()").fetchone()
    assert answer == (lent.role, lent.name)


def test_a_spare_is_handed_over_and_another_name_is_nowhere(ground: Ground) -> None:
    ground.spare()
    assert count_spares(ground.session, ground.pool_id, "") == 1
    lent = ground.lend(1, 1)
    assert count_spares(ground.session, ground.pool_id, "") == 0
    assert ground.databases() == {lent.name}
    assert ground.roles() == {lent.name, f"{ground.prefix}_owner"}


def test_asked_again_for_one_fence_it_is_the_same_database_with_another_password(ground: Ground) -> None:
    first = ground.lend(1, 1)
    with ground.enter(first) as inside:
        inside.execute("CREATE TABLE t (x int)")
    second = ground.lend(1, 1)
    assert second.name == first.name
    with ground.enter(second) as inside:
        inside.execute("SELECT * FROM t")
    with pytest.raises(psycopg.OperationalError):
        ground.enter(first)


def test_a_fence_that_comes_again_is_another_leases_and_whoever_had_it_is_out(ground: Ground) -> None:
    forgotten = lend(ground.session, ground.wanted(1, 1)._replace(lease="a" * 32))
    with ground.enter(forgotten) as inside:
        inside.execute("CREATE TABLE precious (x int)")
        lent = lend(ground.session, ground.wanted(1, 1)._replace(lease="b" * 32))
        with pytest.raises(psycopg.OperationalError):
            inside.execute("SELECT 1")
    assert lent.name == forgotten.name
    with pytest.raises(psycopg.OperationalError):
        ground.enter(forgotten)
    with ground.enter(lent) as inside:
        assert inside.execute("SELECT to_regclass('precious')").fetchone() == (None,)
    drop_lease(ground.session, ground.pool_id, 1, "b" * 32)
    (kept,) = list_ours(ground.session, ground.pool_id)
    assert (kept.kind, kept.mark.lease) == ("old", "a" * 16)
    (orphan,) = list_orphans(ground.session, ground.pool_id, (), 0)
    assert orphan.databases == (kept,)


def test_what_an_older_version_lent_is_its_leases_still(ground: Ground) -> None:
    first = ground.lend(1, 1)
    again = lend(ground.session, ground.wanted(1, 1)._replace(lease="a" * 32))
    assert again.name == first.name
    assert len(ground.databases()) == 1
    drop_lease(ground.session, ground.pool_id, 1, "a" * 32)
    assert ground.databases() == set()


def test_other_slots_are_refused_by_the_server(ground: Ground) -> None:
    one, other = ground.lend(1, 1), ground.lend(2, 2)
    ground.build("f1")
    spare = ground.spare("f1")
    template = next(
        each.name for each in list_ours(ground.session, ground.pool_id) if each.kind == "template"
    )
    for name in (one.name, spare, template):
        with pytest.raises(psycopg.OperationalError, match=r"permission denied|not currently accepting"):
            ground.enter(other, name)
    with ground.enter(one) as victim, ground.enter(other) as inside:
        refused = [
            f'DROP DATABASE "{one.name}"',
            f'DROP DATABASE "{template}"',
            f'ALTER DATABASE "{one.name}" OWNER TO "{other.role}"',
            f'ALTER DATABASE "{template}" ALLOW_CONNECTIONS true',
            f'CREATE DATABASE x TEMPLATE "{one.name}"',
            f'CREATE DATABASE x TEMPLATE "{template}"',
            f'CREATE DATABASE x TEMPLATE "{spare}"',
            f"SELECT pg_terminate_backend({victim.info.backend_pid})",
            f'ALTER ROLE "{one.role}" PASSWORD NULL',
            f'COMMENT ON ROLE "{other.role}" IS NULL',
            f'SET ROLE "{one.role}"',
            f'SET ROLE "{ground.prefix}_owner"',
            "CREATE ROLE more",
            f'ALTER ROLE "{other.role}" CONNECTION LIMIT 50',
        ]
        for statement in refused:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                inside.execute(statement)
        victim.execute("SELECT 1")


def test_the_connection_limit_is_the_servers(ground: Ground) -> None:
    lent = lend(ground.session, ground.wanted(1, 1, connections=2))
    with (
        ground.enter(lent),
        ground.enter(lent),
        pytest.raises(psycopg.OperationalError, match="too many connections"),
    ):
        ground.enter(lent)


def test_what_does_not_fit_the_servers_connections_is_refused_and_nothing_is_left(ground: Ground) -> None:
    with pytest.raises(DatabaseFull, match="one more needs 10000"):
        lend(ground.session, ground.wanted(1, 1, connections=10_000))
    assert ground.databases() == set()


def test_the_last_holder_is_out_when_the_lease_ends(ground: Ground) -> None:
    lent = ground.lend(1, 1)
    inside, elsewhere = ground.enter(lent), ground.enter(lent, "postgres")
    fence(ground.session, ground.pool_id, 1)
    for connection in (inside, elsewhere):
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        ground.enter(lent)
    assert lent.name in ground.databases()
    fence(ground.session, ground.pool_id, 1)


def test_a_slots_next_lease_gets_the_name_although_the_last_ones_database_is_there(ground: Ground) -> None:
    old = ground.lend(1, 1)
    with ground.enter(old) as inside:
        inside.execute("CREATE TABLE precious (x int)")
        inside.execute(f'CREATE DATABASE "test_{old.name}"')
    fence(ground.session, ground.pool_id, 1)
    new = ground.lend(1, 2)
    with ground.enter(new) as inside:
        inside.execute(f'CREATE DATABASE "test_{new.name}"')
    assert new.name == old.name
    with ground.enter(new) as inside:
        assert inside.execute("SELECT to_regclass('precious')").fetchone() == (None,)
    assert len(ground.databases()) == 4
    drop_lease(ground.session, ground.pool_id, 1)
    assert ground.databases() == {new.name, f"test_{new.name}"}
    ground.enter(new).close()


def test_a_former_lease_that_comes_late_takes_nothing_from_the_next(ground: Ground) -> None:
    now = ground.lend(3, 2)
    late = ground.lend(3, 1)
    assert now.name == f"{ground.prefix}_wt-3" != late.name
    with ground.enter(now) as inside:
        assert inside.execute("SELECT current_database()").fetchone() == (now.name,)


def test_a_slot_that_made_a_database_of_anothers_name_keeps_it_and_stops_nobody(ground: Ground) -> None:
    squatter = ground.lend(1, 1)
    with ground.enter(squatter) as inside:
        inside.execute(f'CREATE DATABASE "{ground.prefix}_wt-2"')
        inside.execute(f'COMMENT ON DATABASE "{ground.prefix}_wt-2" IS NULL')
    lent = ground.lend(2, 2)
    assert lent.name.startswith(f"{ground.prefix}_wt-2-")
    ground.enter(lent).close()
    assert f"{ground.prefix}_wt-2" in ground.databases()
    drop_lease(ground.session, ground.pool_id, 1)
    assert ground.databases() == {lent.name}


def test_a_database_of_somebody_else_with_a_slots_name_stays(ground: Ground) -> None:
    name = f"{ground.prefix}_wt-1"
    with open_session(ground.server.superuser) as other:
        other.do("CREATE DATABASE {name}", name=name)
        try:
            lent = ground.lend(1, 1)
            assert lent.name.startswith(f"{name}-")
            drop_lease(ground.session, ground.pool_id, 1)
            assert drop_pool(ground.session, ground.pool_id) == []
            assert ground.databases() == {name}
        finally:
            other.do("DROP DATABASE {name}", name=name)


def test_many_lend_at_once_and_none_gets_anothers(ground: Ground) -> None:
    for _ in range(3):
        ground.spare()

    def lend_one(number: int) -> Lent:
        with open_session(ground.tcp) as session:
            return lend(session, ground.wanted(number, number, connections=2))

    with ThreadPoolExecutor(6) as threads:
        lent = list(threads.map(lend_one, range(1, 7)))
    assert [each.name for each in lent] == [f"{ground.prefix}_wt-{number}" for number in range(1, 7)]
    for each in lent:
        with ground.enter(each) as inside:
            owner = inside.execute(
                "SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()"
            ).fetchone()
        assert owner == (f'"{each.role}"',)
    assert ground.databases() == {each.name for each in lent}


def test_a_lease_whose_template_is_gone_gets_nothing(ground: Ground) -> None:
    with pytest.raises(NoDatabase, match="is gone"):
        ground.lend(1, 1, "nothing")
    assert ground.databases() == set()


def test_two_pools_of_one_name_on_a_server_never_meet_but_share_its_connections(ground: Ground) -> None:
    other_id = secrets.token_hex(8)
    prefix = ensure_ground(ground.session, other_id, ground.prefix, embedded=False)
    assert prefix.startswith(f"{ground.prefix}-")
    try:
        other = ground._replace(pool_id=other_id, prefix=prefix)
        mine, theirs = ground.lend(1, 1), other.lend(1, 1)
        assert [found.name for found in list_ours(ground.session, ground.pool_id)] == [mine.name]
        assert [found.name for found in list_ours(ground.session, other_id)] == [theirs.name]
        marked = [
            role for role in list_marked(ground.session) if role.mark.pool in (ground.pool_id, other_id)
        ]
        said = rf"10 of them promised to 2 \(1 of other pools: {theirs.name}\), and one more needs 10000"
        with pytest.raises(DatabaseFull, match=said):
            require_room(ground.session, ground.pool_id, marked, 10_000)
        room = free_connections(ground.session, marked, 2) - 10
        require_room(ground.session, ground.pool_id, marked, room - OTHERS)
        with pytest.raises(DatabaseFull):
            require_room(ground.session, ground.pool_id, marked, room + OTHERS)
        unlimited = [role._replace(limit=-1) if role.mark.pool == other_id else role for role in marked]
        with pytest.raises(DatabaseFull, match=r"5 of them promised to 1, and"):
            require_room(ground.session, ground.pool_id, unlimited, 10_000)
    finally:
        assert drop_pool(ground.session, other_id) == []
    ground.enter(mine).close()


def test_all_commands_of_a_pool_come_by_one_database_while_it_is_there(ground: Ground) -> None:
    name = f"x{ground.prefix}_entry"
    with open_session(ground.tcp) as here:
        here.do("CREATE DATABASE {name}", name=name)
        with open_session(ground.tcp, name) as there:
            with pytest.raises(
                AddressWrong, match=f"names the database {name}, .* by the database postgres"
            ) as caught:
                ensure_ground(there, ground.pool_id, "shop", embedded=False)
            assert "name the database postgres" in caught.value.hint
            prefix = ensure_ground(there, "of another", "shop", embedded=False)
        here.do("DROP DATABASE {name}", name=name)
        assert ensure_ground(here, "of another", "shop", embedded=False) == prefix
        assert drop_pool(here, "of another") == []


def test_two_processes_claim_one_prefix(ground: Ground) -> None:
    pool_id = secrets.token_hex(8)

    def claim(_: int) -> str:
        with open_session(ground.tcp) as session:
            return ensure_ground(session, pool_id, f"c{pool_id}", embedded=False)

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(claim, range(4))) == {f"c{pool_id}"}
    assert drop_pool(ground.session, pool_id) == []


def test_another_admin_of_the_pool_acts_for_everything_or_is_told_why_not(
    system_server: PostgresServer, embedded_server: PostgresServer
) -> None:
    for server in (system_server, embedded_server):
        pool_id, second = secrets.token_hex(8), f"second{secrets.token_hex(4)}"
        with open_session(server.superuser) as session, open_session(server.admin) as first:
            session.do("CREATE ROLE {role} LOGIN CREATEDB CREATEROLE PASSWORD %s", (PASSWORD,), role=second)
            try:
                prefix = ensure_ground(first, pool_id, f"a{pool_id}", embedded=False)
                lend(first, Wanted(prefix, pool_id, 1, 1, 1, "", 5))
                with open_session(server.admin._replace(user=second)) as other:
                    if server.major < 16:
                        assert ensure_ground(other, pool_id, "a", embedded=False) == prefix
                        assert drop_pool(other, pool_id) == []
                    else:
                        with pytest.raises(NoRight, match=f"{second} is not a member of {prefix}"):
                            ensure_ground(other, pool_id, "a", embedded=False)
            finally:
                assert drop_pool(first, pool_id) == []
                session.do("DROP ROLE {role}", role=second)


@pytest.mark.parametrize(
    ("has", "lacks"),
    [("CREATEROLE", "CREATEDB"), ("CREATEDB", "CREATEROLE"), ("CREATEDB CREATEROLE NOINHERIT", "INHERIT")],
)
def test_an_admin_without_a_right_is_told_which(any_server: PostgresServer, has: str, lacks: str) -> None:
    if lacks == "INHERIT" and any_server.major >= 16:
        pytest.skip("from 16 on every grant says for itself whether it is inherited")
    role = f"poor{secrets.token_hex(4)}"
    with open_session(any_server.superuser) as session:
        session.do(f"CREATE ROLE {{role}} LOGIN {has} PASSWORD %s", (PASSWORD,), role=role)
        try:
            with (
                open_session(any_server.admin._replace(user=role)) as poor,
                pytest.raises(NoRight, match=f"{role} has no {lacks}") as refusal,
            ):
                ensure_ground(poor, "p", "p", embedded=False)
            assert refusal.value.hint == f'as superuser: ALTER ROLE "{role}" {lacks}'
        finally:
            session.do("DROP ROLE {role}", role=role)


def test_a_spare_lends_with_the_password_it_was_built_with_and_only_then(ground: Ground) -> None:
    spare = ground.spare()
    password = spare_password(SECRET, spare)
    with pytest.raises(psycopg.OperationalError):
        ground.log_in(spare, password, spare)
    lent = ground.lend(1, 1)
    assert lent.password == password
    ground.enter(lent).close()
    ground.spare()
    other = lend(ground.session, ground.wanted(2, 2)._replace(secret="another"))
    ground.enter(other).close()
    assert count_spares(ground.session, ground.pool_id, "") == 0
    assert "another" not in repr(ground.wanted(2, 2)._replace(secret="another"))


def test_what_a_slot_makes_for_itself_is_closed_to_others(ground: Ground) -> None:
    one, other = ground.lend(1, 1), ground.lend(2, 2)
    with ground.enter(one, "postgres") as outside:
        outside.execute(f'DROP DATABASE "{one.name}"')
        outside.execute(f'CREATE DATABASE "{one.name}"')
        outside.execute(f'CREATE DATABASE "test_{one.name}"')
    ground.enter(other, one.name).close()
    assert set(shut_public_out(ground.session, ground.pool_id)) == {one.name, f"test_{one.name}"}
    for name in (one.name, f"test_{one.name}"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            ground.enter(other, name)
        ground.enter(one, name).close()
    assert shut_public_out(ground.session, ground.pool_id) == []
