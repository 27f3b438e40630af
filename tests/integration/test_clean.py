"""A worktree in any state of the zoo becomes clean once its work is kept, and only then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from isolation.clean import reset_to
from isolation.errors import NotKept
from isolation.git.program import Git
from isolation.rescue import RescuePlace, keep, restore
from isolation.work import Rules, examine
from tests.zoo import STATES, Cage, Snapshot, State, git, is_disposable, make_repository, snapshot_of

RULES = Rules(disposable=is_disposable)


def nothing(_path: bytes, _is_dir: bool) -> bool:  # noqa: FBT001
    """Nothing stays."""
    return False


def without_modes(snapshot: Snapshot) -> Snapshot:
    """The snapshot with the owner's mode bits alone: the others are not made new."""
    files = {name: (kind, mode & 0o700, content) for name, (kind, mode, content) in snapshot.files.items()}
    return replace(snapshot, files=files)


@pytest.fixture
def cage(tmp_path: Path) -> Cage:
    """A linked worktree on a branch of its own."""
    repository = make_repository(tmp_path / "repo")
    outside = tmp_path / "outside"
    outside.mkdir()
    worktree = tmp_path / "slots" / "wt-1"
    git(repository, "worktree", "add", "--quiet", "-b", "work", str(worktree))
    return Cage(worktree, outside)


@pytest.fixture
def where(cage: Cage) -> RescuePlace:
    """Where rescues go."""
    common = Path(cage.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    return RescuePlace(common_dir=common, archive_dir=common / "poolmgr" / "rescue")


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_kept_state_is_cleaned_and_still_comes_back(
    cage: Cage, where: RescuePlace, tmp_path: Path, state: State
) -> None:
    state.make(cage)
    before = snapshot_of(cage.root)
    program = Git(where.common_dir)
    kept = keep(program, cage.root, where=where, slot=1, fence=1, rules=RULES, reason="x", created="y")
    base = git(where.common_dir, "rev-parse", "side")
    reset_to(program, cage.root, base, examine(program, cage.root, RULES), RULES, keep=nothing)
    assert examine(program, cage.root, RULES).is_clean
    assert cage.git("rev-parse", "HEAD") == base
    pure = tmp_path / "pure"
    git(where.common_dir, "worktree", "add", "--quiet", "--detach", str(pure), base)
    assert without_modes(snapshot_of(cage.root)) == without_modes(snapshot_of(pure))
    restore(program, kept, tmp_path / "again")
    assert snapshot_of(tmp_path / "again") == before


def test_a_file_that_appeared_after_the_examination_stays(cage: Cage, where: RescuePlace) -> None:
    program = Git(where.common_dir)
    work = examine(program, cage.root, RULES)
    cage.write("late.txt")
    with pytest.raises(NotKept, match=r"late\.txt"):
        reset_to(program, cage.root, git(where.common_dir, "rev-parse", "side"), work, RULES, keep=nothing)
    assert (cage.root / "late.txt").read_bytes() == b"unsaved\n"


def test_a_file_that_changed_after_the_examination_stays(cage: Cage, where: RescuePlace) -> None:
    program = Git(where.common_dir)
    cage.write("new.txt", b"seen\n")
    work = examine(program, cage.root, RULES)
    cage.write("new.txt", b"late\n")
    with pytest.raises(NotKept, match=r"new\.txt"):
        reset_to(program, cage.root, git(where.common_dir, "rev-parse", "side"), work, RULES, keep=nothing)
    assert (cage.root / "new.txt").read_bytes() == b"late\n"


def test_a_tracked_edit_after_the_examination_is_not_overwritten(cage: Cage, where: RescuePlace) -> None:
    program = Git(where.common_dir)
    work = examine(program, cage.root, RULES)
    cage.write("app.txt", b"late\n")
    with pytest.raises(NotKept):
        reset_to(program, cage.root, git(where.common_dir, "rev-parse", "side"), work, RULES, keep=nothing)
    assert (cage.root / "app.txt").read_bytes() == b"late\n"


def test_caches_that_are_kept_stay_and_others_go(cage: Cage, where: RescuePlace) -> None:
    program = Git(where.common_dir)
    cage.write("node_modules/a/index.js")
    cage.write("src/node_modules/b/index.js")
    work = examine(program, cage.root, RULES)
    assert work.is_clean
    base = git(where.common_dir, "rev-parse", "main")
    reset_to(program, cage.root, base, work, RULES, keep=lambda path, _: path == b"node_modules")
    assert (cage.root / "node_modules/a/index.js").exists()
    assert not (cage.root / "src/node_modules").exists()


def test_commits_that_are_not_kept_stop_the_cleaning(cage: Cage, where: RescuePlace) -> None:
    program = Git(where.common_dir)
    cage.git("checkout", "--quiet", "--detach")
    cage.commit("new.txt")
    work = examine(program, cage.root, RULES)
    with pytest.raises(NotKept, match="commit"):
        reset_to(program, cage.root, git(where.common_dir, "rev-parse", "side"), work, RULES, keep=nothing)
