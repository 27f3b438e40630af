"""A worktree in any state of the zoo becomes clean once its work is kept, and only then."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from isolation.errors import NotKept
from isolation.rescue import restore
from tests.integration.rescues import Pound, make_pound
from tests.zoo import STATES, Snapshot, State, git, snapshot_of


@pytest.fixture
def pound(tmp_path: Path) -> Pound:
    return make_pound(tmp_path)


def without_modes(snapshot: Snapshot) -> Snapshot:
    """The snapshot with the owner's mode bits alone: the others are not made new."""
    files = {name: (kind, mode & 0o700, content) for name, (kind, mode, content) in snapshot.files.items()}
    return replace(snapshot, files=files)


@pytest.mark.battery
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_kept_state_is_cleaned_and_still_comes_back(pound: Pound, tmp_path: Path, state: State) -> None:
    state.make(pound.cage)
    before = snapshot_of(pound.root)
    settings = (pound.common / "config").read_bytes()
    kept = pound.keep()
    base = pound.reset("side")
    assert (pound.common / "config").read_bytes() == settings
    assert pound.examine().is_clean
    assert pound.cage.git("rev-parse", "HEAD") == base
    pure = tmp_path / "pure"
    git(pound.common, "worktree", "add", "--quiet", "--detach", str(pure), base)
    assert without_modes(snapshot_of(pound.root)) == without_modes(snapshot_of(pure))
    assert not pound.cage.path("logs/HEAD").exists()
    pound.collect()
    restore(pound.git, kept, tmp_path / "again")
    assert snapshot_of(tmp_path / "again") == before


def test_a_file_that_appeared_after_the_examination_stays(pound: Pound) -> None:
    work = pound.examine()
    pound.cage.write("late.txt")
    with pytest.raises(NotKept, match=r"late\.txt"):
        pound.reset("side", work)
    assert (pound.root / "late.txt").read_bytes() == b"unsaved\n"


def test_a_file_that_changed_after_the_examination_stays(pound: Pound) -> None:
    pound.cage.write("new.txt", b"seen\n")
    work = pound.examine()
    pound.cage.write("new.txt", b"late\n")
    with pytest.raises(NotKept, match=r"new\.txt"):
        pound.reset("side", work)
    assert (pound.root / "new.txt").read_bytes() == b"late\n"


def test_a_tracked_edit_after_the_examination_is_not_overwritten(pound: Pound) -> None:
    work = pound.examine()
    pound.cage.write("app.txt", b"late\n")
    with pytest.raises(NotKept):
        pound.reset("side", work)
    assert (pound.root / "app.txt").read_bytes() == b"late\n"


def test_a_new_file_where_the_base_has_one_is_not_overwritten(pound: Pound) -> None:
    pound.cage.git("rm", "--quiet", "app.txt")
    pound.cage.git("commit", "--quiet", "-m", "Remove.")
    work = pound.examine()
    pound.cage.write("app.txt", b"late\n")
    with pytest.raises(NotKept):
        pound.reset("side", work)
    assert (pound.root / "app.txt").read_bytes() == b"late\n"


def test_an_ignored_file_that_appeared_is_not_overwritten_by_the_base(pound: Pound) -> None:
    pound.cage.git("checkout", "--quiet", "--detach", "side")
    base = pound.cage.commit("settings.hidden", b"of the base\n")
    pound.cage.git("branch", "base", base)
    pound.cage.git("checkout", "--quiet", "work")
    work = pound.examine()
    pound.cage.write("settings.hidden", b"late\n")
    with pytest.raises(NotKept):
        pound.reset("base", work)
    assert (pound.root / "settings.hidden").read_bytes() == b"late\n"


def test_a_staged_change_after_the_examination_stops_the_cleaning(pound: Pound) -> None:
    work = pound.examine()
    before = (pound.root / "app.txt").read_bytes()
    pound.cage.write("app.txt", b"staged late\n")
    pound.cage.git("add", "app.txt")
    pound.cage.write("app.txt", before)
    with pytest.raises(NotKept):
        pound.reset("side", work)
    assert pound.cage.git("show", ":app.txt") == "staged late"


def test_a_directory_that_became_a_link_leads_nowhere(pound: Pound) -> None:
    pound.cage.write("fresh/precious.txt")
    work = pound.examine()
    outside = pound.cage.outside / "fresh"
    os.rename(pound.root / "fresh", outside)
    (pound.root / "fresh").symlink_to(outside)
    with pytest.raises(NotKept):
        pound.reset("side", work)
    assert (outside / "precious.txt").read_bytes() == b"unsaved\n"


def test_caches_that_are_kept_stay_and_others_go(pound: Pound) -> None:
    pound.cage.write("node_modules/a/index.js")
    pound.cage.write("src/node_modules/b/index.js")
    assert pound.examine().is_clean
    pound.reset("main", keep=lambda path, _: path == b"node_modules")
    assert (pound.root / "node_modules/a/index.js").exists()
    assert not (pound.root / "src/node_modules").exists()


def test_commits_that_are_not_kept_stop_the_cleaning(pound: Pound) -> None:
    pound.cage.git("checkout", "--quiet", "--detach")
    lost = pound.cage.commit("new.txt")
    with pytest.raises(NotKept, match="commit"):
        pound.reset("side")
    assert pound.cage.git("rev-parse", "HEAD") == lost


def test_the_same_cleaning_twice_is_one(pound: Pound) -> None:
    pound.reset("side")
    assert pound.reset("side") == pound.cage.git("rev-parse", "HEAD")


def test_settings_of_the_last_holder_leave_no_trace_in_files(pound: Pound) -> None:
    git(pound.common, "config", "extensions.worktreeConfig", "true")
    pound.cage.git("config", "--worktree", "core.autocrlf", "true")
    for name in ("app.txt", "other.txt", "docs/guide.txt"):
        (pound.root / name).unlink()
    pound.cage.git("checkout", "--quiet", "--", ".")
    assert (pound.root / "docs/guide.txt").read_bytes() == b"guide\r\n"
    assert pound.examine().is_clean
    pound.reset("main")
    assert (pound.root / "docs/guide.txt").read_bytes() == b"guide\n"
    assert pound.cage.git("config", "core.autocrlf", check=False) == ""


def test_a_late_edit_under_such_settings_is_not_overwritten(pound: Pound) -> None:
    git(pound.common, "config", "extensions.worktreeConfig", "true")
    pound.cage.git("config", "--worktree", "core.autocrlf", "true")
    work = pound.examine()
    pound.cage.write("docs/guide.txt", b"late\n")
    with pytest.raises(NotKept):
        pound.reset("main", work)
    assert (pound.root / "docs/guide.txt").read_bytes() == b"late\n"


def test_a_repository_that_is_sparse_everywhere_stays_so(pound: Pound) -> None:
    git(pound.common, "config", "core.sparseCheckout", "true")
    patterns = pound.cage.path("info/sparse-checkout")
    patterns.parent.mkdir(exist_ok=True)
    patterns.write_text("/src/\n")
    pound.cage.git("read-tree", "-m", "-u", "HEAD")
    assert not (pound.root / "docs").exists()
    pound.reset("side")
    assert not (pound.root / "docs").exists()
    assert pound.examine().is_clean


def test_a_kept_cache_where_the_base_has_a_file_goes(pound: Pound) -> None:
    pound.cage.git("checkout", "--quiet", "--detach", "side")
    pound.cage.git("branch", "base", pound.cage.commit("node_modules/a.js", b"of the base\n"))
    pound.cage.git("checkout", "--quiet", "work")
    pound.cage.write("node_modules/a.js", b"cache\n")
    pound.reset("base", keep=lambda path, _: path == b"node_modules")
    assert (pound.root / "node_modules/a.js").read_bytes() == b"of the base\n"


def test_the_branch_of_the_last_holder_stays(pound: Pound) -> None:
    commit = pound.cage.commit("new.txt")
    pound.reset("main")
    assert git(pound.common, "rev-parse", "work") == commit
    assert pound.cage.git("symbolic-ref", "--quiet", "HEAD", check=False) == ""
