"""Every state of the zoo is seen, kept, survives the worktree's end and a gc, and comes back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from isolation.git.program import Git
from isolation.rescue import RescuePlace, keep, list_rescues, restore
from isolation.work import Kind, Rules, examine
from tests.zoo import STATES, Cage, State, git, is_disposable, make_repository, snapshot_of

RULES = Rules(disposable=is_disposable)


@pytest.fixture
def cage(tmp_path: Path) -> Cage:
    """A linked worktree on a branch of its own."""
    repository = make_repository(tmp_path / "repo")
    outside = tmp_path / "outside"
    outside.mkdir()
    worktree = tmp_path / "slots" / "wt-1"
    git(repository, "worktree", "add", "--quiet", "-b", "work", str(worktree))
    return Cage(worktree, outside)


def place_of(cage: Cage) -> RescuePlace:
    """Where this repository's rescues lie."""
    common = Path(cage.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    return RescuePlace(common_dir=common, archive_dir=common / "poolmgr" / "rescue")


def destroy(cage: Cage, common: Path) -> None:
    """The worktree and everything git knows of it are gone, and nothing unreachable stays."""
    admin = Path(cage.git("rev-parse", "--absolute-git-dir"))
    for directory in cage.root.rglob("*"):
        if directory.is_dir() and not directory.is_symlink():
            directory.chmod(0o700)
    shutil.rmtree(cage.root)
    shutil.rmtree(admin)
    git(common, "reflog", "expire", "--expire=now", "--all")
    git(common, "gc", "--quiet", "--prune=now")


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_state_comes_back_after_its_worktree_and_a_gc(cage: Cage, tmp_path: Path, state: State) -> None:
    objects = state.make(cage) or ()
    before = snapshot_of(cage.root)
    where = place_of(cage)
    program = Git(where.common_dir)

    work = examine(program, cage.root, RULES)
    assert {one.kind for one in work.findings} >= state.kinds
    if not state.kinds - {Kind.UNREFERENCED}:
        assert not work.blocking

    kept = keep(program, cage.root, where=where, slot=1, fence=7, rules=RULES, reason="why", created="when")
    assert snapshot_of(cage.root) == before
    assert list_rescues(program, where.archive_dir) == (kept,)

    destroy(cage, where.common_dir)
    again = tmp_path / "again"
    restore(program, kept, again)
    for oid in objects:
        git(again, "cat-file", "-e", oid)
    assert snapshot_of(again) == before
    git(again, "fsck", "--connectivity-only")
    git(again, "gc", "--quiet", "--prune=now")
