"""Untracked files of the checkout in a slot: only plain files, only where nothing is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from poolmgr.services.ground.copying import copy_into, read_copies
from tests.e2e.pooled import Pooled
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repository


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    """A checkout with all kinds of things, and an empty tree."""
    checkout, tree = tmp_path / "checkout", tmp_path / "tree"
    (checkout / "dir").mkdir(parents=True)
    tree.mkdir()
    (checkout / "dir/.env").write_text("A=1\n")
    (checkout / "dir/.env").chmod(0o640)
    (tmp_path / "outside").write_text("secret\n")
    (checkout / "link").symlink_to(tmp_path / "outside")
    os.mkfifo(checkout / "pipe")
    return checkout, tree


def test_a_file_is_copied_with_its_mode_and_directories(trees: tuple[Path, Path]) -> None:
    checkout, tree = trees
    copy_into(checkout, ["dir/.env"], tree)
    assert (tree / "dir/.env").read_text() == "A=1\n"
    assert (tree / "dir/.env").stat().st_mode & 0o777 == 0o640


def test_what_is_no_plain_file_is_passed_over(trees: tuple[Path, Path]) -> None:
    checkout, tree = trees
    assert read_copies(checkout, ["dir", "link", "pipe", "missing", "dir/.env/x"], tree) == {}


def test_what_is_there_already_stays(trees: tuple[Path, Path]) -> None:
    checkout, tree = trees
    (tree / "dir").mkdir()
    (tree / "dir/.env").write_text("mine\n")
    copy_into(checkout, ["dir/.env"], tree)
    assert (tree / "dir/.env").read_text() == "mine\n"


def test_a_file_that_the_checkout_has_not_yet_breaks_no_slot(repo: Repository, run_cli: Commands) -> None:
    run_cli.background = ("worker*.lock",)
    pool = Pooled(repo, run_cli)
    pool.cli.variables["POOLMGR_WARM_COPY"] = ".env, secrets"
    (repo.path / "secrets").mkdir()
    pool.init(1)
    assert pool.slot("pool-wt-1")["state"] == "READY"
