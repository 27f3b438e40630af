"""The rule of what is outside, on repositories of every shape git makes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from isolation.git.program import Git
from isolation.guards import rule
from poolmgr.services.scoping.outside import runner
from tests.fixtures.repositories import Repositories, Repository

FILES = {"src/app.py": "0\n", "docs/guide.md": "Start.\n", "docs/deep/more.md": "More.\n", "tools/run": "x\n"}


def owns(path: bytes) -> bool:
    return path.startswith(b"src/")


def outside(
    repo: Repository, bases: Iterable[str] = ("main",), *, old: str | None = None, new: str = "HEAD"
) -> dict[str, str]:
    """Paths that are outside, and what happened to them."""
    changes = rule.find_outside(runner(Git(repo.path)), old, new, bases, owns)
    return {os.fsdecode(change.path): change.kind for change in changes}


@pytest.fixture
def forked(make_repo: Repositories) -> Repository:
    """A repository on a branch that has nothing of its own yet."""
    repo = make_repo("repo", files=FILES, commits=2)
    repo.git("checkout", "--quiet", "-b", "work")
    return repo


def test_each_kind_of_change_is_named_by_its_kind(forked: Repository) -> None:
    forked.git("update-index", "--chmod=+x", "tools/run")
    forked.git("rm", "--quiet", "docs/guide.md")
    (forked.path / "docs/deep/more.md").unlink()
    (forked.path / "docs/deep/more.md").symlink_to("x")
    forked.write({"new": "new\n", "src/app.py": "1\n"})
    forked.git("add", "new", "src", "docs")
    forked.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor")
    kinds = {
        "docs/deep/more.md": "type", "docs/guide.md": "deleted", "new": "added", "tools/run": "mode",
        "vendor": "added",
    }  # fmt: skip
    assert outside(forked, old="HEAD", new=rule.INDEX) == kinds
    forked.git("commit", "--quiet", "--message", "All.")
    assert outside(forked) == kinds
    assert outside(forked, old="HEAD~") == kinds
    forked.git("update-index", "--cacheinfo", f"160000,{'2' * 40},vendor")
    forked.git("commit", "--quiet", "--message", "Moved.")
    assert outside(forked, old="HEAD~") == {"vendor": "submodule"}


def test_a_collapsed_directory_of_a_sparse_index_is_seen_path_by_path(forked: Repository) -> None:
    forked.git("sparse-checkout", "set", "--cone", "--sparse-index", "src")
    assert "docs/\n" in forked.git("ls-files", "--sparse") + "\n"
    tree = forked.git("rev-parse", "HEAD:docs/deep")
    forked.git("read-tree", "--prefix=copied/", tree)
    forked.git("sparse-checkout", "reapply", "--sparse-index")
    assert outside(forked, old="HEAD", new=rule.INDEX) == {"copied/more.md": "added"}


def test_what_is_only_intended_or_unmerged_is_not_staged(forked: Repository) -> None:
    forked.write({"docs/new.md": "new\n"})
    forked.git("add", "--intent-to-add", "docs/new.md")
    forked.git("update-index", "--assume-unchanged", "docs/guide.md")
    forked.git("update-index", "--skip-worktree", "tools/run")
    assert outside(forked, old="HEAD", new=rule.INDEX) == {}


def test_a_merge_in_progress_has_the_merge_base_of_its_commit(forked: Repository) -> None:
    forked.commit("Inside.", {"src/app.py": "1\n"})
    forked.git("checkout", "--quiet", "main")
    forked.commit("A person's.", {"docs/guide.md": "By a person.\n"})
    forked.git("checkout", "--quiet", "work")
    forked.git("merge", "--quiet", "--no-commit", "--no-ff", "main")
    assert outside(forked, old="HEAD", new=rule.INDEX) == {}
    forked.write({"docs/guide.md": "Start.\nmore\n"})
    forked.git("add", "docs")
    assert outside(forked, old="HEAD", new=rule.INDEX) == {"docs/guide.md": "changed"}


def test_without_a_common_commit_all_is_outside_but_what_the_base_has(forked: Repository) -> None:
    forked.git("checkout", "--quiet", "--orphan", "alone")
    forked.write({"docs/guide.md": "Mine.\n"})
    forked.git("add", "--all")
    forked.git("commit", "--quiet", "--message", "Alone.")
    assert outside(forked) == {"docs/guide.md": "added"}
    assert set(outside(forked, ["nowhere"])) == {"CHANGES", *FILES} - {"src/app.py"}


def test_before_the_first_commit_everything_staged_counts(make_repo: Repositories) -> None:
    repo = make_repo("repo", files={}, commits=0)
    repo.write(FILES)
    repo.git("add", "--all")
    empty = rule.empty_tree(runner(Git(repo.path)))
    assert set(outside(repo, old=empty, new=rule.INDEX)) == FILES.keys() - {"src/app.py"}
    assert set(outside(repo, old=None, new=rule.INDEX)) == FILES.keys() - {"src/app.py"}


def test_an_older_base_excuses_nothing_beside_a_newer_one(forked: Repository) -> None:
    start = forked.git("rev-parse", "main")
    forked.git("checkout", "--quiet", "main")
    forked.commit("A person's.", {"docs/guide.md": "By a person.\n"})
    forked.git("checkout", "--quiet", "work")
    forked.git("merge", "--quiet", "--strategy=ours", "--no-edit", "main")
    assert outside(forked, [start]) == {}
    assert (
        outside(forked, [start, "main"]) == outside(forked, ["main", start]) == {"docs/guide.md": "changed"}
    )


def test_more_paths_than_arguments_are_compared_with_all_of_history(
    forked: Repository,
) -> None:
    forked.git("checkout", "--quiet", "main")
    forked.commit("Many.", {f"many/{number:04}.txt": f"{number}\n" for number in range(rule.MOST_PATHS + 50)})
    forked.commit("Others.", {f"many/{number:04}.txt": "again\n" for number in range(50)})
    forked.git("checkout", "--quiet", "work")
    forked.git("merge", "--quiet", "--squash", "main~")
    forked.git("commit", "--quiet", "--message", "Squashed.")
    assert outside(forked) == {}
    forked.commit("Mine.", {"many/0007.txt": "mine\n"})
    assert outside(forked) == {"many/0007.txt": "added"}


def test_a_shallow_clone_is_judged_by_what_it_has(forked: Repository, tmp_path: Path) -> None:
    forked.git("checkout", "--quiet", "main")
    forked.commit("Third.", {"docs/guide.md": "Third.\n"})
    forked.git("clone", "--quiet", "--depth=1", f"file://{forked.path}", str(tmp_path / "shallow"))
    clone = Repository(tmp_path / "shallow")
    clone.git("checkout", "--quiet", "-b", "work")
    clone.commit("Inside.", {"src/app.py": "1\n"})
    assert outside(clone) == {}
    clone.commit("Outside.", {"docs/guide.md": "Start.\n"})
    assert outside(clone) == {"docs/guide.md": "changed"}
    forked.commit("Fourth.", {"docs/guide.md": "Fourth.\n"})
    clone.git("fetch", "--quiet", "origin")
    clone.git("reset", "--quiet", "--hard", "HEAD~")
    clone.git("merge", "--quiet", "--no-edit", "origin/main")
    assert outside(clone, ["main", "origin/main"]) == {}


def test_a_repository_with_longer_object_names_is_judged_the_same(make_repo: Repositories) -> None:
    repo = Repository(make_repo.root / "long")
    repo.path.mkdir()
    repo.git("init", "--quiet", "--object-format=sha256")
    repo.commit("First.", FILES)
    repo.git("checkout", "--quiet", "-b", "work")
    repo.commit("Both.", {"src/app.py": "1\n", "docs/guide.md": "2\n"})
    assert outside(repo) == {"docs/guide.md": "changed"}
    assert set(outside(repo, [])) == {"docs/guide.md", "docs/deep/more.md", "tools/run"}
