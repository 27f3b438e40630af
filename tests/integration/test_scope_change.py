"""The view of a slot changes under its holder's hands, and verifying repairs it; no edit is dropped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from isolation.errors import NotKept
from isolation.scope.change import change_view
from isolation.scope.verify import Difference, compare, repair
from isolation.scope.view import FULL, View
from isolation.scope.whole import read_before, require_whole
from tests.fixtures.moments import edit_at_once
from tests.fixtures.repositories import Repository
from tests.integration.scoped import CONE, EXACT, FILES, OTHER, SHOWN, Slot, make_slot, make_source, runs_of

NAMED = {"cone": CONE, "other": OTHER, "exact": EXACT, "full": FULL}
FOUND = Difference()


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return make_source(tmp_path_factory.mktemp("source"))


@pytest.fixture
def slot(repo: Repository, tmp_path: Path) -> Slot:
    return make_slot(repo, tmp_path)


def change(slot: Slot, view: View) -> tuple[str, ...]:
    return change_view(slot.git, slot.path, view, runs_of(view))


def difference(slot: Slot, view: View) -> Difference:
    return compare(slot.git, slot.path, view, runs_of(view))


def put_right(slot: Slot, view: View) -> Difference:
    """What a repair found; after it nothing is wrong."""
    found = repair(slot.git, slot.path, view, runs_of(view))
    assert difference(slot, view) == Difference(edited=found.edited)
    return found


@pytest.mark.battery
@pytest.mark.parametrize("after", NAMED)
@pytest.mark.parametrize("before", NAMED)
def test_a_held_slot_without_edits_shows_the_new_view(slot: Slot, before: str, after: str) -> None:
    slot.show(NAMED[before])
    slot.tree.git("config", "--worktree", "user.email", "holder@example.org")
    assert change(slot, NAMED[after]) == ()
    assert slot.files() == SHOWN[NAMED[after].digest]
    assert difference(slot, NAMED[after]) == Difference()
    assert slot.tree.git("status", "--porcelain", "--ignored") == ""
    assert slot.tree.git("config", "--worktree", "user.email") == "holder@example.org"
    slot.tree.git("sparse-checkout", "list", check=after != "full")


@pytest.mark.parametrize("after", ["other", "exact"])
@pytest.mark.parametrize("before", ["full", "cone"])
def test_edits_that_leave_the_view_stay_and_are_named(slot: Slot, before: str, after: str) -> None:
    slot.show(NAMED[before])
    slot.tree.write({
        "packages/two/package.json": "staged\n",
        "packages/one/package.json": "edited\n",
        "packages/one/lib/new.txt": "untracked\n",
        "packages/one/.env": "ignored\n",
        "packages/one/build/out": "ignored too\n",
        "README.md": "in every view\n",
    })  # fmt: skip
    slot.tree.git("add", "packages/two/package.json")
    slot.tree.write({"packages/one/src/a.py": "assumed\n"})
    slot.tree.git("update-index", "--assume-unchanged", "packages/one/src/a.py")
    (slot.path / "packages/one/src/b.py").unlink()
    index = slot.tree.git("ls-files", "-s", "packages/two/package.json", "packages/one/src/b.py")
    named = change(slot, NAMED[after])
    expected = {"packages/one/lib/new.txt", "packages/one/build/"}
    # The directory of a manifest shows its own files.
    left = {"packages/one/src/a.py", "packages/one/src/b.py"}
    expected |= left if after == "other" else {"packages/one/.env"}
    assert {*named} == expected
    for name, text in {
        "packages/two/package.json": "staged\n", "packages/one/package.json": "edited\n",
        "packages/one/lib/new.txt": "untracked\n", "packages/one/.env": "ignored\n",
        "packages/one/build/out": "ignored too\n", "packages/one/src/a.py": "assumed\n",
    }.items():  # fmt: skip
        assert (slot.path / name).read_text() == text, name
    assert slot.tree.git("ls-files", "-s", "packages/two/package.json", "packages/one/src/b.py") == index
    change(slot, NAMED[before])
    assert not (slot.path / "packages/one/src/b.py").exists()


def test_staged_files_that_leave_the_view_stay_on_disk(slot: Slot) -> None:
    slot.tree.write({"docs/new.md": "new\n", "docs/guide.md": "staged\n"})
    slot.tree.git("add", "docs")
    slot.tree.git("mv", "docs/deep/er/notes.md", "docs/deep/moved.md")
    staged = slot.tree.git("diff", "--cached", "--raw")
    named = {"docs/deep/moved.md", "docs/guide.md", "docs/new.md"}
    assert set(change(slot, CONE)) == {*named, "docs/deep/er/notes.md"}
    assert (slot.path / "docs/guide.md").read_text() == "staged\n"
    assert slot.files() == {*SHOWN[CONE.digest], *named}
    assert slot.tree.git("diff", "--cached", "--raw") == staged
    assert slot.tree.git("diff-files") == ""
    assert not difference(slot, CONE).is_repairable


def test_an_edit_behind_a_flag_that_leaves_the_view_is_named_and_nothing_to_repair(slot: Slot) -> None:
    slot.tree.git("update-index", "--assume-unchanged", "docs/guide.md", "README.md")
    slot.tree.write({"docs/guide.md": "assumed\n"})
    assert change(slot, CONE) == ("docs/guide.md",)
    assert difference(slot, CONE) == Difference(edited=("docs/guide.md",))
    slot.tree.git("rm", "--quiet", "--cached", "packages/one/src/a.py")
    assert difference(slot, CONE) == Difference(edited=("docs/guide.md",))


def places(slot: Slot) -> list[str]:
    """Every entry of the index, as often as it is there."""
    return slot.tree.git("-c", "index.sparse=false", "ls-files").splitlines()


@pytest.mark.parametrize("after", ["other", "exact", "full"])
def test_an_entry_of_add_n_harms_no_index(slot: Slot, after: str) -> None:
    slot.show(CONE)
    slot.tree.write({"packages/one/new.py": "NEW = 1\n"})
    slot.tree.git("add", "-N", "packages/one/new.py")
    slot.tree.git("mv", "packages/one/src/a.py", "packages/one/src/z.py")
    slot.tree.git("sparse-checkout", "reapply")
    slot.tree.git("rm", "--quiet", "--cached", "--sparse", "packages/one/src/b.py")
    expected = {*FILES, "packages/one/new.py", "packages/one/src/z.py"}
    expected -= {"packages/one/src/a.py", "packages/one/src/b.py"}
    assert places(slot) == sorted(expected)
    change(slot, NAMED[after])
    put_right(slot, NAMED[after])
    assert places(slot) == sorted(expected)
    assert (slot.path / "packages/one/new.py").read_text() == "NEW = 1\n"


def test_a_slot_with_a_sparse_index_and_an_entry_of_add_n_is_put_right(slot: Slot) -> None:
    slot.show(CONE)
    slot.tree.git("config", "--worktree", "index.sparse", "true")
    slot.tree.write({"packages/one/new.py": "NEW = 1\n"})
    slot.tree.git("add", "-N", "packages/one/new.py")
    assert slot.look()
    put_right(slot, CONE)
    slot.tree.git("sparse-checkout", "reapply")
    assert places(slot) == sorted({*FILES, "packages/one/new.py"})


def test_a_change_that_would_lose_entries_is_undone(slot: Slot) -> None:
    (slot.path / "packages/one/src/a.py").unlink()
    slot.tree.write({"docs/guide.md": "edited\n"})
    before = read_before(slot.ground.git(slot.git), slot.ground)
    change(slot, CONE)
    slot.tree.git("rm", "--quiet", "--cached", "--sparse", "docs/deep/er/notes.md")
    with pytest.raises(NotKept, match=r"docs/deep/er/notes\.md"):
        require_whole(slot.ground.git(slot.git), slot.ground, before, b"packages/one/src/a.py\0")
    assert slot.tree.git("status", "--porcelain").split() == [
        "M",
        "docs/guide.md",
        "D",
        "packages/one/src/a.py",
    ]
    assert difference(slot, FULL) == Difference()


def test_an_undone_change_hides_no_edit_of_the_second_in_which_the_index_was_written(slot: Slot) -> None:
    edit_at_once(slot.path / "docs/guide.md", slot.ground.admin / "index")
    before = read_before(slot.ground.git(slot.git), slot.ground)
    slot.tree.git("rm", "--quiet", "--cached", "docs/deep/er/notes.md")
    with pytest.raises(NotKept):
        require_whole(slot.ground.git(slot.git), slot.ground, before, b"")
    assert slot.tree.git("status", "--porcelain") == " M docs/guide.md"


def test_a_split_index_is_no_hindrance(slot: Slot) -> None:
    slot.tree.git("config", "core.splitIndex", "true")
    slot.tree.git("update-index", "--split-index")
    change(slot, CONE)
    slot.tree.git("status")
    slot.show(OTHER)
    slot.tree.git("add", "--all")
    assert put_right(slot, OTHER) == Difference()
    slot.tree.git("config", "--unset", "core.splitIndex")


def conflict(slot: Slot) -> None:
    """A merge that stopped at a file."""
    slot.tree.git("checkout", "--quiet", "-b", f"mine-{slot.path.parent.parent.name}")
    slot.tree.commit("Mine.", {"packages/one/src/a.py": "A = 3\n"})
    slot.tree.git("merge", "later", check=False)
    assert "UU packages/one/src/a.py" in slot.tree.git("status", "--porcelain")


@pytest.mark.parametrize("after", ["other", "exact", "full"])
def test_in_a_conflict_nothing_is_dropped(slot: Slot, after: str) -> None:
    slot.show(CONE)
    conflict(slot)
    slot.tree.write({"packages/one/.env": "ignored\n", "packages/one/src/b.py": "edited\n"})
    text = (slot.path / "packages/one/src/a.py").read_text()
    index = slot.tree.git("ls-files", "-u")
    named = change(slot, NAMED[after])
    if after == "other":
        assert {"packages/one/src/b.py", "packages/one/src/a.py"} <= set(named)
    assert (slot.path / "packages/one/src/a.py").read_text() == text
    assert (slot.path / "packages/one/.env").read_text() == "ignored\n"
    assert (slot.path / "packages/one/src/b.py").read_text() == "edited\n"
    assert slot.tree.git("ls-files", "-u") == index
    slot.tree.write({"packages/one/src/a.py": "A = 4\n"})
    slot.tree.git("add", "--sparse", "packages/one/src/a.py")
    slot.tree.git("commit", "--quiet", "-m", "Merged.")
    put_right(slot, NAMED[after])


@pytest.mark.parametrize("view", ["cone", "exact"])
def test_a_conflict_outside_of_the_view_shows_its_file_until_it_is_repaired(slot: Slot, view: str) -> None:
    slot.show(NAMED[view])
    slot.tree.git("checkout", "--quiet", "--detach")
    blob = slot.tree.git("hash-object", "-w", "--stdin", stdin="Mine.\n")
    slot.tree.git("update-index", "--cacheinfo", f"100644,{blob},docs/guide.md")
    slot.tree.git("update-index", "--skip-worktree", "docs/guide.md")
    slot.tree.git("commit", "--quiet", "-m", "Mine.")
    slot.tree.git("merge", "--quiet", "later", check=False)
    assert "<<<<<<<" in (slot.path / "docs/guide.md").read_text()
    assert put_right(slot, NAMED[view]).edited == ("docs/guide.md",)
    slot.tree.write({"docs/guide.md": "Both.\n"})
    slot.tree.git("add", "--sparse", "docs/guide.md")
    slot.tree.git("commit", "--quiet", "--no-edit")
    put_right(slot, NAMED[view])
    assert not (slot.path / "docs").exists()
    assert slot.tree.git("show", "HEAD:docs/guide.md") == "Both."


def disable(slot: Slot) -> None:
    slot.tree.git("sparse-checkout", "disable")


def add(slot: Slot) -> None:
    is_cone = slot.tree.git("config", "core.sparseCheckoutCone") == "true"
    slot.tree.git("sparse-checkout", "add", "packages/two" if is_cone else "/packages/two/")


def set_other(slot: Slot) -> None:
    slot.tree.git("sparse-checkout", "set", "--no-cone", "/docs/")


def write_patterns(slot: Slot) -> None:
    slot.ground.patterns.write_text("/*\n")


def remove_patterns(slot: Slot) -> None:
    slot.ground.patterns.unlink()
    slot.tree.git("read-tree", "-m", "-u", "HEAD")


def make_sparse(slot: Slot) -> None:
    slot.tree.git("config", "--worktree", "index.sparse", "true")
    slot.tree.git("update-index", "--force-write-index")


def read_whole(slot: Slot) -> None:
    slot.tree.git("-c", "index.sparse=false", "checkout", "--ignore-skip-worktree-bits", "--", "docs")


def unflag(slot: Slot) -> None:
    slot.tree.git("update-index", "--no-skip-worktree", "docs/guide.md")


def flag(slot: Slot) -> None:
    slot.tree.git("update-index", "--skip-worktree", "packages/one/src/a.py")
    (slot.path / "packages/one/src/a.py").unlink()


def reset_config(slot: Slot) -> None:
    slot.ground.settings.write_bytes(b"")


MEDDLING: tuple[Callable[[Slot], None], ...] = (
    disable, add, set_other, write_patterns, remove_patterns, read_whole, flag, reset_config, make_sparse,
)  # fmt: skip


@pytest.mark.parametrize("view", ["cone", "exact"])
@pytest.mark.parametrize("meddle", MEDDLING, ids=lambda one: one.__name__)
def test_what_a_holder_made_of_the_sparse_settings_is_repaired(
    slot: Slot, meddle: Callable[[Slot], None], view: str
) -> None:
    slot.show(NAMED[view])
    slot.tree.write({"packages/one/src/b.py": "edited inside\n", "README.md": "edited\n"})
    meddle(slot)
    slot.tree.write({"docs/guide.md": "edited outside\n", "docs/new.md": "new\n", "docs/.env": "ignored\n"})
    found = put_right(slot, NAMED[view])
    assert found.is_repairable
    assert set(found.edited) == {"docs/guide.md", "docs/new.md", "docs/.env"}
    assert slot.files() == {*SHOWN[NAMED[view].digest], *found.edited}
    assert (slot.path / "docs/guide.md").read_text() == "edited outside\n"
    assert (slot.path / "packages/one/src/b.py").read_text() == "edited inside\n"


@pytest.mark.parametrize("view", ["cone", "exact"])
def test_a_file_its_holder_deleted_stays_deleted(slot: Slot, view: str) -> None:
    slot.show(NAMED[view])
    (slot.path / "packages/one/src/a.py").unlink()
    assert put_right(slot, NAMED[view]) == Difference()
    disable(slot)
    put_right(slot, NAMED[view])
    assert slot.tree.git("status", "--porcelain").split() == ["D", "packages/one/src/a.py"]
    disable(slot)
    (slot.path / "docs/guide.md").unlink()
    assert put_right(slot, NAMED[view]).edited == ("docs/guide.md",)
    assert slot.tree.git("status", "--porcelain").split() == [
        "D",
        "docs/guide.md",
        "D",
        "packages/one/src/a.py",
    ]


def fail(slot: Slot, view: View) -> None:
    """A change of view that another git's lock stops half-way."""
    lock = slot.ground.admin / "index.lock"
    lock.touch()
    with pytest.raises(NotKept):
        change(slot, view)
    lock.unlink()


def test_what_was_deleted_before_a_failed_change_and_came_back_since_is_not_deleted(slot: Slot) -> None:
    (slot.path / "packages/one/src/a.py").unlink()
    fail(slot, OTHER)
    slot.tree.git("checkout", "--", ".")
    change(slot, OTHER)
    assert slot.tree.git("status", "--porcelain") == ""
    assert difference(slot, OTHER) == Difference()


def test_a_deletion_that_was_committed_after_a_failed_change_stops_no_other(slot: Slot) -> None:
    (slot.path / "packages/one/src/b.py").unlink()
    fail(slot, OTHER)
    slot.tree.git("rm", "--quiet", "--cached", "--sparse", "packages/one/src/b.py")
    slot.tree.git("commit", "--quiet", "-m", "Without b.")
    change(slot, OTHER)
    put_right(slot, OTHER)
    assert slot.tree.git("status", "--porcelain") == ""


def test_a_deletion_that_a_failed_change_remembered_stays_one(slot: Slot) -> None:
    (slot.path / "packages/one/src/a.py").unlink()
    fail(slot, OTHER)
    assert change(slot, OTHER) == ("packages/one/src/a.py",)
    assert slot.tree.git("status", "--porcelain").split() == ["D", "packages/one/src/a.py"]
