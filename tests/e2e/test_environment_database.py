"""What a lease's holder finds of its database, as the programs inside read it. A real server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from isolation.database.address import url_of
from tests.e2e.pooled import Json, Pooled
from tests.fixtures.servers import PostgresServer

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
