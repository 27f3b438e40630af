"""A server that is not as it should be: one sentence, the next command, and no lease. Real servers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from isolation.database.address import Address, url_of
from isolation.database.session import open_session
from tests.e2e.pooled import Json, Pooled
from tests.fixtures.antique import antique_server
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repositories
from tests.fixtures.servers import PostgresServer

SECRET = "hunter2"
ACQUIRE = ("acquire", "--agent", "alice", "--timeout", "0")


@pytest.fixture(scope="module")
def refused(
    home: Path, tmp_path_factory: pytest.TempPathFactory, system_server: PostgresServer
) -> Iterator[Pooled]:
    """A pool of one slot whose server is named later."""
    root = tmp_path_factory.mktemp("refused")
    commands = Commands(root, background=("worker*.lock",))
    pool = Pooled(Repositories(root)("refused"), commands)
    pool.init(1)
    commands.variables["POOLMGR_DATABASE_MODE"] = "auto"
    yield pool
    commands.finish()
    pool.run("cleanup", env={"POOLMGR_DATABASE_DSN": url_of(system_server.admin)})


class Trouble(NamedTuple):
    """A way into a server that does not work, and what is said of it."""

    way: Callable[[PostgresServer], AbstractContextManager[Address]]
    kind: str
    message: str
    hint: str
    code: int = 1


def person(rights: str) -> Callable[[PostgresServer], AbstractContextManager[Address]]:
    """Somebody with these rights."""

    @contextmanager
    def way(server: PostgresServer) -> Iterator[Address]:
        name = f"person_{secrets.token_hex(4)}"
        with open_session(server.superuser) as session:
            session.do(f"CREATE ROLE {{role}} LOGIN {rights} PASSWORD %s", (SECRET,), role=name)
            yield server.admin._replace(user=name, password=SECRET)
            session.do("DROP ROLE {role}", role=name)

    return way


@contextmanager
def stranger(server: PostgresServer) -> Iterator[Address]:
    """Somebody with a wrong password."""
    yield server.admin._replace(password=SECRET)


@contextmanager
def nowhere(_: PostgresServer) -> Iterator[Address]:
    """Where nobody listens."""
    yield Address("127.0.0.1", 1, "nobody", SECRET)


@contextmanager
def guarded(server: PostgresServer) -> Iterator[Address]:
    """By a way that the server does not have."""
    yield server.admin._replace(options=(("sslmode", "require"),))


@contextmanager
def misspelled(server: PostgresServer) -> Iterator[Address]:
    """With a password in which somebody forgot to write %40."""
    yield server.admin._replace(host=f"{SECRET}@{server.admin.host}")


@contextmanager
def past(_: PostgresServer) -> Iterator[Address]:
    """A server of before our time."""
    with antique_server() as port:
        yield Address("127.0.0.1", port, "nobody", SECRET)


TROUBLES = {
    "down": Trouble(nowhere, "database_down", "the PostgreSQL server at 127.0.0.1:1 does not", "start it"),
    "password": Trouble(stranger, "database_password", "does not let admin in: ", "database.dsn"),
    "createdb": Trouble(
        person("CREATEROLE"), "database_right", "{user} has no CREATEDB", 'ALTER ROLE "{user}" CREATEDB'
    ),
    "createrole": Trouble(
        person("CREATEDB"), "database_right", "{user} has no CREATEROLE", 'ALTER ROLE "{user}" CREATEROLE'
    ),
    "clients": Trouble(
        person("CREATEDB CREATEROLE CONNECTION LIMIT 0"), "database_clients", "too many conn", "poolmgr", 75
    ),
    "ssl": Trouble(guarded, "database_dsn", "leads to no connection with the", "sslmode", 2),
    "dsn": Trouble(
        misspelled, "database_dsn", "database.dsn names no possible host", "poolmgr config check", 2
    ),
    "old": Trouble(past, "database_old", "is PostgreSQL 12.22; poolmgr needs 13", "database.dsn"),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_it_is_said_in_one_sentence_and_nothing_is_lent(
    refused: Pooled, system_server: PostgresServer, trouble: Trouble
) -> None:
    with trouble.way(system_server) as address:
        said = refused.refused(*ACQUIRE, code=trouble.code, env={"POOLMGR_DATABASE_DSN": url_of(address)})
    assert said["code"] == trouble.kind
    assert trouble.message.format(user=address.user) in said["message"]
    assert trouble.hint.format(user=address.user) in said["hint"]
    assert said["hint"].endswith("or without a database: --no-database")
    assert SECRET not in str(said)
    assert "\n" not in said["message"]
    assert refused.snapshot().leases == ()
    refused.await_ready(1)


@pytest.mark.parametrize("how", [(), ("--fix",)], ids=["look", "fix"])
def test_doctor_says_how_a_person_mends_what_it_cannot(
    refused: Pooled, system_server: PostgresServer, how: tuple[str, ...]
) -> None:
    with stranger(system_server) as address:
        said = refused.run("doctor", *how, check=False, env={"POOLMGR_DATABASE_DSN": url_of(address)})
    assert "found: database_server" in said.stdout
    assert [line for line in said.stderr.splitlines() if line.startswith("hint: ")] == [
        "hint: put the right user and password where database.dsn stands: poolmgr config show --origin"
    ]


def test_an_init_that_cannot_have_its_databases_makes_nothing(
    unpooled: Pooled, system_server: PostgresServer, tmp_path: Path
) -> None:
    def refuse(**env: str) -> Json:
        said = unpooled.refused("init", env=env)
        assert not unpooled.repo.state.exists()
        assert "\n" not in unpooled.repo.git("worktree", "list")
        assert not list(unpooled.repo.path.parent.glob("*.worktrees"))
        return said

    for trouble in (TROUBLES["down"], TROUBLES["createdb"]):
        with trouble.way(system_server) as address:
            said = refuse(POOLMGR_DATABASE_MODE="auto", POOLMGR_DATABASE_DSN=url_of(address))
            assert said["code"] == trouble.kind
    (tmp_path / "sitecustomize.py").write_text('import sys\nsys.modules["psycopg"] = None\n')
    said = refuse(POOLMGR_DATABASE_MODE="embedded", PYTHONPATH=str(tmp_path))
    assert (said["code"], "psycopg" in said["message"]) == ("database_driver", True)


def test_a_server_without_room_lends_nothing_and_says_the_numbers(
    refused: Pooled, system_server: PostgresServer
) -> None:
    own = {"POOLMGR_DATABASE_DSN": url_of(system_server.admin)}
    said = refused.refused(*ACQUIRE, code=75, env={**own, "POOLMGR_DATABASE_CONNECTIONS": "500"})
    assert said["code"] == "database_full"
    assert "and one more needs 500" in said["message"]
    assert "database.connections" in said["hint"]
    refused.await_ready(1)
    with open_session(system_server.admin) as session:
        assert session.rows("SELECT datname FROM pg_database WHERE datname LIKE 'refused_wt%'") == []


def test_a_shell_that_does_not_know_the_address_gets_no_lease_and_takes_nothing_away(
    refused: Pooled, system_server: PostgresServer
) -> None:
    refused.run("init", env={"POOLMGR_DATABASE_DSN": url_of(system_server.admin)})
    for words in (ACQUIRE, ("cleanup",), ("init",)):
        said = refused.refused(*words, code=2)
        assert "a server of yours" in said["message"], words
        assert said["hint"]
    refused.await_ready(1)
