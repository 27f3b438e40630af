"""What a database is copied from, and how: a sealed template, or the server's own for an empty one."""

from __future__ import annotations

from typing import NamedTuple

from isolation.database.session import Session

EMPTY = "template1"
# With fsync, copying files costs two checkpoints, which pays from here on (measured on 15 and 18).
LARGE = 200 << 20


class Source(NamedTuple):
    """A database to copy, and the role that owns the objects in it."""

    database: str = EMPTY
    role: str = ""
    fingerprint: str = ""


def strategy_for(session: Session, source: Source) -> str:
    """The clause of CREATE DATABASE that is fastest for this source on this server."""
    if session.major < 15:
        return ""
    settings = "SELECT current_setting('fsync'), current_setting('file_copy_method', true)"
    fsync, method = session.rows(settings)[0]
    if fsync == "off" or method == "clone" or (source.role and size_of(session, source.database) >= LARGE):
        return " STRATEGY FILE_COPY"
    return " STRATEGY WAL_LOG"


def size_of(session: Session, database: str) -> int:
    return int(session.rows("SELECT pg_database_size(%s::name)", (database,))[0][0])
