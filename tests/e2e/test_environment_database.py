"""What a lease's holder finds of its database, as the programs inside read it. A real server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from isolation.database.address import url_of
from isolation.database.session import open_session
from poolmgr.store import gate
from tests.e2e.pooled import Json, Pooled
from tests.fixtures.servers import PostgresServer
from tests.fixtures.variables import address_in

NAMES = "PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGAPPNAME DATABASE_URL POOLMGR_SLOT POOLMGR_LEASE"
ENV = {
    "ASYNC_URL": "postgresql+asyncpg://{user}:{password}@{host}:{dbport}/{database}",
    ".env": {"DB_NAME": "{database}", "TEST_URL": "{url}"},
}
COPIED = "DB_NAME=shop\nDB_HOST=db.example.com\nDATABASE_URL=postgres://app:hunter2@localhost/shop\n"
WHOAMI = "select current_user, current_database(), current_setting('application_name')"


@pytest.fixture
def furnished(unpooled: Pooled, embedded_server: PostgresServer) -> Iterator[Pooled]:
    """A pool of one slot on a server of the user's."""
    unpooled.repo.write({".env": COPIED})
    unpooled.cli.variables |= {
        "POOLMGR_DATABASE_MODE": "server",
        "POOLMGR_DATABASE_DSN": url_of(embedded_server.admin),
        "POOLMGR_DATABASE_SPARES": "0",
        "POOLMGR_ENV": json.dumps(ENV),
        "POOLMGR_WARM_COPY": ".env",
    }
    unpooled.init(1)
    yield unpooled
    unpooled.run("cleanup", "--rescue")


def variables_of(lent: Json, name: str = ".env.worktree") -> dict[str, str]:
    """A file's variables as python-dotenv has them."""
    return {key: value or "" for key, value in dotenv_values(Path(lent["path"]) / name).items()}


def test_the_database_is_in_the_files_and_every_program_reaches_it(
    furnished: Pooled, embedded_server: PostgresServer, tmp_path: Path
) -> None:
    lent = furnished.acquire()
    found = variables_of(lent)
    assert list(found) == [*NAMES.split(), "ASYNC_URL"]
    assert found["ASYNC_URL"] == found["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:")
    assert variables_of(lent, ".env")["TEST_URL"] == found["DATABASE_URL"]
    assert variables_of(lent, ".env")["DB_NAME"] == found["PGDATABASE"]

    psql = str(embedded_server.programs / "psql")
    expected = f"{found['PGUSER']}|{found['PGDATABASE']}|poolmgr:{lent['slot']}:alice"
    script = 'set -a; . ./.env.worktree; "$0" -XAtc "$1"; "$0" -XAtc "$1" "$DATABASE_URL"'
    by_hand = subprocess.run(
        ("sh", "-c", script, psql, WHOAMI),
        cwd=lent["path"], capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert by_hand.stdout.splitlines() == [expected, expected]
    # What led elsewhere outside does not lead there inside.
    outside = {"PGHOSTADDR": "192.0.2.1", "PGSERVICE": "elsewhere", "PGSSLMODE": "verify-full"}
    inside = furnished.run("run", "--", psql, "-XAtc", WHOAMI, cwd=lent["path"], env=outside)
    assert inside.stdout.strip() == expected


def test_a_copied_file_that_names_another_database_is_told_of_without_its_password(furnished: Pooled) -> None:
    lent = furnished.acquire(env={"PGSERVICE": "prod", "PGUSER": "somebody"})
    warning, astray = lent["warnings"]
    assert astray.endswith("follow PGSERVICE of this environment before .env.worktree: unset PGSERVICE")
    assert warning == (
        ".env, a copy from the checkout, names another database than the slot's "
        "(DB_HOST=db.example.com, DATABASE_URL=postgres://localhost/shop); "
        'env: {.env: {DB_HOST: "{host}", DATABASE_URL: "{url}"}} in the settings puts the slot\'s own there'
    )
    assert "hunter2" not in warning
    assert "hunter2" in (Path(lent["path"]) / ".env").read_text()


def test_without_its_database_a_lease_has_no_such_variables(furnished: Pooled) -> None:
    lent = furnished.acquire("--no-database")
    assert list(variables_of(lent)) == ["POOLMGR_SLOT", "POOLMGR_LEASE"]
    assert variables_of(lent, ".env")["DB_NAME"] == "shop"
    *missing, shared = lent["warnings"]
    assert "ASYNC_URL is not set: {user} needs a database, and the slot has none" in missing
    assert shared == (
        ".env, a copy from the checkout, names a database that others use, too (DB_NAME=shop, "
        "DB_HOST=db.example.com, DATABASE_URL=postgres://localhost/shop); the slot has none of its own"
    )


def test_run_leads_to_the_slots_own_database_whatever_became_of_the_file(
    furnished: Pooled, embedded_server: PostgresServer
) -> None:
    lent = furnished.acquire()
    file, found = Path(lent["path"]) / ".env.worktree", variables_of(lent)
    before = file.read_text()
    prod = {"DATABASE_URL": "postgres://app@prod/shop", "PGHOST": "prod", "PGDATABASE": "shop"}
    asked = ("run", "--", "sh", "-c", 'echo "$DATABASE_URL $PGHOST $PGDATABASE"')
    own = " ".join(found[name] for name in prod) + "\n"
    for old, new in (
        ("POOLMGR_LEASE=", "POOLMGR_LEASE=0"),
        (f"PGDATABASE={lent['database']}", "PGDATABASE=x"),
    ):
        file.write_text(before.replace(old, new))
        assert furnished.run(*asked, cwd=lent["path"], env=prod).stdout == own
        assert file.read_text() == before.replace(old, new)
    furnished.git(lent["path"], "clean", "-ffdxq")
    furnished.run("db", "reset", cwd=lent["path"])
    assert file.read_text() == before
    assert variables_of(lent, ".env")["TEST_URL"] == found["DATABASE_URL"]
    file.unlink()
    assert furnished.run(*asked, cwd=lent["path"], env=prod).stdout == own
    assert file.read_text() == before


def test_without_a_record_of_its_database_run_leads_nowhere_until_a_reset(furnished: Pooled) -> None:
    lent = furnished.acquire()
    admin = Path(furnished.git(lent["path"], "rev-parse", "--absolute-git-dir").strip())
    for name in ("poolmgr-environment.json", "poolmgr-database.json"):
        (admin / name).unlink()
    assert furnished.run("run", "--", "sh", "-c", "echo $PGHOST", cwd=lent["path"]).stdout != "\n"
    (Path(lent["path"]) / ".env.worktree").unlink()
    prod = {"DATABASE_URL": "postgres://app@prod/shop"}
    refused = furnished.run("run", "--", "env", cwd=lent["path"], env=prod, check=False)
    assert (refused.code, refused.stdout) == (1, "")
    assert f"hint: poolmgr db reset {lent['slot']}" in refused.stderr
    furnished.run("db", "reset", lent["slot"])
    psql = ("sh", "-c", 'echo "$DATABASE_URL"')
    url = furnished.run("run", "--", *psql, cwd=lent["path"], env=prod).stdout.strip()
    assert url == variables_of(lent)["DATABASE_URL"]
    with open_session(address_in(lent["path"])) as session:
        assert session.rows("SELECT current_database()::text") == [(lent["database"],)]


def lose_database(lent: Json, server: PostgresServer) -> None:
    """Somebody drops the database and its role."""
    with open_session(server.superuser) as session:
        session.do("DROP DATABASE {name}", name=lent["database"])
        session.do("DROP ROLE {name}", name=lent["database"])


def test_a_changed_file_has_new_values_when_the_database_is_made_with_another_password(
    furnished: Pooled, embedded_server: PostgresServer
) -> None:
    lent = furnished.acquire()
    file = Path(lent["path"]) / ".env.worktree"
    file.write_text(file.read_text() + "TOKEN=precious\n")
    before = variables_of(lent)
    lose_database(lent, embedded_server)
    furnished.run("db", "reset", lent["slot"])
    after = variables_of(lent)
    assert (after["TOKEN"], after["PGPASSWORD"] == before["PGPASSWORD"]) == ("precious", False)
    with open_session(address_in(lent["path"])) as session:
        assert session.rows("SELECT current_database()::text") == [(lent["database"],)]


def test_files_that_a_killed_reset_left_as_they_were_are_nobodys_work_and_written_later(
    furnished: Pooled, embedded_server: PostgresServer
) -> None:
    lent = furnished.acquire()
    before = variables_of(lent)
    lose_database(lent, embedded_server)
    admin = Path(furnished.git(lent["path"], "rev-parse", "--absolute-git-dir").strip())
    (admin / "poolmgr-making").mkdir()  # stops it where a kill would: on record, and not in the files
    furnished.run("db", "reset", lent["slot"], check=False)
    (admin / "poolmgr-making").rmdir()
    assert variables_of(lent) == before
    told = furnished.run("run", "--", "sh", "-c", 'echo "$PGPASSWORD"', cwd=lent["path"]).stdout.strip()
    assert told not in ("", before["PGPASSWORD"])
    assert variables_of(lent)["PGPASSWORD"] == told
    assert told in variables_of(lent, ".env")["TEST_URL"]
    furnished.release(lent["slot"])


@pytest.mark.parametrize("words", [("run", "--", "true"), ("doctor", "--fix"), ("db", "reset")])
def test_a_reset_that_was_killed_before_it_told_of_its_password_is_made_good(
    furnished: Pooled, embedded_server: PostgresServer, words: tuple[str, ...]
) -> None:
    lent = furnished.acquire()
    admin = Path(furnished.git(lent["path"], "rev-parse", "--absolute-git-dir").strip())
    written = (
        admin / "poolmgr-environment.json",
        *(Path(lent["path"]) / name for name in (".env.worktree", ".env")),
    )
    before = {file: file.read_bytes() for file in written}
    lose_database(lent, embedded_server)
    furnished.run("db", "reset", lent["slot"])
    now = variables_of(lent), variables_of(lent, ".env")
    for file, content in before.items():
        file.write_bytes(content)
    furnished.run(*words, cwd=lent["path"])
    assert (variables_of(lent), variables_of(lent, ".env")) == now
    with open_session(address_in(lent["path"])) as session:
        assert session.rows("SELECT current_database()::text") == [(lent["database"],)]
    furnished.release(lent["slot"])


def test_files_that_were_cleaned_away_are_whole_after_a_reset(furnished: Pooled) -> None:
    lent = furnished.acquire()
    before = [variables_of(lent, name) for name in (".env.worktree", ".env")]
    furnished.git(lent["path"], "clean", "-ffdxq")
    furnished.run("db", "reset", lent["slot"])
    assert [variables_of(lent, name) for name in (".env.worktree", ".env")] == before
    furnished.release(lent["slot"])


def test_while_a_slot_is_busy_run_says_to_try_again(furnished: Pooled) -> None:
    lent = furnished.acquire()
    admin = Path(furnished.git(lent["path"], "rev-parse", "--absolute-git-dir").strip())
    (admin / "poolmgr-environment.json").unlink()
    (Path(lent["path"]) / ".env.worktree").unlink()
    slot = furnished.stored(lent["slot"])
    assert slot
    with gate.held(furnished.repo.state / f"locks/slot-{slot.id}.lock"):
        refused = furnished.run("run", "--", "env", cwd=lent["path"], check=False)
    assert refused.stdout == ""
    assert "hint: try again" in refused.stderr
    assert "db reset" not in refused.stderr
    assert (
        furnished.run("run", "--", "sh", "-c", "echo $PGDATABASE", cwd=lent["path"]).stdout
        == f"{lent['database']}\n"
    )
    furnished.release(lent["slot"])
