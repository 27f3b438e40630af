"""Whether a state database can be trusted, beyond being opened: its pages, rows and tables."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from poolmgr.core.errors import StateDamaged
from poolmgr.store.snapshot import read_meta
from poolmgr.store.sqlite import REBUILD, SqliteEngine

TABLES = frozenset({"meta", "slots", "leases", "requests", "ops", "events"})
FIXED = (3, 51, 3)  # the WAL-reset fault; our gate keeps it away


def find_damage(file: Path, pool_id: str) -> StateDamaged | None:
    """What is wrong with a database, None when nothing is; `hint` says whether it may be rebuilt."""
    try:
        engine = SqliteEngine(file)
    except StateDamaged as error:
        return error
    try:
        words = read_faults(engine, pool_id)
    except StateDamaged as error:
        return error
    finally:
        engine.close()
    return StateDamaged(f"the state database {file} {words}", hint=REBUILD) if words else None


def read_faults(engine: SqliteEngine, pool_id: str) -> str:
    """The faults in words, "" when there are none."""
    try:
        names = {
            row[0] for row in engine.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        if names < TABLES:
            return f"lacks {', '.join(sorted(TABLES - names))}"
        check = engine.connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if check != "ok":
            return f"is damaged: {check}"
        if engine.connection.execute("PRAGMA foreign_key_check").fetchone():
            return "is damaged: rows name others that are gone"
    except sqlite3.DatabaseError as error:
        return f"is damaged: {error}"
    with engine.read() as session:
        found = read_meta(session).get("pool_id", "")
    return "" if found == pool_id else f"belongs to another pool ({found or 'unnamed'})"


def is_rebuildable(damage: StateDamaged) -> bool:
    """Whether the database may be moved aside; one that a newer poolmgr wrote may not."""
    return damage.hint == REBUILD


def library_fault() -> str:
    """What is known to be wrong with this SQLite, "" when nothing is."""
    if sqlite3.sqlite_version_info >= FIXED:
        return ""
    known = "can reset its log wrongly under load; the gate keeps that away, 3.51.3 has it mended"
    return f"SQLite {sqlite3.sqlite_version} {known}"
