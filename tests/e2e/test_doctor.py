"""`doctor` sees what disagrees, and with --fix mends it without losing anything."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.e2e.pooled import Pooled
from tests.e2e.visits import findings, identity_of, mend
from tests.fixtures.dwellers import Dwellers
from tests.invariants import Allowed, require_sound


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


def test_what_a_killed_writer_left_goes_and_a_living_ones_stays(pool: Pooled) -> None:
    left = [pool.repo.state / room / ".x.999999999" for room in (".", "database", "logs", "backups")]
    made = pool.repo.state / "logs" / f".x.{os.getpid()}"
    for file in (*left, made):
        file.parent.mkdir(exist_ok=True)
        file.touch()
    mend(pool, "half_written")
    assert [file for file in (*left, made) if file.exists()] == [made]


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
