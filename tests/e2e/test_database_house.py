"""What is owed, lost or nobody's on a server of the user's, and how it is put right."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from isolation.database import dropping, lending
from isolation.database.address import Address, url_of
from isolation.database.catalog import Found, list_ours, list_roles
from isolation.database.session import Session, open_session
from tests.e2e.pooled import Json, Pooled
from tests.fixtures.commands import Commands, is_free
from tests.fixtures.patience import await_that
from tests.fixtures.repositories import Repositories
from tests.fixtures.servers import PostgresServer

SLOTS = 2
NOBODY = Address("127.0.0.1", 1, "nobody", "none")


@pytest.fixture(scope="module")
def served(
    home: Path, tmp_path_factory: pytest.TempPathFactory, embedded_server: PostgresServer
) -> Iterator[Pooled]:
    """A pool whose databases are on the tests' own server, as a plain admin."""
    root = tmp_path_factory.mktemp("served")
    commands = Commands(root, background=("worker*.lock",))
    pool = Pooled(Repositories(root)("served"), commands)
    commands.variables |= {
        "POOLMGR_DATABASE_MODE": "server",
        "POOLMGR_DATABASE_DSN": url_of(embedded_server.admin),
        "POOLMGR_DATABASE_CONNECTIONS": "5",
        "POOLMGR_DATABASE_SPARES": "1",
    }
    pool.init(SLOTS)
    yield pool
    pool.run("cleanup", "--rescue", check=False)
    commands.finish()


@pytest.fixture
def pool(served: Pooled) -> Iterator[Pooled]:
    """The same, everything given back afterwards."""
    yield served
    for lease in served.snapshot().leases:
        served.run("release", served.snapshot().slot_of(lease).name, "--rescue")
    served.await_ready(SLOTS)


@pytest.fixture
def session(embedded_server: PostgresServer) -> Iterator[Session]:
    """The server as its admin sees it."""
    with open_session(embedded_server.admin) as opened:
        yield opened


def pool_id(pool: Pooled) -> str:
    """Whose databases they are."""
    import json

    return str(json.loads((pool.repo.state / "pool.json").read_bytes())["pool_id"])


def lent_on(session: Session, pool: Pooled) -> list[Found]:
    """What leases have on the server."""
    return [found for found in list_ours(session, pool_id(pool)) if found.kind in ("slot", "old")]


def enter(pool: Pooled, slot: str) -> str:
    """Who a holder is on the server."""
    said = pool.ask("db", "url", slot)
    address = Address(said["host"], said["port"], said["user"], said["password"], said["database"])
    with open_session(address) as own:
        return str(own.rows("SELECT current_user::text")[0][0])


@contextmanager
def unreachable(pool: Pooled) -> Iterator[None]:
    """Commands find no server."""
    kept = pool.cli.variables["POOLMGR_DATABASE_DSN"]
    pool.cli.variables["POOLMGR_DATABASE_DSN"] = url_of(NOBODY)
    try:
        yield
    finally:
        pool.cli.variables["POOLMGR_DATABASE_DSN"] = kept


def test_without_its_server_a_slot_is_given_back_and_its_database_dropped_later(
    pool: Pooled, session: Session
) -> None:
    lent = pool.acquire()
    pool.cli.settle()  # no worker is left that knows the way
    with unreachable(pool):
        pool.release(lent["slot"])
        pool.await_ready(SLOTS)
        pool.cli.settle()
    assert [found.name for found in lent_on(session, pool)] == [lent["database"]]
    kinds = [each["kind"] for each in pool.ask("doctor", check=False)["findings"]]
    assert "database_owed" in kinds
    (pool.repo.state / "database" / "later").unlink(missing_ok=True)
    pool.run("status")
    await_that(lambda: lent_on(session, pool) == [], "the house paid what was owed")


def has_workers(pool: Pooled) -> bool:
    """Whether background work goes on but for what is built ahead."""
    locks = set(pool.repo.state.glob("worker*.lock")) - set(pool.repo.state.glob("worker-ahead.lock"))
    return not all(is_free(lock) for lock in locks)


def test_what_is_owed_waits_for_no_template_and_that_is_built_ahead_once(
    pool: Pooled, session: Session, tmp_path: Path
) -> None:
    started, fifo = tmp_path / "started", tmp_path / "fifo"
    os.mkfifo(fifo)
    build = {"POOLMGR_DATABASE_TEMPLATE_RUN": f"echo >> {started}; cat {fifo}"}
    lent = pool.acquire()
    pool.cli.settle()
    room = pool.repo.state / "database"

    def is_begun() -> bool:
        (room / "ahead-due").touch()
        pool.run("status", env=build)
        return started.exists()

    await_that(is_begun, "a template is built ahead")
    try:
        with unreachable(pool):
            pool.run("release", lent["slot"])
            await_that(lambda: not has_workers(pool), "no worker is left that knows no way")
        assert [found.name for found in lent_on(session, pool)] == [lent["database"]]
        (room / "later").unlink(missing_ok=True)
        (room / "ahead-due").touch()
        pool.run("status", env=build)
        await_that(lambda: lent_on(session, pool) == [], "the house paid what was owed")
        await_that(lambda: not has_workers(pool), "nothing else is to be done")
    finally:
        fifo.write_bytes(b"")
    pool.cli.settle()
    assert started.read_text() == "\n"
    assert "template" in {found.kind for found in list_ours(session, pool_id(pool))}


def test_what_everybody_on_the_server_may_enter_is_said_with_what_ends_it(pool: Pooled) -> None:
    said, asked = pool.run("db", "status").stdout, pool.ask("db", "status")["server"]
    assert (asked["maintenance_open"], asked["template1_open"]) == (True, True)
    for name in ("postgres", "template1"):
        where = f'CONNECT ON DATABASE "{name}"'
        close = f'GRANT {where} TO "admin"; REVOKE {where} FROM PUBLIC'
        assert f"may connect to its database {name}; as its owner: {close}\n" in said


def test_without_its_server_a_lease_is_refused_and_the_slot_is_free_again(pool: Pooled) -> None:
    with unreachable(pool):
        error = pool.refused("acquire", "--agent", "alice")
        assert error["code"] == "database_down"
        assert "--no-database" in error["hint"]
        lent = pool.acquire("--no-database")
    assert lent["database"] is None
    assert "PGHOST" not in Path(lent["path"], ".env.worktree").read_text()
    assert pool.refused("db", "url", lent["slot"])["message"].endswith("without a database")


def test_a_database_that_is_gone_is_named_and_made_anew(pool: Pooled, session: Session) -> None:
    lent = pool.acquire()
    assert enter(pool, lent["slot"]) == lent["database"]
    pool.cli.settle()  # the background work would make it anew
    dropping.drop_lease(session, pool_id(pool), lent["fence"])
    assert pool.ask("db", "status")["lost"] == [{"slot": lent["slot"], "database": lent["database"]}]
    pool.run("doctor", "--fix")
    assert enter(pool, lent["slot"]) == lent["database"]
    assert lent["database"] in Path(lent["path"], ".env.worktree").read_text()


@pytest.fixture
def orphan(pool: Pooled, session: Session) -> Iterator[str]:
    """A database of a lease that the pool has never heard of."""
    prefix = pool.ask("db", "status")["server"]["prefix"]
    wanted = lending.Wanted(prefix, pool_id(pool), 77, 77, 900_077, "", 1)
    name = lending.lend(session, wanted).name
    yield name
    inside = "SELECT 1 FROM pg_stat_activity WHERE datname = %s"
    await_that(lambda: not session.rows(inside, (name,)), "who was inside is out")
    dropping.drop_lease(session, pool_id(pool), 900_077)


def orphans(pool: Pooled, *args: str) -> list[Json]:
    """What `db orphans` says."""
    found: list[Json] = pool.ask("db", "orphans", *args)["orphans"]
    return found


def test_what_nobody_has_is_listed_and_dropped_only_when_it_is_old_enough(pool: Pooled, orphan: str) -> None:
    lent = pool.acquire()
    assert [each["name"] for each in orphans(pool)] == [orphan]
    (young,) = orphans(pool, "--clean")
    assert (young["dropped"], young["stays"]) == (False, "younger than 30 minutes")
    old = {"env": {"POOLMGR_DATABASE_GRACE": "0s"}}
    (gone,) = pool.ask("db", "orphans", "--clean", **old)["orphans"]
    assert (gone["name"], gone["dropped"]) == (orphan, True)
    assert orphans(pool) == []
    assert enter(pool, lent["slot"]) == lent["database"]


def test_what_somebody_is_connected_to_is_nobodys_orphan_to_drop(
    pool: Pooled, orphan: str, embedded_server: PostgresServer
) -> None:
    with open_session(embedded_server.superuser._replace(dbname=orphan)) as visitor:
        visitor.do("SET application_name = 'a visitor'")
        (kept,) = pool.ask("db", "orphans", "--clean", env={"POOLMGR_DATABASE_GRACE": "0s"})["orphans"]
    assert (kept["dropped"], kept["stays"]) == (False, "1 connected")


def test_where_git_does_not_answer_nothing_is_an_orphan(pool: Pooled, orphan: str, tmp_path: Path) -> None:
    real = os.environ["PATH"]
    fake = tmp_path / "git"
    fake.write_text(
        f'#!/bin/sh\ncase "$*" in *"worktree list"*) exit 128;; esac\nPATH={real} exec git "$@"\n'
    )
    fake.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{real}", "POOLMGR_DATABASE_GRACE": "0s"}
    pool.refused("db", "orphans", "--clean", env=env)
    assert [each["name"] for each in orphans(pool)] == [orphan]


def test_nothing_of_a_pool_stays_on_the_users_server(served: Pooled, session: Session) -> None:
    served.acquire("--branch", "first")
    ours = pool_id(served)
    served.run("cleanup", "--rescue")
    assert list_ours(session, ours) == []
    assert list_roles(session, ours) == []
    served.init(SLOTS)


def test_another_servers_databases_are_named_when_the_pool_goes(served: Pooled, session: Session) -> None:
    served.acquire("--branch", "second")
    ours = pool_id(served)
    result = served.run("cleanup", "--rescue", env={"POOLMGR_DATABASE_MODE": "off"})
    assert "stays: the settings do not name it" in result.stderr
    assert list_ours(session, ours) != []
    assert dropping.drop_pool(session, ours) == []
    served.init(SLOTS)
