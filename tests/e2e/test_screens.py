"""What people read: empty states, refusals and the next command, within 80 columns."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.pooled import Pooled
from tests.fixtures.commands import Commands
from tests.unit.test_documented import COMMANDS

GROUPS = ("", *sorted({words.split()[0] for words in COMMANDS if " " in words}))


@pytest.mark.parametrize("words", [*GROUPS, *COMMANDS])
def test_help_fits_80_columns_and_cuts_nothing(run_cli: Commands, tmp_path: Path, words: str) -> None:
    shown = run_cli(*words.split(), "--help", cwd=tmp_path, env={"COLUMNS": "80"}).stdout
    lines = [line for line in shown.splitlines() if not line.startswith("Usage: ")]
    assert [line for line in lines if len(line) > 80 or line.endswith("...")] == []


@pytest.mark.parametrize("words", GROUPS)
def test_the_help_of_a_group_has_an_example(run_cli: Commands, tmp_path: Path, words: str) -> None:
    assert "Example: " in run_cli(*words.split(), "--help", cwd=tmp_path).stdout


@pytest.mark.parametrize("words", ["status", "where", "acquire", "release", "queue list", "cleanup"])
def test_where_no_pool_is_the_way_to_one_is_named(unpooled: Pooled, words: str) -> None:
    result = unpooled.run(*words.split(), check=False)
    said = f"poolmgr: no pool here: {unpooled.repo.path / '.git'}\nhint: poolmgr init\n"
    assert (result.code, result.stderr) == (1, said)


def test_outside_a_repository_one_sentence_says_so(run_cli: Commands, tmp_path: Path) -> None:
    result = run_cli("status", cwd=tmp_path, check=False)
    assert result.code == 2
    assert result.stderr.splitlines() == [
        f"poolmgr: {tmp_path} is not in a git repository", "hint: cd into a repository, or --repo DIR",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [("queue list", "nobody waits\n"), ("rescue list", "no rescues\n"), ("branches", "no branches yet\n")],
)
def test_what_is_empty_says_so(pool: Pooled, words: str, said: str) -> None:
    assert pool.run(*words.split()).stdout == said


def test_doctor_ends_with_a_word_of_peace(pool: Pooled) -> None:
    lines = pool.run("doctor").stdout.splitlines()
    assert lines[-1] == "everything agrees"
    assert all(line.startswith("note: ") for line in lines[:-1])


def test_a_rescue_shows_ignored_files_among_the_others(pool: Pooled) -> None:
    lent = pool.acquire()
    Path(lent["path"], "new.txt").write_text("new\n")
    Path(lent["path"], ".env").write_text("TOKEN=secret\n")
    rescue = pool.release(lent["slot"], "--rescue")["rescue"]
    assert {"new.txt", ".env"} <= set(pool.ask("rescue", "show", rescue)["paths"])


def test_status_tells_of_a_holder_that_has_ended(pool: Pooled) -> None:
    with subprocess.Popen(("sleep", "100")) as process:
        lent = pool.acquire("--pid", str(process.pid))
        pool.cli.settle()  # a worker that is still there would take the slot back at once
        process.kill()
    said = pool.run("status").stdout
    assert f"! {lent['slot']}: the process its lease was bound to has ended" in said


def test_wrong_settings_name_their_place_and_the_page_that_explains(pool: Pooled) -> None:
    result = pool.run("config", "check", check=False, env={"POOLMGR_POOL_BASE_": "x"})
    assert result.code == 2
    assert "POOLMGR_POOL_BASE_" in result.stderr
    assert "poolmgr config path" in result.stderr.splitlines()[-1]


def test_what_psql_is_given_stands_after_two_dashes(pool: Pooled) -> None:
    said = pool.refused("db", "psql", "1", "select 1", code=2)
    assert (said["message"], said["hint"]) == (
        "what psql is given stands after --, and 'select 1' stands before it",
        "poolmgr db psql SLOT -- -c 'SELECT 1'",
    )


def test_the_version_is_told(run_cli: Commands, tmp_path: Path) -> None:
    assert run_cli("--version", cwd=tmp_path).stdout.count(".") == 2
