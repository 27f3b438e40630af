"""What an upgrade makes of an old database is what a new one is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from poolmgr.store.sqlite import APPLICATION, VERSION, SqliteEngine, create

OLD = Path(__file__).with_name("schema-1.sql")


def columns_of(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every table with its columns as SQLite describes them, in their order but for their place."""
    with closing(sqlite3.connect(file)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: [tuple(row[1:]) for row in connection.execute(f"PRAGMA table_info({table})")]
            for table in tables
        }


def indexes_of(file: Path) -> set[tuple[str, str]]:
    """Every index that was asked for, with its table."""
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        return {(name, table) for name, table in connection.execute(query)}


def test_an_upgraded_database_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript(OLD.read_text())
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("PRAGMA user_version = 1")
    create(new, {"pool_id": "p"})
    SqliteEngine(old).close()
    assert columns_of(old) == columns_of(new)
    assert indexes_of(old) == indexes_of(new)
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == VERSION
