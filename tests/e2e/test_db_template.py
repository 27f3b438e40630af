"""db reset and db template, as people type them."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from isolation.database.address import url_of
from isolation.database.session import open_session
from tests.e2e.pooled import Json, Pooled, end_of, variables
from tests.fixtures import migrations
from tests.fixtures.commands import Commands
from tests.fixtures.patience import await_that
from tests.fixtures.repositories import Repositories
from tests.fixtures.servers import PostgresServer

SETTINGS = variables(
    DATABASE_TEMPLATE_MIGRATIONS="db/core.sql,db/revisions/",
    DATABASE_TEMPLATE_RUN=f'["psql -f db/core.sql", "{sys.executable} db/migrate.py"]',
    DATABASE_TEMPLATE_SEED="psql --quiet --file=db/seed.sql",
    DATABASE_SPARES="0",
    DATABASE_CONNECTIONS="3",
)
REFUNDS = {"db/revisions/002_refunds.sql": "CREATE TABLE refunds (id int);\n"}


@pytest.fixture(scope="module")
def shop(
    home: Path, tmp_path_factory: pytest.TempPathFactory, embedded_server: PostgresServer
) -> Iterator[Pooled]:
    root = tmp_path_factory.mktemp("shop")
    commands = Commands(root, background=("worker*.lock",))
    name = f"Shop-{secrets.token_hex(4)}"
    pool = Pooled(Repositories(root)(name, files=migrations.FILES, commits=1), commands)
    commands.variables |= {
        **SETTINGS,
        **variables(DATABASE_MODE="server", DATABASE_DSN=url_of(embedded_server.admin)),
    }
    pool.init(2)
    yield pool
    commands.settle()
    pool.run("cleanup", "--rescue")


def reach(pool: Pooled, lent: Json, statement: str) -> list[str]:
    """What psql in a slot answers."""
    done = pool.run("db", "psql", lent["slot"], "--", "-AtqX", "-c", statement)
    return done.stdout.splitlines()


def give_back(pool: Pooled, lent: Json) -> None:
    pool.release(lent["slot"], "--rescue")


def commit(pool: Pooled, lent: Json, files: dict[str, str]) -> None:
    """A commit in a slot."""
    for name, content in files.items():
        (Path(lent["path"]) / name).write_text(content)
    pool.git(lent["path"], "add", "--all")
    pool.git(lent["path"], "commit", "--quiet", "--message", "Work.")


def test_a_reset_makes_the_database_that_head_needs_under_the_same_variables(
    shop: Pooled, embedded_server: PostgresServer
) -> None:
    lent = shop.acquire("--branch", "refunds")
    before = (Path(lent["path"]) / ".env.worktree").read_text()
    reach(shop, lent, "DELETE FROM users")
    (Path(lent["path"]) / "db/revisions/002_refunds.sql").write_text(REFUNDS["db/revisions/002_refunds.sql"])
    first = shop.ask("db", "reset", cwd=lent["path"])
    assert first["uncommitted"] == ["db/revisions/002_refunds.sql"]
    assert reach(shop, lent, "SELECT count(*) FROM users") == ["2"]
    commit(shop, lent, {})
    statements = ("-c", "ALTER ROLE CURRENT_USER PASSWORD 'another'", "-c", "SELECT pg_sleep(60)")
    sleeper = shop.start("db", "psql", lent["slot"], "--", *statements)
    with open_session(embedded_server.superuser) as session:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND query LIKE '%%pg_sleep(60)%%'"
        await_that(lambda: session.rows(query, (first["database"],)), "somebody is connected")
    second = shop.run("db", "reset", lent["slot"])
    assert end_of(sleeper).code == 2
    assert "building the database template" in second.stderr
    assert second.stdout.startswith(f"{first['database']} is new, from template ")
    assert reach(shop, lent, "SELECT count(*) FROM refunds, users") == ["0"]
    assert reach(shop, lent, "ALTER TABLE users ADD nickname text; SELECT current_user") == [
        first["database"]
    ]
    assert (Path(lent["path"]) / ".env.worktree").read_text() == before
    give_back(shop, lent)
    again = shop.acquire("--branch", "refunds")
    assert reach(shop, again, "SELECT count(*) FROM refunds") == ["0"]
    give_back(shop, again)


def test_a_reset_whose_migrations_fail_leaves_the_database_as_it_was(shop: Pooled) -> None:
    lent = shop.acquire("--branch", "broken")
    reach(shop, lent, "INSERT INTO users (email) VALUES ('mine')")
    commit(shop, lent, {"db/revisions/003_broken.sql": "CREATE TABEL x ();\n"})
    error = shop.refused("db", "reset", lent["slot"])
    assert error["code"] == "database_template"
    assert f"exit code 1: {sys.executable} db/migrate.py; its output is in " in error["message"]
    log = error["hint"].removeprefix("cat ")
    assert 'syntax error at or near "TABEL"' in Path(log).read_text()
    assert reach(shop, lent, "SELECT count(*) FROM users") == ["3"]
    (Path(lent["path"]) / "db/revisions/003_broken.sql").write_text("CREATE TABLE x ();\n")
    error = shop.refused("db", "reset", lent["slot"])
    assert error["message"].endswith("; not committed, so not used: db/revisions/003_broken.sql")
    give_back(shop, lent)
    refused = shop.refused("acquire", "--agent", "bob", "--branch", "broken", "--no-wait", code=2)
    assert refused
    told = shop.run("acquire", "--agent", "bob", "--branch", "broken", check=False)
    assert 'syntax error at or near "TABEL"' in told.stderr
    assert "its output is in " in told.stderr
    bare = shop.acquire("--branch", "broken", "--no-database")
    assert shop.refused("db", "reset", bare["slot"])["code"] == "no_database"
    give_back(shop, bare)


def test_only_the_holder_resets_a_database(shop: Pooled) -> None:
    assert "no slot around" in shop.refused("db", "reset")["message"]
    assert shop.refused("db", "reset", "pool-wt-1")["code"] == "wrong_state"
    lent = shop.acquire("--branch", "held")
    for how in (("--lease", "another"), ()):
        refused = shop.refused("db", "reset", lent["slot"], *how, env={"POOLMGR_LEASE": "another"})
        assert refused["code"] == "not_the_holder"
    assert shop.ask("db", "reset", lent["slot"], "--lease", lent["lease"])["slot"] == lent["slot"]
    give_back(shop, lent)


def test_templates_are_built_listed_and_dropped(shop: Pooled) -> None:
    shop.cli.settle()  # nobody builds ahead
    shop.run("db", "template", "drop", "--all")
    assert shop.run("db", "template", "list").stdout == "no templates yet\n"
    built = shop.ask("db", "template", "build")
    assert (built["built"], built["ref"], len(built["template"])) == (True, "main", 16)
    assert not shop.ask("db", "template", "build", "--ref", "HEAD")["built"]
    shop.repo.git("switch", "--quiet", "--create", "other")
    shop.repo.commit("Other.", {"db/revisions/009_other.sql": "CREATE TABLE other ();\n"})
    shop.repo.git("switch", "--quiet", "main")
    other = shop.ask("db", "template", "build", "--ref", "other")
    assert (other["built"], other["ref"]) == (True, "other")
    listed = {each["template"]: each for each in shop.ask("db", "template", "list")["templates"]}
    assert {name: each["base"] for name, each in listed.items()} == {
        built["template"]: True, other["template"]: False,
    }  # fmt: skip
    assert [each for each in listed.values() if each["size"] < 1_000_000 or each["made"] > each["used"]] == []
    assert shop.refused("db", "template", "drop", "nonesuch")["code"] == "no_such_template"
    assert shop.refused("db", "template", "drop", code=2)["code"] == "usage"
    assert shop.refused("db", "template", "build", "--ref", "nonesuch", code=2)["code"] == "bad_name"
    assert shop.ask("db", "template", "drop", other["template"][:8])["dropped"] == [other["template"]]
    assert [each["base"] for each in shop.ask("db", "template", "list")["templates"]] == [True]


def test_commands_of_a_file_nobody_trusted_build_nothing(
    make_repo: Repositories, run_cli: Commands, embedded_server: PostgresServer
) -> None:
    pool = Pooled(make_repo("repo", files=migrations.FILES, commits=1), run_cli)
    pool.repo.commit("Settings.", {"poolmgr.yaml": migrations.SETTINGS})
    run_cli.background = ("worker*.lock",)
    run_cli.variables |= variables(
        DATABASE_MODE="server", DATABASE_DSN=url_of(embedded_server.admin), DATABASE_SPARES="0"
    )
    pool.init(1)
    skipped = pool.run("db", "template", "build", check=False)
    assert skipped.code == 1
    assert "skipped until you trust poolmgr.yaml: database.template.run, " in skipped.stderr
    assert "no commands build a template, so databases begin empty" in skipped.stderr
    assert pool.run("db", "template", "list").stdout.startswith("no templates: databases begin empty")
    unknown = pool.refused("db", "template", "build", "--ref", "nosuch", code=2)
    assert unknown["message"] == "--ref: 'nosuch' names no commit here"
    assert unknown["hint"] == "git fetch, or --ref with a known ref"
    pool.run("trust")
    assert pool.ask("db", "template", "build")["built"]
    run_cli.settle()
    pool.run("cleanup")


def test_after_an_acquire_was_killed_while_it_built_nothing_of_it_is_left(shop: Pooled) -> None:
    shop.cli.settle()
    started, rest = shop.repo.path.parent / "started", shop.repo.path.parent / "fifo"
    os.mkfifo(rest)
    how = variables(DATABASE_TEMPLATE_RUN=f"psql -c 'CREATE TABLE t ()'; touch {started}; cat {rest}")
    process = shop.start("acquire", "--agent", "zoe", "--branch", "killed", env=how)
    await_that(started.exists, "the command runs")
    process.kill()
    end_of(process)
    assert "fixed: left_build" in shop.run("doctor", "--fix", check=False).stdout
    shop.await_ready(2)
    shop.cli.settle()
    assert [path.name for path in Path(shop.slot("pool-wt-1")["path"]).parent.glob(".template-*")] == []
    assert shop.repo.git("worktree", "list").count("\n") == 2
    assert list((shop.repo.state / "database/building").iterdir()) == []
    await_that(
        lambda: {each["kind"] for each in shop.ask("db", "status")["databases"]} <= {"template"},
        "the half-made template is gone",
    )
    assert shop.ask("db", "orphans")["orphans"] == []


ENDLESS = "psql -qc 'SELECT pg_sleep(600)'"
ASLEEP = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%%SELECT pg_sleep(600)%%' AND usename LIKE %s"
ENDINGS = (signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.battery))


def require_nothing_left(pool: Pooled) -> None:
    """No lease, no place in the queue, no slot in work, no checkout, no intent, nothing on the server."""
    snapshot = pool.snapshot()
    assert (snapshot.leases, snapshot.queue, snapshot.ops) == ((), (), ())
    assert list(pool.repo.path.with_name(f"{pool.repo.path.name}.worktrees").glob(".template-*")) == []
    assert list((pool.repo.state / "database/building").iterdir()) == []
    assert pool.ask("db", "orphans")["orphans"] == []
    assert {each["kind"] for each in pool.ask("db", "status")["databases"]} <= {"template"}


def test_a_time_out_covers_the_building_of_the_template_and_who_gives_up_leaves_nothing(shop: Pooled) -> None:
    shop.cli.settle()
    how = variables(DATABASE_TEMPLATE_RUN=ENDLESS)
    for seconds in ("0", "2"):
        refused = shop.refused("acquire", "--timeout", seconds, code=75, env=how)
        assert refused["code"] == "timed_out"
        assert refused["message"].startswith(f"the database template {refused['template']} ")
        assert "--wait" in refused["hint"]
        require_nothing_left(shop)
        assert (shop.repo.state / "database/ahead-due").exists(), "it is built while nobody waits"
    assert shop.ask("db", "template", "list")["templates"] != []


def test_others_share_a_building_under_way_as_long_as_they_like_to_wait(shop: Pooled) -> None:
    started, rest = shop.repo.path.parent / "shared", shop.repo.path.parent / "shared.fifo"
    os.mkfifo(rest)
    how = variables(DATABASE_TEMPLATE_RUN=f"echo >> {started}; cat {rest}", DATABASE_TEMPLATE_SEED="[]")
    builder = shop.start("acquire", "--agent", "ann", env=how)
    await_that(started.exists, "the command runs")
    refused = shop.refused("acquire", "--timeout", "0.5", code=75, env=how)
    assert (refused["code"], "by another process" in refused["message"]) == ("timed_out", True)
    patient = shop.start("acquire", "--agent", "bob", "--timeout", "60", env=how)
    await_that(lambda: b"waiting for it" in read_some(patient), "it waits")
    rest.write_text("")
    ended = [end_of(each) for each in (builder, patient)]
    assert [each.code for each in ended] == [0, 0], "\n".join(each.stderr for each in ended)
    assert started.read_text() == "\n"
    for number in ("1", "2"):
        shop.release(number)


def read_some(process: subprocess.Popen[bytes]) -> bytes:
    """What a command has said by now."""
    assert process.stderr
    return os.read(process.stderr.fileno(), 4096)


@pytest.mark.parametrize("number", ENDINGS)
def test_who_is_interrupted_while_a_template_is_built_ends_it_and_leaves_nothing(
    shop: Pooled, embedded_server: PostgresServer, number: signal.Signals
) -> None:
    shop.cli.settle()
    how = variables(DATABASE_TEMPLATE_RUN=ENDLESS)
    prefix = shop.ask("db", "status")["server"]["prefix"]
    builder = shop.start("acquire", "--wait", "--json", env=how)
    with open_session(embedded_server.superuser) as session:
        await_that(lambda: session.rows(ASLEEP, (f"{prefix}%",)), "the command runs")
        waiter = shop.start("acquire", "--wait", env=how)
        await_that(lambda: b"waiting for it" in read_some(waiter), "it waits")
        for process in (waiter, builder):
            process.send_signal(number)
            ended = end_of(process, patience=10)
            assert ended.code == (130 if number == signal.SIGINT else -number)
            assert "interrupted" in ended.stdout + ended.stderr
        assert session.rows(ASLEEP, (f"{prefix}%",)) == []
    require_nothing_left(shop)


@pytest.mark.parametrize("number", ENDINGS)
def test_any_command_that_is_told_to_end_says_so_and_ends_as_it_was_told(
    shop: Pooled, number: signal.Signals
) -> None:
    started = shop.repo.path.parent / f"told-{number.name}"
    how = variables(DATABASE_TEMPLATE_RUN=f"touch {started}; sleep 1000")
    building = shop.start("db", "template", "build", "--json", env=how)
    await_that(started.exists, "the command runs")
    building.send_signal(number)
    ended = end_of(building, patience=20)
    assert ended.code == (130 if number == signal.SIGINT else -number)
    assert json.loads(ended.stdout)["error"]["code"] == "interrupted"
