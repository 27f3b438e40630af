"""A free slot is filled with another view, and whatever somebody wrote into it is found in the aside."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import pytest

from isolation.errors import NotFilled, NotKept
from isolation.git.program import Git, is_sparse
from isolation.rescue import RescuePlace, keep, restore
from isolation.scope.aside import Intent, OtherFileSystem, begin
from isolation.scope.refill import move_aside, refill, undo_refill
from isolation.scope.view import FULL, View
from isolation.work import Kind
from tests.fixtures.repositories import Repository
from tests.integration.scoped import CONE, EXACT, FILES, OTHER, RULES, SHOWN, Slot, make_slot, make_source
from tests.zoo import snapshot_of

FILE_SYSTEMS = ("/dev/shm", gettempdir())  # noqa: S108 - one of them is not where the tests lie


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return make_source(tmp_path_factory.mktemp("source"))


@pytest.fixture
def slot(repo: Repository, tmp_path: Path) -> Slot:
    return make_slot(repo, tmp_path)


@pytest.mark.parametrize("after", [CONE, OTHER, EXACT, FULL], ids=["cone", "other cone", "exact", "full"])
@pytest.mark.parametrize("before", [FULL, CONE, EXACT], ids=["from full", "from cone", "from exact"])
def test_a_slot_changes_its_view(slot: Slot, before: View, after: View) -> None:
    slot.show(before)
    slot.refill(after, "later")
    assert is_sparse(slot.ground.admin / "index") == (after in {CONE, OTHER})
    expected = {*SHOWN[after.digest], *({"new/file"} if after is FULL else ())}
    assert slot.files() == expected
    assert slot.tree.git("rev-parse", "HEAD") == slot.repo.git("rev-parse", "later")
    assert slot.look() == slot.look(slot.aside / "tree") == ()
    assert slot.tree.git("status", "--porcelain", "--ignored") == ""
    assert not is_sparse(slot.ground.admin / "index")


def test_our_git_neither_expands_an_index_nor_makes_a_whole_one_sparse(slot: Slot) -> None:
    slot.show(CONE)
    assert "docs/" in slot.git.run("ls-files", "-z", "--sparse").fields
    slot.git.run("update-index", "--force-write-index")
    assert is_sparse(slot.ground.admin / "index")
    slot.tree.write({"packages/one/new.py": "NEW = 1\n"})
    slot.tree.git("add", "-N", "packages/one/new.py")
    slot.tree.git("config", "--worktree", "index.sparse", "true")
    assert {*FILES, "packages/one/new.py"} == set(slot.git.run("ls-files", "-z", "--sparse").fields)
    assert Git(slot.repo.path).run("status", "--porcelain").text == ""


def staged(slot: Slot) -> None:
    slot.tree.write({"README.md": "staged\n"})
    slot.tree.git("add", "README.md")
    slot.tree.write({"README.md": FILES["README.md"]})


def deleted(slot: Slot) -> None:
    (slot.path / "README.md").unlink()


def committed(slot: Slot) -> None:
    slot.tree.commit("In a free slot.", {"README.md": "committed\n"})
    slot.tree.git("checkout", "--quiet", "--detach", "main")


def nested(slot: Slot) -> None:
    inner = Repository(slot.path / "inner")
    inner.path.mkdir()
    inner.git("init", "--quiet")
    inner.commit("Inside.", {"x": "x\n"})


def read_only(slot: Slot) -> None:
    slot.tree.write({"closed/x": "x\n"})
    (slot.path / "closed").chmod(0o555)


def linked(slot: Slot) -> None:
    (slot.path / "outside").symlink_to(slot.repo.path)


def oddly_named(slot: Slot) -> None:
    for name in (b"new\nline", b"caf\xe9", b"-dash", b" "):
        Path(os.fsdecode(os.fsencode(slot.path) + b"/" + name)).write_text("x")


def edited(slot: Slot) -> None:
    slot.tree.write({"packages/one/src/a.py": "edited\n", "docs/guide.md": "outside of some views\n"})


def loose(slot: Slot) -> None:
    slot.tree.write({"docs/new.md": "untracked\n", ".env": "ignored\n"})


WRITERS: tuple[Callable[[Slot], None], ...] = (
    staged, committed, deleted, edited, loose, nested, read_only, linked, oddly_named,
)  # fmt: skip
KINDS = {Kind.CHANGED, Kind.UNTRACKED, Kind.IGNORED, Kind.NESTED, Kind.UNREFERENCED}


@pytest.mark.parametrize("before", [FULL, CONE, EXACT], ids=["full", "cone", "exact"])
def test_what_somebody_wrote_into_a_free_slot_is_in_the_aside(
    slot: Slot, tmp_path: Path, before: View
) -> None:
    slot.show(before)
    for write in WRITERS:
        write(slot)
    was = snapshot_of(slot.path)
    slot.refill(OTHER)
    assert slot.look() == ()
    tree = slot.aside / "tree"
    assert {one.kind for one in slot.look(tree)} == KINDS
    assert snapshot_of(tree) == was
    common = slot.ground.common
    kept = keep(
        slot.git, tree, where=RescuePlace(common_dir=common, archive_dir=tmp_path / "archives"),
        slot=len(before.lines), fence=1, rules=RULES, reason="found in a free slot",
        created="2026-01-01T00:00:00+0000",
    )  # fmt: skip
    restore(slot.git.at(common), kept, tmp_path / "again")
    assert snapshot_of(tmp_path / "again") == was


def test_a_cache_at_the_top_stays_unless_a_commit_has_it(slot: Slot) -> None:
    slot.tree.write({"node_modules/x/index.js": "x\n", "docs/build/x": "x\n"})
    slot.refill(CONE, stay=lambda path, _: path in {b"node_modules", b"docs"})
    assert (slot.path / "node_modules/x/index.js").is_file()
    assert (slot.aside / "tree/docs/guide.md").is_file()
    assert not (slot.path / "docs").exists()


def test_a_nested_cache_comes_back_where_its_directory_is_shown(slot: Slot) -> None:
    slot.tree.write({"packages/one/node_modules/x": "x\n", "docs/node_modules/y": "y\n"})
    back = (b"packages/one/node_modules", b"docs/node_modules", b"packages/two", b"gone/node_modules")
    refill(slot.git, slot.path, slot.aside, slot.wanted(CONE, back=back))
    assert slot.files() == {*SHOWN[CONE.digest], "packages/one/node_modules/x"}
    assert (slot.aside / "tree/docs/node_modules/y").is_file()
    assert slot.look() == slot.look(slot.aside / "tree") == ()


@pytest.mark.parametrize("killed", [False, True])
def test_nothing_returns_through_a_link(slot: Slot, killed: bool) -> None:  # noqa: FBT001
    elsewhere = slot.path.parent / f"elsewhere-{killed}"
    elsewhere.mkdir()
    slot.tree.write({"apps/web/.env": "secret\n"})
    slot.repo.git("checkout", "--quiet", "-b", f"linking-{killed}")
    (slot.repo.path / "apps").mkdir()
    (slot.repo.path / "apps/web").symlink_to(elsewhere)
    slot.repo.git("add", "apps/web")
    slot.repo.git("commit", "--quiet", "-m", "A link.")
    wanted = slot.wanted(FULL, f"linking-{killed}", back=(b"apps/web/.env",))
    slot.repo.git("checkout", "--quiet", "main")
    refill(slot.git, slot.path, slot.aside, wanted)
    if killed:
        (slot.aside / "filled").unlink()
        (elsewhere / ".env").write_text("somebody's\n")
        (slot.aside / "tree/apps/web/.env").rename(slot.aside / "tree/apps/web/kept")
        undo_refill(slot.git, slot.path, slot.aside)
        assert (elsewhere / ".env").read_text() == "somebody's\n"
    else:
        assert list(elsewhere.iterdir()) == []
        assert (slot.aside / "tree/apps/web/.env").read_text() == "secret\n"


def test_modes_of_directories_are_the_same_in_the_aside(slot: Slot) -> None:
    read_only(slot)
    slot.refill(CONE)
    assert stat.S_IMODE((slot.aside / "tree/closed").stat().st_mode) == 0o555


def test_an_aside_on_another_file_system_is_said_and_everything_comes_back(slot: Slot) -> None:
    here = slot.path.stat().st_dev
    other = next(
        (place for place in FILE_SYSTEMS if os.path.isdir(place) and os.stat(place).st_dev != here), None
    )
    if other is None:
        pytest.skip("needs a second file system")
    with TemporaryDirectory(dir=other) as elsewhere:
        edited(slot)
        was = snapshot_of(slot.path)
        aside = Path(elsewhere, "1-1")
        with pytest.raises(OtherFileSystem, match="cannot be renamed"):
            refill(slot.git, slot.path, aside, slot.wanted(CONE))
        undo_refill(slot.git, slot.path, aside)
        assert snapshot_of(slot.path) == was
        assert not aside.exists()


def test_what_appears_while_all_comes_back_is_in_the_aside(slot: Slot) -> None:
    begin(slot.ground, slot.aside, Intent(slot.wanted(CONE), frozenset()))
    move_aside(slot.ground, slot.aside, frozenset())
    slot.tree.write({"docs/guide.md": "written again\n", "new.md": "x\n"})
    undo_refill(slot.git, slot.path, slot.aside)
    assert slot.files() == {*FILES, "new.md"}
    assert (slot.aside / "tree/docs.1/guide.md").read_text() == "written again\n"


def test_git_killed_among_the_files_is_finished(slot: Slot) -> None:
    slot.tree.write({"docs/guide.md": "edited\n"})
    tries, script = slot.path.parent / "tries", slot.path.parent / "smudge"
    script.write_text(
        f'#!/bin/sh\nhead -c 3\necho >> {tries}\n[ "$(wc -l < {tries})" = 2 ] && kill -9 $PPID\n'
    )
    script.chmod(0o755)
    attributes = slot.ground.common / "info" / "attributes"
    attributes.write_text("*.py filter=tearing\n")
    slot.repo.git("config", "filter.tearing.smudge", str(script))
    with pytest.raises(NotKept):
        slot.refill(CONE)
    slot.repo.git("config", "--remove-section", "filter.tearing")
    attributes.unlink()
    (slot.path / "packages/one/mine.txt").write_text("written meanwhile\n")
    (slot.ground.admin / "index.lock").unlink(missing_ok=True)
    undo_refill(slot.git, slot.path, slot.aside)
    assert slot.files() == SHOWN[CONE.digest]
    assert slot.look() == ()
    found = {(one.kind, one.path) for one in slot.look(slot.aside / "tree")}
    assert found == {(Kind.CHANGED, "docs/guide.md"), (Kind.UNTRACKED, "torn/packages/one/mine.txt")}


@contextmanager
def unfillable(repo: Repository) -> Iterator[None]:
    """No worktree can be given the manifest of package one."""
    attributes = repo.path / ".git" / "info" / "attributes"
    attributes.write_text("packages/one/package.json filter=broken\n")
    repo.git("config", "filter.broken.smudge", "false")
    repo.git("config", "filter.broken.required", "true")
    try:
        yield
    finally:
        attributes.unlink()
        repo.git("config", "--remove-section", "filter.broken")


@pytest.mark.parametrize("before", [FULL, EXACT], ids=["full", "exact"])
def test_what_git_cannot_fill_is_as_it_was_before(repo: Repository, slot: Slot, before: View) -> None:
    slot.show(before)
    slot.tree.write({"docs/new.md": "untracked\n", "node_modules/x": "x\n"})
    was, index = snapshot_of(slot.path), slot.tree.git("ls-files", "-t")
    with unfillable(repo):
        with pytest.raises(NotFilled):
            slot.refill(CONE, "later", stay=lambda path, _: path == b"node_modules")
        undo_refill(slot.git, slot.path, slot.aside)
        undo_refill(slot.git, slot.path, slot.aside)
    assert not slot.aside.exists()
    assert snapshot_of(slot.path) == was
    assert slot.tree.git("ls-files", "-t") == index
    assert slot.tree.git("rev-parse", "HEAD") == slot.repo.git("rev-parse", "main")
    assert [one.path for one in slot.look()] == ["docs/new.md"]
