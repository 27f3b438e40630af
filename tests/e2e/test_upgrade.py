"""A newer poolmgr brings the schema on once, whoever comes first, and leases go on meanwhile."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from poolmgr.core.errors import StateDamaged
from poolmgr.services.ground.site import find_site, require_facts
from poolmgr.services.upkeep.worker import work_until_idle
from poolmgr.store.migrations import SCRIPTS, newest
from poolmgr.store.snapshot import read_meta, read_snapshot, write_meta
from poolmgr.store.sqlite import SqliteEngine
from poolmgr.wiring import assemble
from tests.e2e.pooled import Pooled
from tests.fixtures.patience import await_that
from tests.invariants import Allowed, require_sound

STEP = """\
ALTER TABLE slots ADD COLUMN remark TEXT NOT NULL DEFAULT '';
INSERT INTO meta (key, value) VALUES ('upgrades', '1')
ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT);
"""
LONG = """\
CREATE TABLE long AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000000)
SELECT i, hex(randomblob(100)) AS filler FROM n;
"""
UPGRADE = """\
import sys
from pathlib import Path
from poolmgr.store.migrations import SCRIPTS
from poolmgr.store.sqlite import SqliteEngine
print("ready", flush=True)
sys.stdin.readline()
SqliteEngine(Path(sys.argv[1]), scripts=(*SCRIPTS, sys.argv[2])).close()
"""


def start_upgrade(file: Path, script: str) -> subprocess.Popen[bytes]:
    """A process that upgrades as soon as its standard input says so."""
    process = subprocess.Popen(
        (sys.executable, "-c", UPGRADE, str(file), script), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def let_go(process: subprocess.Popen[bytes]) -> None:
    """Say so."""
    assert process.stdin is not None
    process.stdin.close()


def version_of(file: Path) -> int:
    """The version of a database, read without poolmgr."""
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_of_sixteen_that_upgrade_at_once_one_does(pool: Pooled) -> None:
    pool.cli.settle()
    file = pool.repo.state / "state.db"
    processes = [start_upgrade(file, STEP) for _ in range(16)]
    for process in processes:
        let_go(process)
    assert [process.wait(60) for process in processes] == [0] * 16
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()
    with closing(SqliteEngine(file, scripts=(*SCRIPTS, STEP))) as engine, engine.read() as session:
        assert read_meta(session)["upgrades"] == "1"
    assert version_of(file) == newest(SCRIPTS) + 1


def test_an_upgrade_killed_midway_leaves_the_old_version_whole(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/one")
    pool.cli.settle()
    file = pool.repo.state / "state.db"
    process = start_upgrade(file, STEP + LONG)
    let_go(process)
    log = file.with_name("state.db-wal")
    await_that(lambda: log.exists() and log.stat().st_size > 2**22, "the upgrade is writing")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    assert version_of(file) == newest(SCRIPTS)
    assert pool.slot(lent["slot"])["lease"] == lent["lease"]
    with closing(SqliteEngine(file, scripts=(*SCRIPTS, STEP))) as engine, engine.read() as session:
        assert read_meta(session)["upgrades"] == "1"


def test_a_script_that_fails_changes_nothing(pool: Pooled) -> None:
    pool.cli.settle()
    file = pool.repo.state / "state.db"
    with pytest.raises(Exception, match="no such table"):
        SqliteEngine(file, scripts=(*SCRIPTS, STEP + "INSERT INTO nowhere VALUES (1);"))  # noqa: S608 - no value in it
    assert version_of(file) == newest(SCRIPTS)
    assert pool.run("status").code == 0


def test_upgrading_while_leases_are_held_keeps_them(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/one", "--request-id", "r-1")
    (Path(lent["path"]) / "unsaved.txt").write_text("unsaved")
    pool.cli.settle()
    site = find_site(pool.repo.path)
    newer = SqliteEngine(site.database, scripts=(*SCRIPTS, STEP))
    with newer.read() as session:
        snapshot = read_snapshot(session)
    assert [lease.id for lease in snapshot.leases] == [lent["lease"]]
    upgraded = assemble(site, require_facts(site), newer)
    work_until_idle(upgraded)
    assert [slot.state.value for slot in upgraded.snapshot().slots] == ["LEASED", "READY"]
    newer.close()

    # The old poolmgr refuses by now, touches nothing, and takes nothing for granted.
    assert "newer" in pool.refused("release", lent["slot"])["message"]
    assert (Path(lent["path"]) / "unsaved.txt").read_text() == "unsaved"
    # Back again, as a downgrade from the backup that was made before.
    backups = list((pool.repo.state / "backups").glob("state-*.db"))
    assert newest(SCRIPTS) in {version_of(backup) for backup in backups}


def test_who_had_the_old_version_open_writes_nothing_more(pool: Pooled) -> None:
    pool.cli.settle()
    file = pool.repo.state / "state.db"
    with closing(SqliteEngine(file)) as old:
        SqliteEngine(file, scripts=(*SCRIPTS, STEP)).close()
        with pytest.raises(StateDamaged, match="newer"), old.write() as session:
            write_meta(session, "size", "7")
    with closing(SqliteEngine(file, scripts=(*SCRIPTS, STEP))) as engine, engine.read() as session:
        assert read_meta(session)["size"] == "2"


def test_a_foreign_database_is_not_even_opened_for_writing(pool: Pooled) -> None:
    pool.cli.settle()
    file = pool.repo.state / "state.db"
    for rest in pool.repo.state.glob("state.db*"):
        rest.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE somebodys (thing TEXT)")
        connection.commit()
    before = file.read_bytes()
    assert pool.refused("status")["code"] == "state_damaged"
    assert pool.refused("acquire")["code"] == "state_damaged"
    assert file.read_bytes() == before


def test_an_upgraded_pool_is_sound(pool: Pooled) -> None:
    pool.cli.settle()
    SqliteEngine(pool.repo.state / "state.db", scripts=(*SCRIPTS, STEP)).close()
    require_sound(pool.repo, Allowed())
