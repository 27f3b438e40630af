"""The two engines that are compared: the pool's own, and SQLite as anybody would use it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from poolmgr.store.sqlite import SqliteEngine, SqliteSession, connect

PLAIN, POOL = "plain BEGIN IMMEDIATE", "poolmgr store"
PATIENCE_MS = 60_000  # a starved process is to be measured, not turned into an error


class Writer(Protocol):
    """What a claim needs of an engine."""

    def write(self) -> AbstractContextManager[SqliteSession]:
        """A transaction that writes."""
        ...


class PlainEngine:
    """BEGIN IMMEDIATE and SQLite's own busy handler, no gate."""

    def __init__(self, file: Path) -> None:
        self.connection = connect(file, "rw")
        self.connection.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")

    @contextmanager
    def write(self) -> Iterator[SqliteSession]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield SqliteSession(self.connection)
            self.connection.execute("COMMIT")
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise


def open_engine(contender: str, file: Path) -> Writer:
    """The contender's engine on an existing database."""
    return PlainEngine(file) if contender == PLAIN else SqliteEngine(file)


def is_locked(error: BaseException) -> bool:
    """Whether SQLite gave up on a lock, at any depth of the error's causes."""
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return True
    return error.__cause__ is not None and is_locked(error.__cause__)
