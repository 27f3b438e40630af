"""`doctor` sees what disagrees, and with --fix mends it without losing anything."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.pooled import Json, Pooled
from tests.fixtures.dwellers import Dwellers, await_state
from tests.invariants import Allowed, require_sound

HOUR_AGO = 3600


def findings(pool: Pooled, *args: str, code: int | None = None) -> dict[str, Json]:
    """Kind to finding."""
    result = pool.run("doctor", "--json", *args, check=False)
    assert result.code in ({0, 1} if code is None else {code}), result.stdout + result.stderr
    answer = result.json()["findings"]
    assert all(set(each) == {"kind", "subject", "detail", "fixed"} for each in answer)
    return {each["kind"]: each for each in answer if each["kind"] != "old_sqlite"}


def mend(pool: Pooled, kind: str) -> Json:
    """Found and not touched without --fix; mended with it; gone afterwards."""
    pool.cli.settle()
    found = findings(pool, code=1)
    assert kind in found, found
    assert not found[kind]["fixed"]
    mended = findings(pool, "--fix", code=0)
    assert mended[kind]["fixed"], mended
    pool.cli.settle()
    assert kind not in findings(pool, code=0)
    return mended[kind]


def admin_of(pool: Pooled, path: str) -> Path:
    """The admin directory of a slot."""
    return Path(pool.git(path, "rev-parse", "--absolute-git-dir"))


def make_old(file: Path) -> None:
    """A file that has lain for an hour."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    then = file.stat().st_mtime - HOUR_AGO
    os.utime(file, (then, then))


def test_a_sound_pool_has_nothing_to_mend(pool: Pooled) -> None:
    pool.acquire()
    pool.cli.settle()
    assert findings(pool, code=0) == {}
    assert findings(pool, "--fix", code=0) == {}


def test_without_a_pool_doctor_says_so(unpooled: Pooled) -> None:
    assert unpooled.refused("doctor")["code"] == "no_pool"
    assert unpooled.refused("doctor", "--fix")["code"] == "no_pool"


def test_the_op_of_a_dead_process_is_gone_on_with(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire()
    pool.cli.settle()
    doomed = dwellers()
    owner = identity_of(doomed.pid)
    with closing(sqlite3.connect(pool.repo.state / "state.db")) as connection:
        connection.execute("UPDATE leases SET ended_wall = 1")
        connection.execute(
            "UPDATE slots SET state = 'RELEASING', lease_id = NULL WHERE name = ?", (lent["slot"],)
        )
        connection.execute(
            "INSERT INTO ops (slot_id, kind, fence, owner, args, started_wall, started_mono, started_boot) "
            "SELECT id, 'release', fence, ?, '{}', 0, 0, '' FROM slots WHERE name = ?",
            (owner, lent["slot"]),
        )
        connection.execute(
            "INSERT INTO events (wall, slot, fence, source, target, action, actor, result, reason) "
            "SELECT 0, name, fence, 'LEASED', 'RELEASING', 'release', '', 'ok', '' FROM slots WHERE name = ?",
            (lent["slot"],),
        )
        connection.commit()
    (Path(lent["path"]) / "unsaved.txt").write_text("unsaved")
    assert findings(pool, code=0) == {}
    doomed.kill()
    doomed.wait()
    mend(pool, "dead_op")
    assert len(pool.ask("rescue", "list")["rescues"]) == 1
    require_sound(pool.repo, Allowed())


def identity_of(pid: int) -> str:
    from resources.probes.processes import read_identity

    identity = read_identity(pid)
    assert identity is not None
    return identity


def test_a_lease_ends_with_the_process_it_was_bound_to(pool: Pooled, dwellers: Dwellers) -> None:
    holder = dwellers()
    lent = pool.acquire("--pid", str(holder.pid))
    (Path(lent["path"]) / "unsaved.txt").write_text("unsaved")
    pool.cli.settle()
    assert findings(pool, code=0) == {}
    holder.kill()
    holder.wait()
    mend(pool, "dead_holder")
    assert len(pool.ask("rescue", "list")["rescues"]) == 1
    require_sound(pool.repo, Allowed())


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


def test_something_else_where_a_slot_was_is_left_as_it_is(pool: Pooled) -> None:
    path = Path(pool.slot("pool-wt-2")["path"])
    shutil.rmtree(admin_of(pool, str(path)))
    shutil.rmtree(path)
    path.write_text("somebody's file")
    found = findings(pool, "--fix", code=1)
    assert not found["record_gone"]["fixed"]
    assert path.read_text() == "somebody's file"


def test_a_missing_lock_of_gits_record_is_set_again(pool: Pooled) -> None:
    path = pool.slot("pool-wt-1")["path"]
    locked = admin_of(pool, path) / "locked"
    before = locked.read_text()
    locked.unlink()
    mend(pool, "unlocked")
    assert locked.read_text() == before


def test_work_in_a_free_slot_is_rescued_and_the_slot_cleaned(pool: Pooled) -> None:
    path = Path(pool.slot("pool-wt-1")["path"])
    (path / "late.txt").write_text("late")
    mend(pool, "not_clean")
    assert not (path / "late.txt").exists()
    assert len(pool.ask("rescue", "list")["rescues"]) == 1
    require_sound(pool.repo, Allowed())


def test_a_commit_made_in_a_free_slot_is_kept(pool: Pooled) -> None:
    path = pool.slot("pool-wt-1")["path"]
    pool.git(path, "commit", "--quiet", "--allow-empty", "--message", "Late.")
    commit = pool.git(path, "rev-parse", "HEAD")
    mend(pool, "not_clean")
    assert pool.git(path, "rev-parse", "HEAD") != commit
    pool.repo.git("reflog", "expire", "--expire=now", "--all")
    pool.repo.git("gc", "--quiet", "--prune=now")
    assert pool.repo.git("cat-file", "-t", commit) == "commit"


def test_somebody_in_a_free_slot_is_named_and_nothing_more(pool: Pooled, dwellers: Dwellers) -> None:
    dweller = dwellers(pool.slot("pool-wt-1")["path"])
    found = findings(pool, "--fix", code=0)
    assert str(dweller.pid) in found["inside"]["detail"]
    assert dweller.poll() is None


def test_a_head_that_left_its_branch_is_told_and_left(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/off")
    pool.git(lent["path"], "switch", "--quiet", "--detach")
    found = findings(pool, "--fix", code=0)
    assert "fix/off" in found["off_branch"]["detail"]
    assert pool.git(lent["path"], "branch", "--show-current") == ""


@pytest.mark.parametrize("name", ["index.lock", "HEAD.lock"])
def test_a_dead_lock_file_in_a_slot_goes(pool: Pooled, name: str) -> None:
    lent = pool.acquire()
    lock = admin_of(pool, lent["path"]) / name
    make_old(lock)
    mend(pool, "stale_lock")
    assert not lock.exists()


@pytest.mark.parametrize(
    "name", ["packed-refs.lock", "config.lock", "refs/heads/main.lock", "objects/maintenance.lock"]
)
def test_an_old_lock_file_that_everybody_shares_goes(pool: Pooled, name: str) -> None:
    lock = pool.repo.path / ".git" / name
    make_old(lock)
    mend(pool, "stale_lock")
    assert not lock.exists()


def test_a_young_lock_file_that_everybody_shares_may_be_anybodys(pool: Pooled) -> None:
    lock = pool.repo.path / ".git" / "packed-refs.lock"
    lock.touch()
    assert findings(pool, "--fix", code=0) == {}
    assert lock.exists()


def test_a_lock_file_somebody_has_open_stays(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire()
    locks = [admin_of(pool, lent["path"]) / "index.lock", pool.repo.path / ".git" / "packed-refs.lock"]
    for lock in locks:
        make_old(lock)
    dwellers(setup=f"files = [open(name) for name in {[str(lock) for lock in locks]!r}]")
    assert findings(pool, "--fix", code=0) == {}
    assert all(lock.exists() for lock in locks)


def test_a_lock_file_stays_while_a_git_works_in_the_slot(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire()
    lock = admin_of(pool, lent["path"]) / "index.lock"
    make_old(lock)
    name = "import ctypes; ctypes.CDLL(None).prctl(15, b'git', 0, 0, 0)"
    dwellers(lent["path"], setup=name)
    assert findings(pool, "--fix", code=0) == {}
    assert lock.exists()


def test_a_lock_of_the_users_own_checkout_is_only_told(pool: Pooled) -> None:
    lock = pool.repo.path / ".git" / "index.lock"
    make_old(lock)
    assert "checkout_lock" in findings(pool, "--fix", code=0)
    assert lock.exists()


def test_a_frozen_holder_of_a_lock_is_named_with_the_way_out(pool: Pooled, dwellers: Dwellers) -> None:
    pool.cli.settle()
    gate = pool.repo.state / "gate.lock"
    holder = dwellers(
        setup=f"import fcntl; file = open({str(gate)!r}, 'a'); fcntl.flock(file, fcntl.LOCK_EX)"
    )
    holder.send_signal(signal.SIGSTOP)
    await_state(holder.pid, "T")
    found = findings(pool, "--fix", code=1)
    assert f"kill -CONT {holder.pid}" in found["frozen_process"]["detail"]
    holder.send_signal(signal.SIGCONT)
    holder.kill()
    holder.wait()
    assert findings(pool, code=0) == {}


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


def test_halves_of_rescues_are_told_and_kept(pool: Pooled) -> None:
    lent = pool.acquire()
    (Path(lent["path"]) / "unsaved.txt").write_text("unsaved")
    pool.release(lent["slot"], "--rescue")
    archive = next((pool.repo.state / "rescue").glob("*.tar"))
    other = archive.with_name("7-4711.tar")
    archive.rename(other)
    found = findings(pool, "--fix", code=0)
    assert {"rescue_half", "archive_half"} <= set(found)
    assert other.exists()


def test_the_bell_of_a_dead_waiter_goes(pool: Pooled) -> None:
    bell = pool.repo.state / "waiters" / "4711"
    os.mkfifo(bell)
    mend(pool, "dead_fifo")
    assert not bell.exists()


def test_wrong_settings_are_told(pool: Pooled) -> None:
    pool.cli.settle()
    (pool.repo.path / "poolmgr.yaml").write_text("pool:\n  mox: 3\n")
    found = findings(pool, "--fix", code=1)
    assert "mox" in found["settings"]["detail"]


def test_parked_and_broken_slots_are_told_with_what_can_be_done(pool: Pooled) -> None:
    lent = pool.acquire()
    with (Path(lent["path"]) / "huge.bin").open("wb") as huge:
        huge.truncate(5 * 1024**3)  # more than a rescue may hold
    pool.release(lent["slot"], "--rescue")
    assert pool.slot(lent["slot"])["state"] == "PARKED"
    found = findings(pool, "--fix", code=0)
    assert f"poolmgr pool adopt {lent['slot']}" in found["parked"]["detail"]


def forget_delivery(pool: Pooled, slot: str) -> None:
    """As if the command that asked had been killed before it could say anything, two minutes ago."""
    pool.cli.settle()
    with closing(sqlite3.connect(pool.repo.state / "state.db")) as connection:
        connection.execute("UPDATE requests SET delivered = 0")
        connection.execute("UPDATE leases SET used_mono = used_mono - 120")
        connection.execute("UPDATE slots SET since_mono = since_mono - 120 WHERE name = ?", (slot,))
        connection.commit()


def test_a_slot_lent_to_a_command_that_died_unheard_is_taken_back(pool: Pooled) -> None:
    lent = pool.acquire()
    forget_delivery(pool, lent["slot"])
    mend(pool, "undelivered")
    assert pool.slot(lent["slot"])["state"] == "READY"
    assert pool.ask("rescue", "list")["rescues"] == []
    require_sound(pool.repo, Allowed())


def test_who_waits_gets_a_slot_that_nobody_heard_of(pool: Pooled) -> None:
    lent = pool.acquire()
    pool.acquire(agent="bob")
    forget_delivery(pool, lent["slot"])
    assert pool.acquire("--timeout", "30", agent="carol")["slot"] == lent["slot"]


def test_an_unheard_lease_stays_when_anything_was_done_with_it(pool: Pooled) -> None:
    lent = pool.acquire()
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Work.")
    forget_delivery(pool, lent["slot"])
    assert findings(pool, "--fix", code=0) == {}
    assert pool.slot(lent["slot"])["lease"] == lent["lease"]


def test_an_unheard_lease_stays_while_somebody_is_inside(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire()
    forget_delivery(pool, lent["slot"])
    dwellers(lent["path"])
    assert findings(pool, "--fix", code=0) == {}


def test_an_unheard_lease_stays_when_the_caller_named_its_request(pool: Pooled) -> None:
    lent = pool.acquire("--request-id", "mine")
    forget_delivery(pool, lent["slot"])
    assert findings(pool, "--fix", code=0) == {}
    assert pool.acquire("--request-id", "mine")["lease"] == lent["lease"]
