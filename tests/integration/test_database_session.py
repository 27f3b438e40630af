"""The one door to PostgreSQL, against real servers: names, values, errors, hostile settings."""

from __future__ import annotations

import secrets
from contextlib import suppress

import pytest

from isolation.database.address import Address, parse_dsn, url_of
from isolation.database.errors import (
    AddressWrong,
    CommandFailed,
    DatabaseError,
    NoDatabase,
    NoRight,
    ServerBusy,
    ServerDown,
    TooManyClients,
    WrongPassword,
)
from isolation.database.session import open_session, parameters_of
from isolation.database.turns import TURN, turn
from isolation.database.visiting import inside
from tests.fixtures.patience import await_that
from tests.fixtures.pooler import pooled
from tests.fixtures.servers import PASSWORD, PostgresServer

HOSTILE = """we"ird 'nämé' {x} %s \\"""


def test_names_and_values_of_any_kind_are_taken_as_they_are(any_server: PostgresServer) -> None:
    role = f"{HOSTILE}{secrets.token_hex(4)}"
    with open_session(any_server.superuser) as session:
        session.do("CREATE ROLE {role} LOGIN PASSWORD %s", (PASSWORD,), role=role)
        session.do("COMMENT ON ROLE {role} IS %s", ('{"a": "100%"}',), role=role)
        try:
            assert session.rows("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)) == [(1,)]
            assert session.rows("SELECT '100%'") == [("100%",)]
            with open_session(any_server.boss._replace(user=role)) as other:
                assert other.role == role
                assert not other.is_superuser
        finally:
            session.do("DROP ROLE {role}", role=role)


def test_a_url_of_an_address_is_read_as_that_address(any_server: PostgresServer) -> None:
    address = any_server.admin._replace(dbname="postgres", options=(("sslmode", "disable"),))
    assert parse_dsn(url_of(address)) == address
    with open_session(parse_dsn(url_of(address))) as session:
        assert (session.role, session.dbname, session.major) == ("admin", "postgres", any_server.major)


def test_a_socket_has_a_url_too(any_server: PostgresServer) -> None:
    assert parse_dsn(url_of(any_server.superuser)) == any_server.superuser._replace(name="")


def test_variables_of_the_slot_lead_nowhere_else(
    any_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PGHOST": "192.0.2.1", "PGHOSTADDR": "192.0.2.1", "PGPORT": "1", "PGUSER": "nobody",
        "PGPASSWORD": "wrong", "PGDATABASE": "nothing", "PGSERVICE": "none", "PGOPTIONS": "-c nonsense=1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with open_session(any_server.superuser) as session:
        assert session.role == "poolmgr"
    with pytest.raises(WrongPassword):
        open_session(any_server.admin._replace(password="")).__enter__()


def test_a_database_cannot_change_what_our_statements_mean(any_server: PostgresServer) -> None:
    name = f"trap_{secrets.token_hex(4)}"
    with open_session(any_server.superuser) as session:
        session.do("CREATE DATABASE {name}", name=name)
        try:
            for setting in (
                "search_path = public, pg_catalog", "default_transaction_read_only = on", "role = 'admin'",
                "statement_timeout = 1", "lock_timeout = 1", "idle_session_timeout = 1",
                *(["transaction_timeout = 1"] if session.major >= 17 else []),
            ):  # fmt: skip
                session.do(f"ALTER DATABASE {{name}} SET {setting}", name=name)
            with inside(session, name) as visit:
                shown = {
                    word: visit.rows(f"SELECT current_setting('{word}')")[0][0]
                    for word in ("search_path", "default_transaction_read_only", "role", "statement_timeout")
                }
                assert visit.rows("SELECT pg_sleep(0.01), current_user")[0][1:] == ("poolmgr",)
            assert shown == {
                "search_path": "pg_catalog", "default_transaction_read_only": "off", "role": "none",
                "statement_timeout": "15min",
            }  # fmt: skip
        finally:
            session.do("DROP DATABASE {name}", name=name)


def test_statements_of_a_transaction_take_effect_all_or_none(any_server: PostgresServer) -> None:
    role = f"half_{secrets.token_hex(4)}"
    with open_session(any_server.superuser) as session:
        with suppress(CommandFailed), session.transaction():
            session.do("CREATE ROLE {role}", role=role)
            session.do("SELECT 1/0")
        assert session.rows("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)) == []


def test_who_is_stopped_in_a_turn_is_put_out_and_the_others_go_on(any_server: PostgresServer) -> None:
    with open_session(any_server.admin) as stopped, open_session(any_server.boss) as other:
        held = turn(stopped)
        held.__enter__()
        limit = stopped.rows("SELECT current_setting('idle_in_transaction_session_timeout')")
        assert limit == [("20s",)]
        with pytest.raises(ServerBusy, match="holds what is needed") as caught:
            other.do(f"SET lock_timeout = 20; SELECT pg_advisory_lock({TURN})")
        assert caught.value.exit_code == 75
        stopped.do("SET LOCAL idle_in_transaction_session_timeout = 100")
        other.do("RESET lock_timeout")
        with turn(other):
            pass
        with pytest.raises(DatabaseError):
            held.__exit__(None, None, None)


def test_what_a_client_that_is_gone_left_running_ends_by_itself(any_server: PostgresServer) -> None:
    if any_server.major < 14:
        pytest.skip("this server does not look whether its clients are there")
    with open_session(any_server.admin) as session, inside(session, "template1") as visit:
        for each in (session, visit):
            assert each.rows("SHOW client_connection_check_interval") == [("5s",)]


def test_who_waits_for_long_keeps_the_connection_whatever_the_server_sets(
    any_server: PostgresServer,
) -> None:
    role = f"slow_{secrets.token_hex(4)}"
    settings = {14: "idle_session_timeout", 17: "transaction_timeout"}
    with open_session(any_server.superuser) as boss:
        boss.do("CREATE ROLE {role} LOGIN PASSWORD %s", (PASSWORD,), role=role)
        try:
            for since, name in settings.items():
                if since <= boss.major:
                    boss.do(f"ALTER ROLE {{role}} SET {name} = '1s'", role=role)
            with open_session(any_server.admin._replace(user=role)) as session:
                idle = "SELECT 1 FROM pg_stat_activity WHERE usename = %s AND state = 'idle'"
                long = f"{idle} AND state_change < clock_timestamp() - interval '1.5 seconds'"
                await_that(lambda: boss.rows(long, (role,)) or not boss.rows(idle, (role,)), "it idled")
                with session.transaction():
                    assert session.rows("SELECT pg_sleep(1.5), current_user::text")[0][1] == role
        finally:
            boss.do("DROP ROLE {role}", role=role)


def test_a_dsn_says_how_long_a_lost_server_is_waited_for_and_else_we_do() -> None:
    address = Address("db.example", 5432, "shop")
    assert parameters_of(address, 5)["tcp_user_timeout"] == 60_000
    said = parse_dsn("postgresql://shop@db.example/postgres?tcp_user_timeout=1000&keepalives_idle=5")
    chosen = parameters_of(said, 5)
    assert (chosen["tcp_user_timeout"], chosen["keepalives_idle"]) == ("1000", "5")
    assert chosen["keepalives_count"] == 3


def test_a_dsn_does_not_say_who_we_are(any_server: PostgresServer) -> None:
    address = any_server.admin._replace(options=(("application_name", "app"), ("client_encoding", "LATIN1")))
    with open_session(address) as session:
        names = "current_setting('application_name'), current_setting('client_encoding')"
        assert session.rows(f"SELECT {names}") == [("poolmgr", "UTF8")]


def test_every_refusal_has_its_own_error(any_server: PostgresServer) -> None:
    assert refusal(any_server.admin._replace(password="wrong")) is WrongPassword
    assert refusal(any_server.admin._replace(user="unknown")) is WrongPassword
    assert refusal(any_server.admin._replace(dbname="unknown")) is NoDatabase
    assert refusal(any_server.admin._replace(port=1)) is ServerDown
    assert refusal(any_server.admin._replace(host="/nowhere")) is ServerDown
    with open_session(any_server.admin) as session:
        with pytest.raises(NoRight) as caught:
            session.do("ALTER SYSTEM SET work_mem = '1MB'")
        assert caught.value.sqlstate == "42501"
        with pytest.raises(CommandFailed) as failed:
            session.do("CREATE DATABASE postgres")
        assert failed.value.sqlstate == "42P04"


def test_who_may_not_connect_is_told_the_right_that_is_missing(any_server: PostgresServer) -> None:
    name = f"shut_{secrets.token_hex(4)}"
    with open_session(any_server.superuser) as session:
        session.do("CREATE DATABASE {name}", name=name)
        session.do("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC", name=name)
        with pytest.raises(NoRight, match=f'refuses: permission denied for database "{name}"$') as caught:
            open_session(any_server.admin, name).__enter__()
        assert f'GRANT CONNECT ON DATABASE "{name}" TO "admin"' in caught.value.hint
        session.do("DROP DATABASE {name}", name=name)


def test_a_role_at_its_limit_is_too_many_clients(any_server: PostgresServer) -> None:
    role = f"full_{secrets.token_hex(4)}"
    with open_session(any_server.superuser) as session:
        session.do("CREATE ROLE {role} LOGIN CONNECTION LIMIT 1 PASSWORD %s", (PASSWORD,), role=role)
        try:
            address = any_server.boss._replace(user=role)
            with open_session(address):
                assert refusal(address) is TooManyClients
        finally:
            session.do("DROP ROLE {role}", role=role)


def test_a_session_that_the_server_ended_says_that_it_is_down(any_server: PostgresServer) -> None:
    with open_session(any_server.superuser) as boss, open_session(any_server.admin) as session:
        pid = session.rows("SELECT pg_backend_pid()")[0][0]
        boss.do("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(ServerDown):
            session.do("SELECT 1")


def test_a_pooler_that_drops_our_settings_is_refused(embedded_server: PostgresServer) -> None:
    with pooled(embedded_server.admin) as address:
        assert refusal(address) is AddressWrong


def test_no_error_shows_a_password(any_server: PostgresServer) -> None:
    address = any_server.boss._replace(password="hunter2-wrong")
    with pytest.raises(DatabaseError) as caught, open_session(address):
        pass
    assert "hunter2" not in f"{caught.value} {caught.value.hint} {address!r} {address}"
    with open_session(any_server.boss) as session:
        with pytest.raises(DatabaseError) as caught:
            session.do("ALTER ROLE {role} PASSWORD %s", ("hunter2-new",), role="nobody-of-this-name")
        assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def refusal(address: Address) -> type[DatabaseError]:
    """The kind of error that keeps us out."""
    with pytest.raises(DatabaseError) as caught, open_session(address):
        pass
    return caught.type
