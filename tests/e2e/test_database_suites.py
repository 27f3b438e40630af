"""Slots that work at the same time: migrations, a parallel test suite and psql in each. Real servers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from isolation.database.address import Address, url_of
from isolation.database.catalog import list_ours, list_roles
from isolation.database.embedded.place import Home
from isolation.database.embedded.server import find_running, remove_server
from isolation.database.session import open_session
from tests.e2e.pooled import Json, Pooled, end_of, variables
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repositories
from tests.fixtures.servers import PostgresServer

# Every worker makes a database of its own, as pytest-django does, and writes into the slot's, too.
SUITE = """\
import os, psycopg, pytest

@pytest.fixture(scope="session")
def places(worker_id):
    name = f"test_{os.environ['PGDATABASE']}_{worker_id}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as slots:
        slots.execute(f'CREATE DATABASE "{name}"')
        with psycopg.connect(dbname=name, autocommit=True) as own:
            own.execute("CREATE TABLE users (name text)")
            yield slots, own

@pytest.mark.parametrize("turn", range(16))
def test_rows(places, turn):
    slot = os.environ["POOLMGR_SLOT"]
    for place in places:
        place.execute("INSERT INTO users (name) VALUES (%s)", (slot,))
        assert place.execute("SELECT DISTINCT name FROM users").fetchall() == [(slot,)]
"""
FILES = {
    ".gitignore": "__pycache__/\n",
    "db/001.sql": "CREATE TABLE users (id serial PRIMARY KEY, name text);\n",
    "db/002.sql": "ALTER TABLE users ADD email text;\n",
    "suite.py": SUITE,
}
MOST_WORKERS = 8
GIVEN = 2 * MOST_WORKERS  # ten slots of so many connections fit into the tests' server


class Crowd(NamedTuple):
    """A pool in use to the last slot, and how a superuser comes into its server."""

    pool: Pooled
    slots: int
    workers: int
    superuser: Address


@pytest.fixture(params=["given", "own"])
def crowd(
    request: pytest.FixtureRequest, share: float, make_repo: Repositories, run_cli: Commands
) -> Iterator[Crowd]:
    """Ten slots of eight workers with `--all`, else three of two; the template has one of two migrations."""
    slots, workers = (10, MOST_WORKERS) if share == 1.0 else (3, 2)
    run_cli.background = ("worker*.lock",)
    run_cli.variables |= variables(
        DATABASE_MODE="embedded",
        DATABASE_TEMPLATE_MIGRATIONS="db/001.sql",
        DATABASE_TEMPLATE_RUN="psql -q -f db/001.sql",
    )
    server: PostgresServer | None = None
    if request.param == "given":
        server = request.getfixturevalue("system_server")
        assert server
        run_cli.variables |= variables(
            DATABASE_MODE="server", DATABASE_DSN=url_of(server.admin), DATABASE_CONNECTIONS=str(GIVEN)
        )
    pool = Pooled(make_repo("crowd", files=FILES, commits=1), run_cli)
    pool.init(slots)
    home = Home(pool.repo.state)
    own = find_running(home)
    superuser = server.superuser if server else own and own.address
    assert superuser
    yield Crowd(pool, slots, workers, superuser)
    run_cli.finish()
    remove_server(home)


def at_once(pool: Pooled, commands: Iterable[tuple[str, ...]]) -> list[Json]:
    """What commands answer that run side by side."""
    ended = [end_of(process, patience=300) for process in [pool.start(*words) for words in commands]]
    assert [each.stderr for each in ended if each.code] == []
    return [json.loads(each.stdout) for each in ended]


def work_in(pool: Pooled, lent: list[Json], *words: str) -> None:
    """A program in every slot, all of them at once."""
    running = [pool.start("run", "--", *words, cwd=each["path"]) for each in lent]
    ended = [end_of(process, patience=300) for process in running]
    assert [each.stdout + each.stderr for each in ended if each.code] == []


def ask_psql(pool: Pooled, lent: Json, *words: str) -> str:
    """What psql says in a slot's database."""
    return pool.run("db", "psql", lent["slot"], "--", "-XAtq", *words).stdout.strip()


@pytest.mark.battery
@pytest.mark.timeout(900)
def test_suites_in_every_slot_at_once_see_nothing_of_each_other_and_leave_nothing(crowd: Crowd) -> None:
    pool, numbers = crowd.pool, range(crowd.slots)
    lent = at_once(pool, [("acquire", "--agent", f"agent{number}", "--json") for number in numbers])
    assert len({each["database"] for each in lent}) == crowd.slots
    with open_session(crowd.superuser) as session:
        (granted,) = session.rows("SELECT sum(rolconnlimit) FROM pg_roles WHERE rolconnlimit > 0")[0]
        (most,) = session.rows("SELECT current_setting('max_connections')::int")[0]
    assert granted < most
    for each in lent:
        ask_psql(pool, each, "-f", str(Path(each["path"], "db/002.sql")))
    work_in(pool, lent, sys.executable, "-m", "pytest", "-q", "-n", str(crowd.workers), "suite.py")
    for each in lent:
        rows = ask_psql(pool, each, "-c", "SELECT name, count(*), count(email) FROM users GROUP BY 1")
        assert rows == f"{each['slot']}|16|0"
    at_once(pool, [("release", each["slot"], "--json") for each in lent])
    pool.await_ready(crowd.slots)
    pool.cli.settle()
    pool_id = json.loads((pool.repo.state / "pool.json").read_bytes())["pool_id"]
    with open_session(crowd.superuser) as session:
        kinds = {found.kind for found in list_ours(session, pool_id, sized=False)}
        assert kinds <= {"template", "spare"}
        made_by_tests = "SELECT datname FROM pg_database WHERE datname LIKE 'test\\_crowd%'"
        assert session.rows(made_by_tests) == []
        assert pool.ask("db", "orphans")["orphans"] == []
        pool.run("cleanup")
        if pool.cli.variables["POOLMGR_DATABASE_MODE"] == "server":
            assert (list_ours(session, pool_id), list_roles(session, pool_id)) == ([], [])
