"""Restoring: only to a place that is free, repeatable after a kill, private settings left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from isolation.errors import IsolationError, NotKept, RescueDamaged, RescueExists
from isolation.rescue import Rescue, find_rescue, restore, restore_into
from isolation.rescue.restoring import discard
from tests.integration.rescues import RULES, Pound, make_pound
from tests.zoo import git, snapshot_of

TOP = Path(__file__).parents[2]
# Ends the process at the n-th thing it does to the file system or starts.
DYING = """
import os, sys
from pathlib import Path
from isolation.rescue import find_rescue, restore, restore_into
from tests.integration.rescues import *
number = int(sys.argv[1])
calls = ("rename", "mkdir", "remove", "rmdir", "symlink", "chmod")
wanted = {"subprocess.Popen", "open", *("os." + name for name in calls)}
seen = 0
def watch(event, args):
    global seen
    if event in wanted and (event != "open" or isinstance(args[2], int) and args[2] & os.O_CREAT):
        seen += 1
        if seen == number:
            os._exit(9)
worktree, common, what, to = Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], Path(sys.argv[5])
pound = Pound(Cage(worktree, common), RescuePlace(common_dir=common, archive_dir=common / "poolmgr/rescue"))
sys.addaudithook(watch)
if what == "keep":
    pound.keep()
elif what == "clean":
    pound.reset("side")
else:
    restore(pound.git, find_rescue(pound.git, pound.where.archive_dir, "1-1"), to)
"""


@pytest.fixture
def pound(tmp_path: Path) -> Pound:
    return make_pound(tmp_path)


def make_rich(pound: Pound) -> None:
    """A state of many kinds at once."""
    pound.cage.commit("committed.txt")
    pound.cage.git("reset", "--quiet", "--hard", "HEAD~1")
    pound.cage.git("merge", "side", check=False)
    pound.cage.write(".env", b"SECRET=1\n")
    pound.cage.write("fresh/new.txt")
    pound.cage.write("read-only/new.txt").chmod(0o400)
    (pound.root / "read-only").chmod(0o500)
    (pound.root / "pointer").symlink_to("fresh")


def do_until(pound: Pound, what: str, number: int, to: Path) -> int:
    """Do it in a process that dies at this step; its exit code."""
    argv = (sys.executable, "-c", DYING, str(number), str(pound.root), str(pound.common), what, str(to))
    done = subprocess.run(argv, cwd=TOP, capture_output=True, check=False, timeout=120)
    if done.returncode not in {0, 9}:
        raise AssertionError(os.fsdecode(done.stderr))
    return done.returncode


def require_rescue(pound: Pound) -> Rescue:
    kept = find_rescue(pound.git, pound.where.archive_dir, "1-1")
    assert kept is not None
    return kept


def test_a_restore_killed_at_any_step_is_repeated(pound: Pound, tmp_path: Path) -> None:
    make_rich(pound)
    before = snapshot_of(pound.root)
    kept = pound.keep()
    to = tmp_path / "restored" / "here"
    number, code = 1, 9
    while code:
        code = do_until(pound, "restore", number, to)
        if code:
            restore(pound.git, kept, to)
        assert snapshot_of(to) == before
        assert [path.name for path in to.parent.iterdir()] == ["here"]
        assert git(pound.common, "worktree", "list", "--porcelain").count("worktree ") == 3
        git(pound.common, "worktree", "remove", "--force", str(to))
        number += 5
    assert number > 30


def test_a_keep_killed_at_any_step_is_repeated(pound: Pound, tmp_path: Path) -> None:
    make_rich(pound)
    before = snapshot_of(pound.root)
    kept = None
    number, code = 1, 9
    while code:
        code = do_until(pound, "keep", number, tmp_path)
        kept = pound.keep()
        assert snapshot_of(pound.root) == before
        assert sorted(one.name for one in pound.where.archive_dir.iterdir()) == ["1-1.tar", "lock"]
        number += 3
        if code:
            git(pound.common, "update-ref", "-d", kept.ref)
    assert number > 20
    assert kept is not None
    pound.destroy()
    restore(pound.git, kept, tmp_path / "again")
    assert snapshot_of(tmp_path / "again") == before


@pytest.mark.parametrize("number", range(2, 50, 3))
def test_a_cleaning_killed_at_any_step_is_repeated(pound: Pound, tmp_path: Path, number: int) -> None:
    make_rich(pound)
    before = snapshot_of(pound.root)
    kept = pound.keep()
    if do_until(pound, "clean", number, tmp_path):
        assert pound.keep() == kept
    pound.reset("side")
    assert pound.examine().is_clean
    restore(pound.git, kept, tmp_path / "again")
    assert snapshot_of(tmp_path / "again") == before


def test_new_work_in_a_half_cleaned_worktree_is_kept_anew(pound: Pound, tmp_path: Path) -> None:
    make_rich(pound)
    pound.keep()
    do_until(pound, "clean", 20, tmp_path)
    pound.cage.write("docs/guide.txt", b"written late\n")
    with pytest.raises(RescueExists):
        pound.keep()
    kept = pound.keep(fence=2)
    pound.reset("side")
    restore(pound.git, kept, tmp_path / "again")
    assert (tmp_path / "again/docs/guide.txt").read_bytes() == b"written late\n"


def test_an_existing_place_is_refused(pound: Pound, tmp_path: Path) -> None:
    kept = pound.keep()
    for place in (tmp_path / "directory", tmp_path / "file", tmp_path / "link"):
        if place.name == "directory":
            place.mkdir()
        elif place.name == "file":
            place.write_bytes(b"precious")
        else:
            place.symlink_to("nowhere")
        with pytest.raises(IsolationError, match="exists already"):
            restore(pound.git, kept, place)
    with pytest.raises(IsolationError, match="exists already"):
        restore(pound.git, kept, pound.root)
    assert (tmp_path / "file").read_bytes() == b"precious"


def test_a_damaged_archive_is_refused_and_nothing_is_left(pound: Pound, tmp_path: Path) -> None:
    kept = pound.keep()
    assert kept.archive is not None
    content = bytearray(kept.archive.read_bytes())
    content[700] ^= 1
    kept.archive.write_bytes(content)
    with pytest.raises(RescueDamaged):
        restore(pound.git, kept, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_restored_worktree_is_an_ordinary_one(pound: Pound, tmp_path: Path) -> None:
    make_rich(pound)
    to = tmp_path / "deep" / "er" / "again"
    restore(pound.git, pound.keep(), to)
    entries = git(pound.common, "worktree", "list", "--porcelain").split("\n\n")
    (entry,) = (one for one in entries if f"worktree {to}" in one)
    assert "detached" in entry
    assert "locked" not in entry
    git(to, "merge", "--abort")
    git(pound.common, "worktree", "prune")
    git(to, "status")


def test_hooks_of_the_old_place_do_not_come_along(pound: Pound, tmp_path: Path) -> None:
    git(pound.common, "config", "extensions.worktreeConfig", "true")
    pound.cage.git("config", "--worktree", "core.hooksPath", "/somewhere/else")
    pound.cage.git("config", "--worktree", "zoo.key", "ours")
    restore(pound.git, pound.keep(), tmp_path / "again")
    assert git(tmp_path / "again", "config", "core.hooksPath", check=False) == ""
    assert git(tmp_path / "again", "config", "zoo.key") == "ours"


def test_an_edit_outside_sparse_patterns_shows_where_such_settings_are_gone(
    pound: Pound, tmp_path: Path
) -> None:
    pound.cage.git("sparse-checkout", "set", "--cone", "src")
    pound.cage.write("docs/guide.txt", b"edited\n")
    kept = pound.keep()
    pound.reset("main")
    git(pound.common, "config", "--unset", "extensions.worktreeConfig")
    restore(pound.git, kept, tmp_path / "again")
    assert git(tmp_path / "again", "status", "--porcelain") == " M docs/guide.txt"


def test_a_branch_that_moved_on_is_left_alone(pound: Pound, tmp_path: Path) -> None:
    head = pound.cage.git("rev-parse", "HEAD")
    pound.cage.write("new.txt")
    kept = pound.keep()
    pound.cage.commit("later.txt")
    tip = pound.cage.git("rev-parse", "HEAD")
    restore(pound.git, kept, tmp_path / "again")
    assert git(tmp_path / "again", "rev-parse", "HEAD") == head
    assert git(pound.common, "rev-parse", "work") == tip


def test_a_worktree_with_work_is_not_filled(pound: Pound, tmp_path: Path) -> None:
    kept = pound.keep()
    slot = tmp_path / "slot"
    git(pound.common, "worktree", "add", "--quiet", "--detach", str(slot))
    (slot / "own.txt").write_bytes(b"own\n")
    with pytest.raises(NotKept, match=r"own\.txt"):
        restore_into(pound.git, kept, slot, RULES)
    assert (slot / "own.txt").read_bytes() == b"own\n"


def test_filling_leaves_caches_and_our_own_file(pound: Pound, tmp_path: Path) -> None:
    make_rich(pound)
    kept = pound.keep()
    slot = tmp_path / "slot"
    git(pound.common, "worktree", "add", "--quiet", "--detach", str(slot), "side")
    (slot / ".env.worktree").write_bytes(b"POOLMGR_SLOT=2\n")
    (slot / "node_modules").mkdir()
    (slot / "node_modules/x.js").write_bytes(b"x\n")
    restore_into(pound.git, kept, slot, RULES)
    assert snapshot_of(slot) == snapshot_of(pound.root)
    assert (slot / ".env.worktree").exists()
    assert (slot / "node_modules/x.js").exists()


def test_a_slot_filled_with_what_was_kept_in_a_scope_shows_everything(pound: Pound, tmp_path: Path) -> None:
    pound.cage.git("sparse-checkout", "set", "--cone", "--sparse-index", "src")
    pound.cage.write("src/new.txt", b"new\n")
    gone = pound.root / pound.cage.git("ls-files", "src").splitlines()[0]
    gone.unlink()
    kept = pound.keep()
    slot = tmp_path / "slot"
    git(pound.common, "worktree", "add", "--quiet", "--detach", str(slot), "main")
    files = set(git(slot, "ls-files").splitlines())
    restore_into(pound.git, kept, slot, RULES)
    assert git(slot, "status", "--porcelain").split() == [
        "D",
        str(gone.relative_to(pound.root)),
        "??",
        "src/new.txt",
    ]
    assert all(os.path.lexists(slot / name) for name in files - {str(gone.relative_to(pound.root))})
    assert "S" not in {line[0] for line in git(slot, "ls-files", "-t").splitlines()}


def test_only_our_own_leftovers_are_discarded(pound: Pound, tmp_path: Path) -> None:
    admin = Path(pound.cage.git("rev-parse", "--absolute-git-dir"))
    discard(pound.git, tmp_path / ".poolmgr-restore-1-1" / "wt-1", "poolmgr restore 1-1")
    assert admin.is_dir()
    assert pound.root.is_dir()
