"""From one version of the schema to the next: each script applied once, all in one transaction.

SCRIPTS[n] brings version n + 1 to n + 2; `schema.sql` is always the newest. The record is
`user_version`, written inside the same transaction: a kill leaves the old version whole. A copy of
the old database is kept first. One process upgrades, behind the gate; the others find it done.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from poolmgr.store import gate

FIRST = 1
SCOPES = """\
ALTER TABLE slots ADD COLUMN view TEXT NOT NULL DEFAULT '';
ALTER TABLE leases ADD COLUMN owns TEXT;
ALTER TABLE leases ADD COLUMN sees TEXT;
ALTER TABLE leases ADD COLUMN shared TEXT NOT NULL DEFAULT '[]';
ALTER TABLE leases ADD COLUMN outside TEXT NOT NULL DEFAULT '[]';
ALTER TABLE leases ADD COLUMN changing TEXT;
ALTER TABLE leases ADD COLUMN news TEXT NOT NULL DEFAULT '[]';
"""
DATABASES = """\
ALTER TABLE leases ADD COLUMN database TEXT NOT NULL DEFAULT '';
ALTER TABLE leases ADD COLUMN server TEXT NOT NULL DEFAULT '';
CREATE INDEX owed_databases ON leases (database) WHERE database <> '' AND ended_wall IS NOT NULL;
"""
SCRIPTS: tuple[str, ...] = (SCOPES, DATABASES)


def newest(scripts: Sequence[str]) -> int:
    """The version that these scripts lead to."""
    return FIRST + len(scripts)


def read_version(connection: sqlite3.Connection) -> int:
    """The schema a database has."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def ensure_newest(connection: sqlite3.Connection, file: Path, scripts: Sequence[str]) -> None:
    """The database at the newest version; nothing happens when it is there already."""
    with gate.held(file.with_name("gate.lock")):
        version = read_version(connection)
        if not FIRST <= version < newest(scripts):
            return
        back_up(connection, file)
        pending = "\n;\n".join(scripts[version - FIRST :])
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{pending}\n;\nPRAGMA user_version = {newest(scripts)};\nCOMMIT;"
            )
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise


def back_up(connection: sqlite3.Connection, file: Path) -> None:
    """The old database beside the regular backups, under a name of their kind."""
    room = file.with_name("backups")
    room.mkdir(mode=0o700, exist_ok=True)
    last = connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
    making, target = room / "upgrading.db", room / f"state-{int(time.time()):012d}-{last:015d}.db"
    making.unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", (os.fspath(making),))
    making.chmod(0o600)
    making.replace(target)
