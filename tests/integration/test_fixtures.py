"""The fixtures themselves: hermetic, real, and gone at the end."""

from __future__ import annotations

import os
from pathlib import Path

from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repositories, Repository


def test_nothing_of_the_person_who_runs_the_tests_is_in_the_environment() -> None:
    named = [name for name in os.environ if name.startswith(("POOLMGR_", "PG", "GPG_"))]
    assert named == ["POOLMGR_DATABASE_MODE"]  # off, but where a test wants a server
    assert {name for name in os.environ if name.startswith("GIT_")} == {
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_TERMINAL_PROMPT",
    }


def test_home_and_every_xdg_directory_belong_to_the_test_run(home: Path) -> None:
    assert Path.home() == home
    assert all(Path(os.environ[name]).is_relative_to(home) for name in os.environ if name.startswith("XDG_"))


def test_a_repository_has_commits_on_main_and_is_clean(repo: Repository) -> None:
    assert repo.git("rev-list", "--count", "main") == "3"
    assert repo.git("status", "--porcelain") == ""


def test_a_repository_without_commits_is_unborn(make_repo: Repositories) -> None:
    unborn = make_repo("unborn", commits=0)
    assert unborn.git("rev-parse", "--verify", "HEAD", check=False) == ""


def test_a_clone_knows_its_remotes_default_branch(remote_repo: Repository) -> None:
    assert remote_repo.git("rev-parse", "--abbrev-ref", "origin/HEAD") == "origin/main"


def test_the_command_line_runs_as_a_process_of_its_own(repo: Repository, run_cli: Commands) -> None:
    assert run_cli("--help", cwd=repo).code == 0
