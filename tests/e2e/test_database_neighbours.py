"""Two pools of one name, and an odd one, on one server. Real repositories, a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from isolation.database.address import Address, url_of
from isolation.database.errors import DatabaseError
from isolation.database.session import open_session
from tests.e2e.pooled import Json, Pooled, variables
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repositories
from tests.fixtures.servers import PostgresServer

NAME = 'My-Shop\'s Ünïté; 50% "off"'


@pytest.fixture
def neighbours(tmp_path: Path, run_cli: Commands, system_server: PostgresServer) -> Iterator[list[Pooled]]:
    """Two repositories that know nothing of each other, with a slot each."""
    run_cli.background = ("worker*.lock",)
    run_cli.variables |= variables(
        DATABASE_DSN=url_of(system_server.admin), DATABASE_MODE="auto", DATABASE_SPARES="0"
    )
    pools = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        pools.append(Pooled(Repositories(tmp_path / place)(NAME, commits=1), run_cli))
        pools[-1].init(1)
    yield pools
    run_cli.settle()
    for pool in pools:
        pool.run("cleanup", "--rescue")


def address_of(pool: Pooled, lent: Json) -> Address:
    """The way into a lease's database."""
    said = pool.ask("db", "url", lent["slot"])
    return Address(said["host"], said["port"], said["user"], said["password"], said["database"])


def test_neither_sees_enters_or_drops_what_is_the_others(neighbours: list[Pooled]) -> None:
    here, there = neighbours
    ours, theirs = here.acquire(), there.acquire()
    assert ours["database"] == "my_shop_s_unite_50_off_wt-1"
    assert theirs["database"] != ours["database"]
    for pool, lent in ((here, ours), (there, theirs)):
        assert [each["name"] for each in pool.ask("db", "status")["databases"]] == [lent["database"]]
        assert pool.ask("db", "orphans")["orphans"] == []
    with pytest.raises(DatabaseError), open_session(address_of(here, ours), theirs["database"]):
        pass
    here.run("cleanup", "--rescue")
    with open_session(address_of(there, theirs)) as session:
        name = f"test_{theirs['database']}_gw15"
        session.do("CREATE DATABASE {name}", name=name)
        found = session.rows("SELECT datname::text FROM pg_database WHERE datname ~ '^(test_)?my_shop_s'")
        assert sorted(found) == sorted([(theirs["database"],), (name,)])
    here.init(1)
