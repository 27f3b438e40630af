"""Slots of which a part is gone, and worktrees that are not the pool's."""

from __future__ import annotations

import shlex
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.e2e.pooled import Pooled
from tests.e2e.visits import admin_of, findings, mend
from tests.fixtures.repositories import Repositories, Repository
from tests.invariants import Allowed, require_sound


def test_a_lent_slot_whose_directory_was_deleted_is_taken_back_and_its_index_kept(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/gone")
    (Path(lent["path"]) / "staged.txt").write_text("staged")
    pool.git(lent["path"], "add", "staged.txt")
    shutil.rmtree(lent["path"])
    mend(pool, "directory_gone")
    (rescue,) = pool.ask("rescue", "list")["rescues"]
    back = pool.repo.path.parent / "back"
    pool.run("rescue", "restore", rescue["id"], "--to", back)
    assert pool.git(back, "show", ":staged.txt") == "staged"
    require_sound(pool.repo, Allowed().with_worktrees(back))


def test_a_free_slot_whose_directory_was_deleted_is_replaced(pool: Pooled) -> None:
    shutil.rmtree(pool.slot("pool-wt-1")["path"])
    mend(pool, "directory_gone")
    assert len([slot for slot in pool.slots().values() if slot["state"] == "READY"]) == 2
    require_sound(pool.repo, Allowed())


def test_a_lost_git_file_is_written_again_under_the_holders_hands(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/pointer")
    (Path(lent["path"]) / "unsaved.txt").write_text("unsaved")
    (Path(lent["path"]) / ".git").unlink()
    mend(pool, "pointer_gone")
    assert pool.slot(lent["slot"])["lease"] == lent["lease"]
    assert "?? unsaved.txt" in pool.git(lent["path"], "status", "--porcelain")


def test_a_lost_git_record_is_made_again_under_the_holders_hands(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/record")
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Work.")
    commit = pool.git(lent["path"], "rev-parse", "HEAD")
    (Path(lent["path"]) / "unsaved.txt").write_text("unsaved")
    (Path(lent["path"]) / "README.md").write_text("changed")
    shutil.rmtree(admin_of(pool, lent["path"]))
    mend(pool, "record_gone")
    assert pool.slot(lent["slot"])["lease"] == lent["lease"]
    assert pool.git(lent["path"], "rev-parse", "HEAD") == commit
    assert pool.git(lent["path"], "branch", "--show-current") == "fix/record"
    assert pool.git(lent["path"], "status", "--porcelain").split() == ["M", "README.md", "??", "unsaved.txt"]
    pool.release(lent["slot"], "--rescue")
    require_sound(pool.repo, Allowed())


def test_a_slot_of_which_nothing_is_left_leaves_the_pool_and_its_branch_stays(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/nothing")
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Work.")
    commit = pool.git(lent["path"], "rev-parse", "HEAD")
    shutil.rmtree(admin_of(pool, lent["path"]))
    shutil.rmtree(lent["path"])
    mend(pool, "nothing_left")
    assert pool.repo.git("rev-parse", "fix/nothing") == commit
    assert sorted(slot["state"] for slot in pool.slots().values()) == ["READY", "READY"]
    require_sound(pool.repo, Allowed())


def test_a_lent_slot_that_was_moved_keeps_its_lease_and_the_way_back_is_said(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/moved")
    (Path(lent["path"]) / "staged.txt").write_text("staged")
    pool.git(lent["path"], "add", "staged.txt")
    there = pool.repo.path.parent / "some where"
    pool.repo.git("worktree", "move", "-f", "-f", lent["path"], str(there))
    assert pool.refused("release", lent["slot"])["hint"] == "poolmgr doctor"
    found = findings(pool, "--fix", code=1)
    assert set(found) == {"moved"}
    pool.repo.git(*shlex.split(found["moved"]["hint"])[1:])
    assert findings(pool, code=0) == {}
    assert pool.slot(lent["slot"])["lease"] == lent["lease"]
    assert pool.git(lent["path"], "show", ":staged.txt") == "staged"


def test_something_else_where_a_slot_was_is_left_as_it_is(pool: Pooled) -> None:
    path = Path(pool.slot("pool-wt-2")["path"])
    shutil.rmtree(admin_of(pool, str(path)))
    shutil.rmtree(path)
    path.write_text("somebody's file")
    found = findings(pool, "--fix", code=1)
    assert not found["record_gone"]["fixed"]
    assert path.read_text() == "somebody's file"


def take_place(pool: Pooled, make_repo: Repositories, path: Path) -> tuple[Repository, str]:
    """Another repository's worktree where a slot was, with work in it; that repository, and all there is."""
    other = make_repo("other")
    path.rename(path.with_name("aside"))
    other.git("worktree", "add", "--quiet", "-b", "theirs", str(path))
    (path / "theirs.txt").write_text("theirs")
    (path / ".env.worktree").write_text("\nPOOLMGR_LEASE=theirs\n")
    return other, seen_in(other, path)


def seen_in(other: Repository, path: Path) -> str:
    """Everything of another repository's worktree that a command of ours could touch."""
    status = other.git("status", "--branch", "--porcelain", cwd=path)
    admin = Path(other.git("rev-parse", "--absolute-git-dir", cwd=path))
    return "\n".join((status, other.git("worktree", "list"), *sorted(map(str, admin.rglob("*")))))


def test_another_repositorys_worktree_in_a_slots_place_is_told_and_never_touched(
    pool: Pooled, make_repo: Repositories
) -> None:
    lent = pool.acquire("--branch", "fix/taken", "--scope", "*.txt")
    path = Path(lent["path"])
    (path / "mine.txt").write_text("mine")
    other, before = take_place(pool, make_repo, path)
    shown = pool.slot(lent["slot"])
    assert ("another repository" in shown["error"], shown["dirty"]) == (True, None)
    for words in (("reclaim",), ("release",), ("release", "--rescue")):
        assert "another repository" in pool.refused(*words, lent["slot"])["message"]
    assert "worktree move" in findings(pool, "--fix", code=1)["taken_place"]["hint"]
    assert pool.slot(lent["slot"])["lease"] == lent["lease"]
    assert pool.refused("cleanup")["slots"] == [lent["slot"]]
    for _ in range(2):
        assert pool.run("cleanup", "--rescue", check=False).code == 1
        assert {slot["name"]: slot["state"] for slot in pool.slots().values()} == {lent["slot"]: "BROKEN"}
    for words in (("pool", "adopt"), ("pool", "retire")):
        assert "another repository" in pool.refused(*words, lent["slot"])["message"]
    assert seen_in(other, path) == before
    other.git("worktree", "move", str(path), str(path.with_name("theirs")))
    path.with_name("aside").rename(path)
    pool.run("cleanup", "--rescue")
    (rescue,) = pool.ask("rescue", "list")["rescues"]
    pool.run("rescue", "restore", rescue["id"], "--to", path.with_name("back"))
    assert (path.with_name("back") / "mine.txt").read_text() == "mine"


def test_a_free_slot_with_another_repositorys_worktree_in_its_place_is_not_lent(
    pool: Pooled, make_repo: Repositories
) -> None:
    path = Path(pool.slot("pool-wt-1")["path"])
    other, before = take_place(pool, make_repo, path)
    assert pool.acquire("--branch", "fix/free")["path"] != str(path)
    pool.await_state("pool-wt-1", "BROKEN")
    pool.run("cleanup", "--rescue", check=False)
    assert seen_in(other, path) == before


def test_a_missing_lock_of_gits_record_is_set_again(pool: Pooled) -> None:
    path = pool.slot("pool-wt-1")["path"]
    locked = admin_of(pool, path) / "locked"
    before = locked.read_text()
    locked.unlink()
    mend(pool, "unlocked")
    assert locked.read_text() == before


def test_a_worktree_the_state_forgot_comes_back_with_its_lease(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/forgotten")
    pool.cli.settle()
    with closing(sqlite3.connect(pool.repo.state / "state.db")) as connection:
        connection.execute("DELETE FROM leases")
        connection.execute("DELETE FROM ops")
        connection.execute("DELETE FROM requests")
        connection.execute("DELETE FROM events WHERE slot = ?", (lent["slot"],))
        connection.execute("DELETE FROM slots WHERE name = ?", (lent["slot"],))
        connection.commit()
    mend(pool, "unknown_worktree")
    assert pool.slot(lent["slot"])["lease"] == lent["lease"]
    require_sound(pool.repo, Allowed())


def test_hand_made_worktrees_are_told_and_never_touched(pool: Pooled) -> None:
    mine = pool.repo.path.parent / "mine"
    pool.repo.git("worktree", "add", "--quiet", "-b", "mine", str(mine))
    shutil.rmtree(mine)
    assert findings(pool, "--fix", code=0)["hand_made"]["subject"] == str(mine)
    assert str(mine) in pool.repo.git("worktree", "list")
