"""`config` and `trust` in a real repository."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from poolmgr.cli import config
from poolmgr.cli.invocation import parse_invocation
from poolmgr.core.errors import NotARepository
from poolmgr.core.settings import SettingsError
from poolmgr.core.settings_table import SETTINGS
from tests.fixtures.repositories import Repositories, Repository

HOSTILE = """\
pool: {max: 5}
warm:
  run: ["make\\n  evil", "\\u202Etxt.exe"]
  copy: [.env]
database: {dsn: "postgresql://me:hunter2@host/db"}
"""


def run(directory: Path | Repository, *args: str, check: bool = True) -> Result:
    """How a command ended."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.add_typer(config.app)
    config.register(app)
    invocation, rest = parse_invocation([*args, "--repo", os.fspath(directory)])
    result = CliRunner().invoke(app, rest, obj=invocation)
    if check and result.exception:
        raise result.exception
    return result


def test_show_prints_a_settings_file(repo: Repository) -> None:
    repo.write({"poolmgr.yaml": "pool: {max: 5}\nqueue: {timeout: 90s}\nwarm: {run: [make]}\n"})
    before = run(repo, "config", "show")
    assert "max: 5\n" in before.stdout
    assert "timeout: 90s\n" in before.stdout
    assert "skipped until you trust poolmgr.yaml: warm.run (poolmgr.yaml:3)" in before.stderr
    (repo.path / "poolmgr.yaml").write_text(before.stdout)
    after = run(repo, "config", "show")
    assert after.stdout == before.stdout


def test_show_says_where_each_value_comes_from(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write({"poolmgr.yaml": "pool: {max: 5}\n"})
    monkeypatch.setenv("POOLMGR_POOL_MIN", "2")
    shown = run(repo, "config", "show", "--origin").stdout
    assert "  max: 5  # committed file (poolmgr.yaml:1)\n" in shown
    assert "  min: 2  # environment (POOLMGR_POOL_MIN)\n" in shown
    assert "  initial: 4  # default\n" in shown
    assert "  stale: 1h  # no effect yet, default\n" in shown


def test_show_for_programs_has_every_key(repo: Repository) -> None:
    answer = json.loads(run(repo, "config", "show", "--json").stdout)
    assert answer["contract_version"] == 1
    assert set(answer["settings"]) == set(SETTINGS)
    assert answer["settings"]["pool.max"] == {
        "value": 10,
        "source": "default",
        "place": "",
        "in_effect": True,
    }


def test_a_password_is_never_printed(repo: Repository) -> None:
    (repo.state).mkdir()
    repo.write(
        {".git/poolmgr/config.yaml": 'database: {dsn: "host=x password=hunter2"}\n', "poolmgr.yaml": HOSTILE}
    )
    for args in (("config", "show"), ("config", "show", "--json"), ("trust",), ("trust", "--json")):
        assert "hunter2" not in run(repo, *args).output


def test_check_names_what_is_wrong(repo: Repository) -> None:
    repo.write({"poolmgr.yaml": "pool: {mx: 5}\n"})
    result = run(repo, "config", "check", check=False)
    assert isinstance(result.exception, SettingsError)
    assert "did you mean pool.max?" in result.exception.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "{mode: server}",
            "poolmgr.yaml:1: database.mode is server, and database.dsn names none; set it, or: ",
        ),
        (
            "{dsn: nonsense}",
            "poolmgr.yaml:1: database.dsn is no address of a server; write it as postgresql://",
        ),
        (
            '{dsn: "postgresql://me:hunter2@zebra@h/d"}',
            "poolmgr.yaml:1: database.dsn has more than one @; / and @",
        ),
        ('{dsn: "postgresql://me:hunter2/x@h/d"}', "/ and @ within a password are written %2F and %40"),
        (
            '{dsn: "postgresql://me@h:hunter2/d"}',
            "poolmgr.yaml:1: database.dsn names no possible port; write it",
        ),
        (
            '{mode: "postgresql://me:hunter2@h/d"}',
            "database.mode wants one of auto, embedded, server, off, not 'postgresql://me:***@h/d'",
        ),
    ],
)
def test_check_refuses_an_address_that_nobody_can_follow(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.delenv("POOLMGR_DATABASE_MODE", raising=False)
    repo.write({"poolmgr.yaml": f"database: {text}\n"})
    result = run(repo, "config", "check", check=False)
    assert isinstance(result.exception, SettingsError)
    assert said in result.exception.message
    assert "hunter2" not in f"{result.exception.message} {result.exception.hint}"
    assert "zebra" not in result.exception.message


def test_check_says_that_an_address_is_there_and_not_trusted(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POOLMGR_DATABASE_MODE", raising=False)
    repo.write({"poolmgr.yaml": 'database: {mode: server, dsn: "postgresql://me@h/d"}\n'})
    said = run(repo, "config", "check", check=False).exception
    assert isinstance(said, SettingsError)
    assert said.message.endswith("what poolmgr.yaml:1 says is skipped until you trust it: poolmgr trust")
    run(repo, "trust")
    assert "the settings are right" in run(repo, "config", "check").stdout


def test_check_names_the_variable_of_a_wrong_address(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLMGR_DATABASE_DSN", "host=h password=hunter2")
    said = run(repo, "config", "check", check=False).exception
    assert "POOLMGR_DATABASE_DSN: database.dsn names no user" in str(said)
    assert "hunter2" not in str(said)


def test_check_names_what_is_skipped_and_what_has_no_effect_yet(repo: Repository) -> None:
    repo.write({"poolmgr.yaml": HOSTILE + "limits:\n  stale: 2h\n"})
    result = run(repo, "config", "check")
    assert (
        "warm.run (poolmgr.yaml:3), warm.copy (poolmgr.yaml:4), database.dsn (poolmgr.yaml:5)"
        in result.stderr
    )
    assert "poolmgr trust" in result.stderr
    run(repo, "trust")
    assert "set, but without effect yet: limits.stale" in run(repo, "config", "check").stderr
    answer = json.loads(run(repo, "config", "check", "--json").stdout)
    assert answer["no_effect_yet"] == ["limits.stale"]
    assert answer["skipped"] == []


def test_trust_shows_what_comes_into_force_with_nothing_hidden(repo: Repository) -> None:
    repo.write({"poolmgr.yaml": HOSTILE})
    result = run(repo, "trust")
    assert result.stdout.splitlines() == [
        "warm.run:  # poolmgr.yaml:3",
        '  - "make\\n  evil"',
        '  - "\\u202etxt.exe"',
        "warm.copy:  # poolmgr.yaml:4",
        '  - ".env"',
        'database.dsn: "postgresql://me:***@host/db"  # poolmgr.yaml:5',
    ]
    assert "trusted" in result.stderr
    assert "trusted before" in run(repo, "trust").stderr


def test_trust_ends_when_the_file_changes(repo: Repository) -> None:
    repo.write({"poolmgr.yaml": "warm: {run: [make]}\n"})
    run(repo, "trust")
    assert run(repo, "config", "check").stderr == ""
    repo.write({"poolmgr.yaml": "warm: {run: [evil]}\n"})
    assert "skipped" in run(repo, "config", "check").stderr
    assert json.loads(run(repo, "trust", "--json").stdout)["now_in_force"] == [
        {"key": "warm.run", "value": ["evil"], "place": "poolmgr.yaml:1"}
    ]


def test_trust_has_nothing_to_do_where_nothing_needs_it(repo: Repository) -> None:
    assert "nothing to trust" in run(repo, "trust").stderr
    repo.write({"poolmgr.yaml": "pool: {max: 5}\n"})
    assert "nothing that needs trust" in run(repo, "trust").stderr
    assert not repo.state.exists()


def test_all_works_from_a_directory_below_and_from_a_linked_worktree(
    repo: Repository, tmp_path: Path
) -> None:
    repo.write({"poolmgr.yaml": "pool: {max: 5}\n"})
    repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    for place in (repo.path, repo.path / "src", tmp_path / "linked"):
        assert "max: 5\n" in run(place, "config", "show").stdout


def test_path_names_the_files(repo: Repository) -> None:
    lines = run(repo, "config", "path").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["defaults", "committed", "clone"]
    files = json.loads(run(repo, "config", "path", "--json").stdout)
    assert files["defaults"]["exists"] is True
    assert files["committed"] == {"path": str(repo.path / "poolmgr.yaml"), "exists": False}
    assert files["clone"]["path"] == str(repo.state / "config.yaml")


def test_a_bare_repository_has_settings_too(make_repo: Repositories, tmp_path: Path) -> None:
    make_repo("seed").git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    assert "max: 10\n" in run(tmp_path / "bare.git", "config", "show").stdout
    assert "nothing to trust" in run(tmp_path / "bare.git", "trust").stderr


def test_outside_a_repository_the_error_says_so(tmp_path: Path) -> None:
    assert isinstance(run(tmp_path, "config", "show", check=False).exception, NotARepository)


@pytest.mark.parametrize("command", [("config", "show"), ("config", "check"), ("config", "path"), ("trust",)])
def test_every_command_has_an_example(command: tuple[str, ...], repo: Repository) -> None:
    assert f"Example: poolmgr {' '.join(command)}" in run(repo, *command, "--help").stdout
