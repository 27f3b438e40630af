"""A lost, damaged or foreign state is made again by `doctor --fix`, and nothing is lost with it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.pooled import Json, Pooled
from tests.fixtures.dwellers import Dwellers
from tests.invariants import Allowed, require_sound


def make_empty(file: Path) -> None:
    file.write_bytes(b"")


def make_damaged(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    file.write_bytes(content)


def make_rubbish(file: Path) -> None:
    file.write_bytes(b"this is no database" * 1000)


def make_foreign(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE somebodys (thing TEXT)")
        connection.commit()


def make_another_pools(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE meta SET value = 'feedfeedfeedfeed' WHERE key = 'pool_id'")
        connection.commit()


LOSSES = (Path.unlink, make_empty, make_damaged, make_rubbish, make_foreign, make_another_pools)


def lose(pool: Pooled, loss: Callable[[Path], None], *, backups: bool = False) -> None:
    """Do this to the database; without backups unless they are to be there."""
    pool.cli.settle()
    for rest in ("-wal", "-shm"):
        (pool.repo.state / f"state.db{rest}").unlink(missing_ok=True)
    if not backups:
        shutil.rmtree(pool.repo.state / "backups", ignore_errors=True)
    loss(pool.repo.state / "state.db")


def doctor(pool: Pooled, *args: str, code: int = 0) -> list[Json]:
    """What doctor finds."""
    result = pool.run("doctor", "--json", *args, check=False)
    assert result.code == code, result.stdout + result.stderr
    answer: Json = result.json()
    assert set(answer) == {"contract_version", "findings"}
    return list(answer["findings"])


def kinds(findings: list[Json], *, fixed: bool | None = None) -> set[str]:
    """The kinds of these findings."""
    return {each["kind"] for each in findings if fixed in {None, each["fixed"]}}


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_a_lost_state_is_rebuilt_with_leases_work_and_branches(
    pool: Pooled, loss: Callable[[Path], None]
) -> None:
    lent = pool.acquire("--branch", "fix/one", "--request-id", "r-1")
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Work.")
    (Path(lent["path"]) / "unsaved.txt").write_text("unsaved")
    (Path(lent["path"]) / ".env").write_text("SECRET=1")
    commit = pool.git(lent["path"], "rev-parse", "HEAD")
    lose(pool, loss)

    assert pool.refused("acquire", "--agent", "bob")["code"] == "state_damaged"
    assert "database" in kinds(doctor(pool, code=1), fixed=False)
    assert "database" in kinds(doctor(pool, "--fix"), fixed=True)

    slot = pool.slot(lent["slot"])
    assert (slot["state"], slot["agent"], slot["branch"], slot["lease"], slot["fence"]) == (
        "LEASED", "alice", "fix/one", lent["lease"], lent["fence"],
    )  # fmt: skip
    assert (Path(lent["path"]) / "unsaved.txt").read_text() == "unsaved"
    assert (Path(lent["path"]) / ".env").read_text() == "SECRET=1"
    assert pool.git(lent["path"], "rev-parse", "fix/one") == commit
    assert pool.acquire("--request-id", "r-1")["lease"] == lent["lease"]
    assert sorted(each["state"] for each in pool.slots().values()) == ["LEASED", "READY"]
    require_sound(pool.repo, Allowed())
    pool.release(lent["slot"], "--rescue")
    assert pool.acquire(agent="bob")["fence"] > lent["fence"]


def test_the_bad_file_is_kept_aside(pool: Pooled) -> None:
    lose(pool, make_rubbish)
    doctor(pool, "--fix")
    kept = list((pool.repo.state / "damaged").glob("*/state.db"))
    assert [file.read_bytes()[:19] for file in kept] == [b"this is no database"]


def test_work_in_a_slot_nobody_holds_any_more_is_rescued_by_a_rebuild(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/two")
    path = Path(lent["path"])
    (path / "unsaved.txt").write_text("unsaved")
    mark = Path(pool.git(path, "rev-parse", "--absolute-git-dir")) / "poolmgr.json"
    mark.unlink()
    lose(pool, Path.unlink)
    doctor(pool, "--fix")
    (rescue,) = pool.ask("rescue", "list")["rescues"]
    pool.run("rescue", "restore", rescue["id"], "--to", pool.repo.path.parent / "back")
    assert (pool.repo.path.parent / "back" / "unsaved.txt").read_text() == "unsaved"
    assert {slot["state"] for slot in pool.slots().values()} == {"READY"}
    require_sound(pool.repo, Allowed().with_worktrees(pool.repo.path.parent / "back"))


def test_fences_go_on_above_the_rescues(pool: Pooled) -> None:
    lent = pool.acquire()
    (Path(lent["path"]) / "unsaved.txt").write_text("unsaved")
    pool.release(lent["slot"], "--rescue")
    highest = max(rescue["fence"] for rescue in pool.ask("rescue", "list")["rescues"])
    lose(pool, Path.unlink)
    doctor(pool, "--fix")
    assert pool.acquire()["fence"] > highest


def test_the_sentinel_too_is_made_again(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/three")
    before = json.loads((pool.repo.state / "pool.json").read_text())
    lose(pool, Path.unlink)
    (pool.repo.state / "pool.json").unlink()
    assert "sentinel" in kinds(doctor(pool, code=1))
    assert {"sentinel", "database"} <= kinds(doctor(pool, "--fix"), fixed=True)
    after = json.loads((pool.repo.state / "pool.json").read_text())
    same = ("pool_id", "host", "common", "checkout", "slots_dir", "exclude")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert pool.slot(lent["slot"])["agent"] == "alice"


def test_the_whole_state_directory_may_be_gone(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/four")
    (Path(lent["path"]) / "unsaved.txt").write_text("unsaved")
    pool.cli.settle()
    shutil.rmtree(pool.repo.state)
    doctor(pool, "--fix")
    assert pool.slot(lent["slot"])["agent"] == "alice"
    assert (Path(lent["path"]) / "unsaved.txt").exists()
    require_sound(pool.repo, Allowed())


def test_a_newer_database_is_refused_and_left_alone(pool: Pooled) -> None:
    pool.cli.settle()
    with closing(sqlite3.connect(pool.repo.state / "state.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = (pool.repo.state / "state.db").read_bytes()
    assert "newer" in pool.refused("acquire")["message"]
    findings = doctor(pool, "--fix", code=1)
    assert kinds(findings, fixed=False) >= {"database"}
    assert (pool.repo.state / "state.db").read_bytes() == before


def test_a_hand_made_worktree_is_no_part_of_a_rebuild(pool: Pooled) -> None:
    mine = pool.repo.path.parent / "mine"
    pool.repo.git("worktree", "add", "--quiet", "-b", "mine", str(mine))
    (mine / "unsaved.txt").write_text("unsaved")
    lose(pool, Path.unlink)
    assert "hand_made" in kinds(doctor(pool, "--fix"), fixed=False)
    assert (mine / "unsaved.txt").read_text() == "unsaved"
    assert len(pool.slots()) == 2
    require_sound(pool.repo, Allowed().with_worktrees(mine))


def test_a_rebuild_waits_for_no_database_that_somebody_still_writes(pool: Pooled) -> None:
    pool.cli.settle()
    with closing(sqlite3.connect(pool.repo.state / "state.db")) as connection:
        connection.execute("SELECT count(*) FROM meta").fetchone()
        make_rubbish(pool.repo.state / "state.db")
        refused = pool.refused("doctor", "--fix", code=75)
    assert "still has" in refused["message"]
    assert (pool.repo.state / "state.db").read_bytes().startswith(b"this is no database")
    doctor(pool, "--fix")


def age_backups(pool: Pooled) -> None:
    """As if they had been made long ago."""
    pool.cli.settle()
    for backup in sorted((pool.repo.state / "backups").glob("state-*.db")):
        made, event = backup.stem.split("-")[1:]
        backup.rename(backup.with_name(f"state-{int(made) - 700:012d}-{event}.db"))


def test_the_worker_makes_backups_and_keeps_three(pool: Pooled) -> None:
    pool.cli.settle()
    for number in range(5):
        age_backups(pool)
        lent = pool.acquire("--branch", f"fix/{number}")
        pool.release(lent["slot"])
    backups = sorted((pool.repo.state / "backups").glob("state-*.db"))
    assert len(backups) == 3
    assert {stat.S_IMODE(backup.stat().st_mode) for backup in backups} == {0o600}


def test_a_backup_brings_the_history_back_and_git_what_came_after_it(pool: Pooled) -> None:
    first = pool.acquire("--branch", "fix/before", "--request-id", "early")
    pool.release(first["slot"])
    age_backups(pool)
    doctor(pool, "--fix")  # makes a backup when everything agrees
    assert list((pool.repo.state / "backups").glob("state-*.db"))
    lent = pool.acquire("--branch", "fix/after")
    pool.run("pool", "resize", "2")
    lose(pool, make_rubbish, backups=True)
    found = doctor(pool, "--fix")
    assert any(each["kind"] == "database" and "state-" in each["detail"] for each in found)
    assert pool.slot(lent["slot"])["lease"] == lent["lease"]
    names = {each["branch"] for each in pool.ask("branches")["branches"]}
    assert {"fix/before", "fix/after"} <= names
    require_sound(pool.repo, Allowed())
    assert pool.acquire(agent="bob")["fence"] > lent["fence"]


def test_a_damaged_backup_is_passed_over(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/one")
    pool.cli.settle()
    room = pool.repo.state / "backups"
    room.mkdir(exist_ok=True)
    (room / "state-999999999999-000000000000001.db").write_bytes(b"rubbish")
    lose(pool, Path.unlink, backups=True)
    doctor(pool, "--fix")
    assert pool.slot(lent["slot"])["lease"] == lent["lease"]
    require_sound(pool.repo, Allowed())


def test_a_lease_that_ended_after_the_backup_does_not_come_back(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/ended")
    age_backups(pool)
    doctor(pool, "--fix")
    pool.release(lent["slot"])
    lose(pool, make_rubbish, backups=True)
    doctor(pool, "--fix")
    assert {slot["state"] for slot in pool.slots().values()} == {"READY"}
    require_sound(pool.repo, Allowed())


def test_parked_work_stays_kept_through_a_rebuild(pool: Pooled) -> None:
    lent = pool.acquire()
    with (Path(lent["path"]) / "huge.bin").open("wb") as huge:
        huge.truncate(5 * 1024**3)  # more than a rescue may hold
    pool.release(lent["slot"], "--rescue")
    assert pool.slot(lent["slot"])["state"] == "PARKED"
    lose(pool, Path.unlink)
    doctor(pool, "--fix")
    parked = [slot for slot in pool.slots().values() if slot["state"] == "PARKED"]
    assert [(Path(slot["path"]) / "huge.bin").stat().st_size for slot in parked] == [5 * 1024**3]


def test_a_slot_taken_from_its_holder_is_not_given_back_to_it_by_a_rebuild(
    pool: Pooled, dwellers: Dwellers
) -> None:
    lent = pool.acquire("--branch", "fix/taken")
    (Path(lent["path"]) / "unsaved.txt").write_text("unsaved")
    dwellers(lent["path"])
    pool.run("reclaim", lent["slot"])
    lose_while_draining(pool)
    doctor(pool, "--fix")
    assert lent["lease"] not in {slot["lease"] for slot in pool.slots().values()}
    assert pool.ask("rescue", "list")["rescues"]


def lose_while_draining(pool: Pooled) -> None:
    """The database gone; the worker that waits for the one inside ends by itself."""
    pool.cli.settle()
    for file in pool.repo.state.glob("state.db*"):
        file.unlink()
    shutil.rmtree(pool.repo.state / "backups", ignore_errors=True)


def test_what_a_rebuild_left_that_was_cut_off_goes(pool: Pooled) -> None:
    left = pool.repo.state / "rebuilding" / "gate.lock"
    left.parent.mkdir()
    left.touch()
    assert "fixed: left_rebuild" in pool.run("doctor", "--fix").stdout
    assert not left.parent.exists()
