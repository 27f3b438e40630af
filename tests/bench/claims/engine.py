"""The two engines that are compared: the pool's own, and SQLite as anybody would use it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from poolmgr.store.protocol import Engine, Session
from poolmgr.store.sqlite import SqliteEngine, SqliteSession, connect, prepare

PLAIN, POOL = "plain BEGIN IMMEDIATE", "poolmgr store"
PATIENCE_MS = 60_000  # a starved process is to be measured, not turned into an error


class PlainEngine:
    """BEGIN IMMEDIATE and SQLite's own busy handler, no gate."""

    def __init__(self, file: Path) -> None:
        self.connection = connect(file, "rw")
        prepare(self.connection)
        self.connection.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")

    @contextmanager
    def read(self) -> Iterator[SqliteSession]:
        self.connection.execute("BEGIN")
        try:
            yield SqliteSession(self.connection)
        finally:
            self.connection.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[SqliteSession]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield SqliteSession(self.connection)
            self.connection.execute("COMMIT")
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        self.connection.close()


class SlowEngine:
    """An engine whose commits take a while longer, the lock held."""

    def __init__(self, engine: Engine, hold: float) -> None:
        self.engine = engine
        self.hold = hold

    def read(self) -> AbstractContextManager[Session]:
        return self.engine.read()

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self.engine.write() as session:
            yield session
            time.sleep(self.hold)

    def close(self) -> None:
        self.engine.close()


def open_engine(contender: str, file: Path, *, hold: float) -> Engine:
    """The contender's engine on an existing database."""
    engine: Engine = PlainEngine(file) if contender == PLAIN else SqliteEngine(file)
    return SlowEngine(engine, hold) if hold else engine


def is_locked(error: BaseException) -> bool:
    """Whether SQLite gave up on a lock, at any depth of the error's causes."""
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return True
    return error.__cause__ is not None and is_locked(error.__cause__)
