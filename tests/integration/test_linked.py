"""Worktrees inside a directory that is moved: git goes on knowing them, whenever somebody prunes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from isolation.work.linked import REASON, follow, list_linked, move, try_move
from tests.zoo import git
from tests.zoo.nested import make_nested

STAGED = "staged"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    make_nested(tmp_path / "repo")
    return tmp_path / "repo"


@pytest.fixture
def slot(repository: Path, tmp_path: Path) -> Path:
    """A worktree in which there is another, with something staged."""
    slot = tmp_path / "slot"
    git(repository, "worktree", "add", "--quiet", "--detach", str(slot))
    lodge(repository, slot / "deep/inside")
    return slot


def lodge(repository: Path, place: Path) -> None:
    """A worktree with something staged."""
    git(repository, "worktree", "add", "--quiet", "--detach", str(place))
    (place / "new.txt").write_text(STAGED)
    git(place, "add", "new.txt")


def require_known(repository: Path, place: Path) -> None:
    """It is as it was, and after a prune, too; nobody holds its record."""
    git(repository, "worktree", "prune", "--expire=now")
    assert git(place, "show", ":new.txt") == STAGED
    listed = git(repository, "worktree", "list", "--porcelain")
    assert f"worktree {place}\n" in f"{listed}\n"
    assert REASON.decode().strip() not in listed


def test_the_record_goes_along_and_comes_back(repository: Path, slot: Path, tmp_path: Path) -> None:
    record = repository / ".git/worktrees/inside"
    before = sorted((each.name, each.read_bytes()) for each in record.iterdir() if each.is_file())
    move(slot, tmp_path / "aside")
    require_known(repository, tmp_path / "aside/deep/inside")
    move(tmp_path / "aside", slot)
    require_known(repository, slot / "deep/inside")
    assert before == sorted((each.name, each.read_bytes()) for each in record.iterdir() if each.is_file())


@pytest.mark.parametrize("comes_far", [False, True])
def test_a_prune_after_a_kill_takes_nothing(
    repository: Path, slot: Path, tmp_path: Path, *, comes_far: bool
) -> None:
    record, aside = repository / ".git/worktrees/inside", tmp_path / "aside"
    (record / "locked").write_bytes(REASON)
    if comes_far:
        slot.rename(aside)
    git(repository, "worktree", "prune", "--expire=now")
    if comes_far:
        follow(aside, slot)
    else:
        move(slot, aside)
    require_known(repository, aside / "deep/inside")


def test_somebodys_own_lock_stays(repository: Path, slot: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "lock", "--reason", "mine", str(slot / "deep/inside"))
    move(slot, tmp_path / "aside")
    assert (repository / ".git/worktrees/inside/locked").read_text().strip() == "mine"
    require_known(repository, tmp_path / "aside/deep/inside")


def test_where_it_cannot_be_renamed_everything_stays(repository: Path, slot: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    with pytest.raises(OSError, match="not empty"):
        move(slot, tmp_path / "full")
    assert not try_move(tmp_path / "nowhere", tmp_path / "aside")
    require_known(repository, slot / "deep/inside")


def test_other_repositories_have_records_too(slot: Path, tmp_path: Path) -> None:
    make_nested(tmp_path / "library")
    make_nested(slot / "own")
    lodge(tmp_path / "library", slot / "of the library")
    lodge(slot / "own", slot / "of its own")
    lodge(slot / "own", tmp_path / "outside")
    aside = tmp_path / "aside"
    move(slot, aside)
    require_known(tmp_path / "library", aside / "of the library")
    require_known(aside / "own", aside / "of its own")
    move(aside, slot)
    require_known(slot / "own", slot / "of its own")
    require_known(slot / "own", tmp_path / "outside")


def test_relative_links_stay_relative(repository: Path, slot: Path, tmp_path: Path) -> None:
    pointer, record = slot / "deep/inside/.git", repository / ".git/worktrees/inside"
    pointer.write_text(f"gitdir: {os.path.relpath(record, pointer.parent)}\n")
    (record / "gitdir").write_text(f"{os.path.relpath(pointer, record)}\n")
    (tmp_path / "further").mkdir()
    aside = tmp_path / "further/aside"
    move(slot, aside)
    named = (record / "gitdir").read_text().strip()
    assert Path(os.path.normpath(record / named)) == aside / "deep/inside/.git"
    assert not Path(named).is_absolute()
    assert git(aside / "deep/inside", "show", ":new.txt") == STAGED
    assert not Path((aside / "deep/inside/.git").read_text().removeprefix("gitdir: ")).is_absolute()


def test_a_copy_does_not_take_the_record(repository: Path, slot: Path, tmp_path: Path) -> None:
    for name in ("a copy", "z copy"):
        shutil.copytree(slot / "deep/inside", slot / name)
    shutil.copytree(slot / "deep/inside", tmp_path / "copy/inside")
    move(tmp_path / "copy", tmp_path / "copied")
    move(slot, tmp_path / "aside")
    require_known(repository, tmp_path / "aside/deep/inside")


def test_what_is_no_worktree_is_left_alone(slot: Path) -> None:
    for name, text in (("empty", ""), ("strange", "gitdir: \0\n"), ("gone", "gitdir: /nowhere\n")):
        (slot / name).mkdir()
        (slot / name / ".git").write_text(text)
    (slot / "linked").mkdir()
    (slot / "linked/.git").symlink_to("../deep/inside/.git")
    assert [one.pointer for one in list_linked(slot, slot)] == [slot / "deep/inside/.git"]
