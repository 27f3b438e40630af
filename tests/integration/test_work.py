"""Examination: what counts as work and what does not, and that looking changes nothing."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from isolation.errors import IsolationError
from isolation.rescue import restore
from isolation.work import Kind, Rules, examine
from tests.integration.rescues import Pound, make_pound
from tests.zoo import STATES, Cage, State, git, is_disposable, snapshot_of
from tests.zoo.nested import add_submodule, make_nested


@pytest.fixture
def pound(tmp_path: Path) -> Pound:
    return make_pound(tmp_path)


def kinds_of(pound: Pound, rules: Rules | None = None) -> list[tuple[Kind, str]]:
    work = pound.examine(rules) if rules else pound.examine()
    return sorted((one.kind, one.path) for one in work.findings)


def list_identities(root: Path) -> dict[str, tuple[int, ...]]:
    """Everything lstat says of every path but when it was read.

    Git itself freshens a shared index and writes trees of a sparse one: neither is the worktree's.
    """
    found: dict[str, tuple[int, ...]] = {}
    for directory, names, files in os.walk(root):
        if Path(directory).name == "objects":
            names.clear()
            continue
        for name in (
            ".",
            *(one for one in (*names, *files) if not one.startswith(("objects", "sharedindex"))),
        ):
            status = os.lstat(os.path.join(directory, name))
            found[os.path.join(directory, name)] = (
                status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns,
            )  # fmt: skip
    return found


def clone(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    git(source, "clone", "--quiet", str(source), str(to))


def test_a_fresh_worktree_is_clean(pound: Pound) -> None:
    work = pound.examine()
    assert work.is_clean
    assert work.branch == "work"
    assert work.head == pound.cage.git("rev-parse", "HEAD")


@pytest.mark.battery
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_looking_writes_nothing_anywhere(pound: Pound, state: State) -> None:
    state.make(pound.cage)
    pound.cage.path("index.lock").write_bytes(b"")
    before = list_identities(pound.common), list_identities(pound.root)
    pound.examine()
    assert (list_identities(pound.common), list_identities(pound.root)) == before


def test_disposable_files_are_no_work(pound: Pound) -> None:
    pound.cage.write("node_modules/a/.env")
    pound.cage.write("src/node_modules/a/debug.hidden")
    assert kinds_of(pound) == []


def test_a_link_to_a_shared_cache_is_disposable_where_it_is_ignored(pound: Pound) -> None:
    pound.cage.path("info/exclude").write_text("node_modules\n__pycache__\n")
    (pound.root / "node_modules").symlink_to(pound.cage.outside)
    (pound.root / "other").symlink_to(pound.cage.outside)
    assert kinds_of(pound) == [(Kind.UNTRACKED, "other")]


def test_a_name_of_a_disposable_directory_does_not_hide_untracked_files(pound: Pound) -> None:
    pound.cage.write("src/__pycache__/notes.txt")
    assert kinds_of(pound) == [(Kind.UNTRACKED, "src/__pycache__/notes.txt")]


def test_an_ignored_directory_is_listed_file_by_file(pound: Pound) -> None:
    pound.cage.write("secrets/a/key.pem")
    pound.cage.write("secrets/node_modules/x.js")
    assert kinds_of(pound) == [(Kind.IGNORED, "secrets/a/key.pem")]


def test_a_placed_file_counts_once_it_changed(pound: Pound) -> None:
    content = b"PLACED=1\n"
    rules = Rules(disposable=is_disposable, placed={".env": hashlib.sha256(content).hexdigest()})
    assert kinds_of(pound, rules) == []
    pound.cage.write(".env", content)
    assert kinds_of(pound, rules) == []
    pound.cage.write(".env", b"PLACED=2\n")
    assert kinds_of(pound, rules) == [(Kind.PLACED, ".env")]
    (pound.root / ".env").unlink()
    (pound.root / ".env").symlink_to("elsewhere")
    assert kinds_of(pound, rules) == [(Kind.PLACED, ".env")]


def test_files_hidden_by_a_sparse_checkout_are_no_work(pound: Pound) -> None:
    pound.cage.git("sparse-checkout", "set", "--cone", "--sparse-index", "src")
    assert kinds_of(pound) == []
    pound.cage.git("sparse-checkout", "set", "--no-cone", "/docs/")
    assert kinds_of(pound) == []


def test_flags_without_an_edit_are_no_work(pound: Pound) -> None:
    pound.cage.git("update-index", "--assume-unchanged", "app.txt")
    pound.cage.git("update-index", "--skip-worktree", "other.txt")
    assert kinds_of(pound) == []


def test_a_touched_file_is_no_work(pound: Pound) -> None:
    os.utime(pound.root / "app.txt", ns=(1, 1))
    assert kinds_of(pound) == []


def test_a_clone_in_a_disposable_place_is_no_work_until_it_has_some(pound: Pound) -> None:
    make_nested(pound.cage.outside / "library")
    inside = pound.root / "node_modules/library"
    clone(pound.cage.outside / "library", inside)
    (inside / "debug.hidden").write_bytes(b"ignored or not, a log\n")
    (inside / ".git/info/exclude").write_text("*.hidden\n")
    assert kinds_of(pound) == []
    (inside / "inner.txt").write_bytes(b"edited\n")
    git(inside, "stash", "--quiet")
    assert [one.detail for one in pound.examine().findings] == ["a nested repository with a stash"]
    git(inside, "stash", "drop", "--quiet")
    git(inside, "commit", "--quiet", "--allow-empty", "-m", "Ours.")
    assert [one.detail for one in pound.examine().findings] == [
        "a nested repository with commits that are on no remote"
    ]


def test_a_clone_in_a_plain_place_is_work(pound: Pound) -> None:
    make_nested(pound.cage.outside / "library")
    clone(pound.cage.outside / "library", pound.root / "library")
    assert kinds_of(pound) == [(Kind.NESTED, "library")]


def test_a_submodule_that_is_on_its_remote_is_no_work(pound: Pound) -> None:
    add_submodule(pound.cage)
    assert kinds_of(pound) == []
    pound.reset("main")
    assert kinds_of(pound) == []
    assert not (pound.root / "library").exists()


def test_a_submodule_that_is_not_checked_out_is_no_work_and_files_there_are(pound: Pound) -> None:
    add_submodule(pound.cage)
    pound.reset("work")
    assert (pound.root / "library").is_dir()
    assert kinds_of(pound) == []
    pound.cage.write("library/notes.txt")
    assert kinds_of(pound) == [(Kind.NESTED, "library")]


def test_nothing_that_a_nested_repository_configures_is_run(pound: Pound) -> None:
    mark = pound.cage.outside / "ran"
    inside = pound.root / "node_modules/hostile"
    make_nested(inside)
    (inside / ".gitattributes").write_text("* filter=evil\n")
    for key in (
        "filter.evil.clean",
        "filter.evil.process",
        "core.fsmonitor",
        "core.sshCommand",
        "diff.external",
    ):
        git(inside, "config", key, f"touch {mark}; cat")
    hook = inside / ".git/hooks/post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    os.utime(inside / "inner.txt", ns=(1, 1))
    assert kinds_of(pound) == [(Kind.NESTED, "node_modules/hostile")]
    pound.keep()
    assert not mark.exists()


def test_another_work_tree_in_the_settings_is_not_followed(pound: Pound) -> None:
    pound.cage.write("new.txt")
    git(pound.common, "config", "extensions.worktreeConfig", "true")
    pound.cage.git("config", "--worktree", "core.worktree", str(pound.cage.outside))
    assert kinds_of(pound) == [(Kind.UNTRACKED, "new.txt")]


def test_a_worktree_whose_git_file_is_gone_is_found_by_its_entry(pound: Pound) -> None:
    pound.cage.write("new.txt")
    (pound.root / ".git").write_text("nonsense")
    assert kinds_of(pound) == [(Kind.UNTRACKED, "new.txt")]


def test_a_git_file_that_names_another_worktree_is_refused(pound: Pound, tmp_path: Path) -> None:
    other = tmp_path / "slots" / "wt-2"
    git(pound.common, "worktree", "add", "--quiet", "--detach", str(other))
    (pound.root / ".git").write_bytes((other / ".git").read_bytes())
    with pytest.raises(IsolationError, match="another worktree"):
        pound.examine()


def test_a_moved_worktree_is_examined_where_it_is(pound: Pound, tmp_path: Path) -> None:
    pound.cage.write("new.txt")
    moved = tmp_path / "parked"
    pound.root.rename(moved)
    pound.root.mkdir()
    (pound.root / ".git").write_text("gitdir: /nowhere\n")
    assert [one.path for one in examine(pound.git, moved, Rules()).findings] == ["new.txt"]


SUBMODULES = ("submodule-with-edits", "submodule-with-commit", "submodule-hidden-by-settings")


@pytest.mark.parametrize("name", SUBMODULES)
def test_submodules_of_a_moved_worktree_are_kept(pound: Pound, tmp_path: Path, name: str) -> None:
    (state,) = (one for one in STATES if one.name == name)
    state.make(pound.cage)
    before = snapshot_of(pound.root)
    moved = pound.common / "poolmgr" / "far" / "away" / "parked"
    moved.parent.mkdir(parents=True)
    pound.root.rename(moved)
    there = Pound(Cage(moved, pound.cage.outside), pound.where)
    assert Kind.NESTED in {one.kind for one in there.examine().findings}
    kept = there.keep()
    there.reset("main")
    assert there.examine().is_clean
    restore(there.git, kept, tmp_path / "again")
    assert snapshot_of(tmp_path / "again") == before


def test_a_directory_that_is_gone_is_said(pound: Pound) -> None:
    with pytest.raises(IsolationError, match="no directory"):
        examine(pound.git, pound.root / "gone", Rules())


def test_commits_on_a_branch_are_no_findings(pound: Pound) -> None:
    pound.cage.commit("new.txt")
    assert kinds_of(pound) == []
    pound.cage.git("checkout", "--quiet", "--detach", "main")
    assert kinds_of(pound) == []


def test_paths_with_undecodable_bytes_are_named_losslessly(pound: Pound) -> None:
    name = b"caf\xe9\n.txt"
    with open(os.path.join(os.fsencode(pound.root), name), "wb") as file:
        file.write(b"x")
    assert kinds_of(pound) == [(Kind.UNTRACKED, os.fsdecode(name))]
