"""The state in one SQLite file.

WAL, explicit transactions only, every writer behind the gate. The file is opened by SQLite alone:
opening or closing it by other means in this process would drop SQLite's own locks. Foreign,
empty, damaged and newer files are refused and left as they are.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from poolmgr.core.errors import Busy, StateDamaged, StateUnwritable
from poolmgr.store import gate, migrations
from poolmgr.store.protocol import ConstraintBroken, Row
from poolmgr.store.queries import read_queries

APPLICATION = 0x706F6F6C  # "pool"
VERSION = migrations.newest(migrations.SCRIPTS)
SCHEMA = Path(__file__).with_name("schema.sql")
REBUILD = "poolmgr doctor --fix"

QUERIES = read_queries()
SCARCE = 1 << 20  # bytes
CLOSING = 1.0  # seconds; whoever only looked does not wait for a frozen writer


class SqliteSession:
    """One transaction on a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def one(self, query: str, **values: object) -> Row | None:
        """The first row of a named query."""
        rows = self.all(query, **values)
        return rows[0] if rows else None

    def all(self, query: str, **values: object) -> list[Row]:
        """All rows of a named query."""
        try:
            return self.connection.execute(QUERIES[query], values).fetchall()
        except sqlite3.IntegrityError as error:
            raise ConstraintBroken(str(error)) from error


class SqliteEngine:
    """The state database of one pool; `create` makes it, the constructor never does."""

    def __init__(
        self, file: Path, *, read_only: bool = False, scripts: Sequence[str] = migrations.SCRIPTS
    ) -> None:
        self.file = file
        self.gate = file.with_name("gate.lock")
        self.read_only = read_only
        self.is_closed = False
        self.version = migrations.newest(scripts)
        with translated(file):
            self.connection = self.open_connection()
            try:
                self.require_ours()
                if not read_only:
                    prepare(self.connection)
                    if migrations.read_version(self.connection) < self.version:
                        migrations.ensure_newest(self.connection, file, scripts)
            except BaseException:
                self.connection.close()
                raise

    def open_connection(self) -> sqlite3.Connection:
        """A connection; where nothing may be written, one that only reads."""
        modes = ["ro", "ro&immutable=1"] if self.read_only else ["rw"]
        for mode in modes:
            try:
                return connect(self.file, mode)
            except sqlite3.OperationalError:
                if mode == modes[-1]:
                    raise
        raise AssertionError("unreachable")

    def require_ours(self) -> None:
        """Refuse a database that is not a pool's, or that a newer poolmgr made."""
        application = pragma(self.connection, "application_id")
        version = pragma(self.connection, "user_version")
        if application == 0 and version == 0 and not pragma(self.connection, "schema_version"):
            raise StateDamaged(f"the state database {self.file} is empty", hint=REBUILD)
        if application != APPLICATION:
            raise StateDamaged(f"{self.file} is not a poolmgr database; it is left as it is", hint=REBUILD)
        if version > self.version:
            raise self.newer(version)
        if version < migrations.FIRST:
            raise StateDamaged(f"{self.file} has schema {version}, which no release wrote", hint=REBUILD)

    def require_known(self) -> None:
        """Refuse a schema that somebody brought on while we had it open."""
        version = migrations.read_version(self.connection)
        if version != self.version:
            raise self.newer(version)

    def newer(self, version: int) -> StateDamaged:
        """The refusal of what this poolmgr does not know."""
        return StateDamaged(
            f"{self.file} was written by a newer poolmgr (schema {version}, this one knows {self.version})",
            hint="install that poolmgr again: pip install --upgrade poolmgr",
        )

    @contextmanager
    def read(self) -> Iterator[SqliteSession]:
        """A transaction that sees one moment."""
        with translated(self.file):
            self.connection.execute("BEGIN")
            try:
                yield SqliteSession(self.connection)
            finally:
                self.connection.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[SqliteSession]:
        """The one transaction that writes now."""
        if self.read_only:
            raise StateUnwritable(
                f"the state in {self.file.parent} is read-only here", hint="allow writing to this directory"
            )
        with translated(self.file), gate.held(self.gate):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                self.require_known()
                yield SqliteSession(self.connection)
                self.connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")
                raise

    def backup(self, target: Path) -> None:
        """A whole copy of one moment; `target` must not exist."""
        with translated(self.file):
            self.connection.execute("VACUUM INTO ?", (os.fspath(target),))

    def close(self) -> None:
        """The last one to close checkpoints, so it does that behind the gate; once is enough."""
        if self.is_closed:
            return
        self.is_closed = True
        if self.read_only:
            self.connection.close()
            return
        try:
            with gate.held(self.gate, patience=CLOSING):
                self.connection.close()
        except (OSError, Busy):  # no descriptor, no disk, a frozen holder: the next writer checkpoints
            self.connection.close()


def create(file: Path, facts: dict[str, str]) -> None:
    """A new database with its first facts; it appears whole or not at all."""
    making = file.with_name(f"{file.name}.new-{os.getpid()}")
    with translated(file), gate.held(file.with_name("gate.lock")):
        if file.exists() and file.stat().st_size:
            return
        for rest in (making, Path(f"{making}-wal"), Path(f"{making}-shm")):
            rest.unlink(missing_ok=True)
        descriptor = os.open(making, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        os.close(descriptor)
        connection = connect(making, "rw")
        prepare(connection)
        script = SCHEMA.read_text(encoding="utf-8")
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{script}\nPRAGMA application_id = {APPLICATION};\n"
            f"PRAGMA user_version = {VERSION};\nCOMMIT;"
        )
        connection.executemany(
            QUERIES["put_meta"], [{"key": key, "value": value} for key, value in facts.items()]
        )
        connection.close()
        for rest in (Path(f"{file}-wal"), Path(f"{file}-shm")):
            rest.unlink(missing_ok=True)
        making.replace(file)


def connect(file: Path, mode: str) -> sqlite3.Connection:
    """A connection in autocommit mode whose transactions are all written out."""
    name = os.fsencode(file.absolute())
    escaped = "".join(
        chr(byte) if (byte < 128 and chr(byte).isalnum()) or byte in b"/._-" else f"%{byte:02X}"
        for byte in name
    )
    connection = sqlite3.connect(
        f"file:{escaped}?mode={mode}", uri=True, isolation_level=None, timeout=10, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    try:
        if mode != "rw":
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    """How we write; only in a database that is known to be ours, since this may change the file."""
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def pragma(connection: sqlite3.Connection, name: str) -> int:
    """The number a pragma answers."""
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def reason_of(error: sqlite3.Error, directory: Path) -> str:
    """What stopped SQLite; a full disk it may call an I/O error."""
    room = os.statvfs(directory)
    free = room.f_bavail * room.f_frsize
    is_full = room.f_blocks and free < SCARCE
    return f"only {free} bytes are free on its disk ({error})" if is_full else str(error)


@contextmanager
def translated(file: Path) -> Iterator[None]:
    """SQLite's and the system's errors as ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if not file.exists():
            raise StateDamaged(f"the state database {file} is gone", hint=REBUILD) from error
        raise StateUnwritable(
            f"the state in {file.parent} cannot be used: {reason_of(error, file.parent)}",
            hint="check free space and the permissions of this directory, then try again",
        ) from error
    except sqlite3.DatabaseError as error:
        raise StateDamaged(f"the state database {file} is damaged: {error}", hint=REBUILD) from error
    except OSError as error:
        if error.errno in UNWRITABLE:
            raise StateUnwritable(
                f"the state in {file.parent} cannot be written: {error.strerror}",
                hint="check free space, permissions and the limit of open files, then try again",
            ) from error
        raise


UNWRITABLE = frozenset(
    {errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.EDQUOT}
)
