"""Git's everyday commands work in a slot that shows a part, and leave it showing that part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from isolation.scope.verify import Difference, compare
from tests.fixtures.repositories import Repository
from tests.integration.scoped import SHOWN, VIEWS, Slot, make_slot, make_source, runs_of

PLAIN = str.maketrans("[]", "--")
A = "packages/one/src/a.py"


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return make_source(tmp_path_factory.mktemp("source"))


@pytest.fixture(params=VIEWS)
def slot(repo: Repository, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Slot]:
    """A slot on a branch of its own; when the test is over it must show its view, and no more."""
    made = make_slot(repo, tmp_path)
    made.show(VIEWS[request.param])
    made.tree.git("switch", "--quiet", "-c", f"work-{request.node.name.translate(PLAIN)}")
    yield made
    require_view(made, request.param)


def require_view(slot: Slot, view: str) -> None:
    assert compare(slot.git, slot.path, VIEWS[view], runs_of(VIEWS[view])) == Difference()
    assert slot.files() <= {*SHOWN[VIEWS[view].digest], "packages/one/src/new.py"}
    assert slot.tree.git("diff", "HEAD", "--", "docs", "packages/two") == ""


def changed_since_main(slot: Slot) -> list[str]:
    return slot.tree.git("diff", "--name-only", "main", "HEAD").splitlines()


def test_status_is_clean_and_shows_an_edit(slot: Slot) -> None:
    assert slot.tree.git("status", "--porcelain", "--ignored") == ""
    slot.tree.write({A: "A = 5\n"})
    assert slot.tree.git("status", "--porcelain").split() == ["M", A]


def test_add_and_commit_take_what_is_shown_and_nothing_else(slot: Slot) -> None:
    slot.tree.write({A: "A = 5\n", "packages/one/src/new.py": "N = 1\n"})
    (slot.path / "packages/one/src/b.py").unlink()
    slot.tree.git("add", "-A")
    slot.tree.git("commit", "--quiet", "-m", "All.")
    assert changed_since_main(slot) == [A, "packages/one/src/b.py", "packages/one/src/new.py"]
    assert slot.tree.git("status", "--porcelain") == ""


def test_commit_all_takes_edits(slot: Slot) -> None:
    slot.tree.write({A: "A = 5\n"})
    slot.tree.git("commit", "--quiet", "-a", "-m", "Edit.")
    assert changed_since_main(slot) == [A]


def test_switching_brings_the_other_branch_and_hides_what_is_hidden(slot: Slot) -> None:
    slot.tree.git("switch", "--quiet", "--detach", "later")
    assert (slot.path / A).read_text() == "A = 2\n"
    slot.tree.git("checkout", "--quiet", "-")
    assert (slot.path / A).read_text() == "A = 1\n"
    assert slot.tree.git("status", "--porcelain") == ""


def test_a_merge_brings_hidden_changes_without_showing_them(slot: Slot) -> None:
    slot.tree.commit("Mine.", {"packages/one/src/b.py": "B = 2\n"})
    slot.tree.git("merge", "--quiet", "--no-edit", "later")
    assert changed_since_main(slot) == ["docs/guide.md", "new/file", A, "packages/one/src/b.py"]


def test_a_conflict_inside_is_resolved_as_always(slot: Slot) -> None:
    slot.tree.commit("Mine.", {A: "A = 3\n"})
    slot.tree.git("merge", "--quiet", "later", check=False)
    assert slot.tree.git("status", "--porcelain", "--", A).split() == ["UU", A]
    slot.tree.write({A: "A = 4\n"})
    slot.tree.git("add", "-A")
    slot.tree.git("commit", "--quiet", "--no-edit")
    assert changed_since_main(slot) == ["docs/guide.md", "new/file", A]


def test_a_rebase_carries_commits_over_hidden_changes(slot: Slot) -> None:
    slot.tree.commit("One.", {"packages/one/src/b.py": "B = 2\n"})
    slot.tree.commit("Two.", {"packages/one/src/b.py": "B = 3\n"})
    slot.tree.git("rebase", "--quiet", "later")
    assert slot.tree.git("rev-list", "--count", "later..HEAD") == "2"
    assert slot.tree.git("show", "HEAD:docs/guide.md") == "More."


def test_a_cherry_pick_of_a_hidden_change_applies(slot: Slot) -> None:
    slot.tree.git("cherry-pick", "later")
    assert changed_since_main(slot) == ["docs/guide.md", "new/file", A]
    slot.tree.git("revert", "--no-edit", "HEAD")
    assert changed_since_main(slot) == []


def test_a_stash_takes_edits_and_brings_them_back(slot: Slot) -> None:
    slot.tree.write({A: "A = 5\n", "packages/one/src/new.py": "N = 1\n"})
    slot.tree.git("stash", "push", "--quiet", "--include-untracked")
    assert slot.tree.git("status", "--porcelain") == ""
    slot.tree.git("stash", "pop", "--quiet")
    assert slot.tree.git("status", "--porcelain").split() == ["M", A, "??", "packages/one/src/new.py"]


def test_restore_and_reset_bring_files_back(slot: Slot) -> None:
    slot.tree.write({A: "A = 5\n"})
    slot.tree.git("restore", A)
    slot.tree.write({A: "A = 6\n"})
    slot.tree.git("restore", "--source=later", "--staged", "--worktree", A)
    assert (slot.path / A).read_text() == "A = 2\n"
    slot.tree.git("reset", "--quiet", "--hard")
    assert (slot.path / A).read_text() == "A = 1\n"
    slot.tree.git("reset", "--quiet", "--hard", "later")
    assert slot.tree.git("status", "--porcelain") == ""


def test_looking_commands_see_what_is_hidden(slot: Slot) -> None:
    assert "docs/guide.md" in slot.tree.git("ls-files")
    assert slot.tree.git("grep", "-l", "Guide", "HEAD", "--", "docs") == "HEAD:docs/guide.md"
    assert slot.tree.git("log", "--format=%s", "-1", "--", "docs/guide.md") == "Change number 1."
    assert slot.tree.git("diff", "--stat", "main", "later", "--", "docs") != ""
