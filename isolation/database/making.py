"""Makes a database of its own role, from a template or empty, under a name nobody waits for.

In this order: marked role, database owned by it and closed, PUBLIC out and a comment on it, open,
contents handed over. A kill anywhere leaves what its owner's mark names as unfinished, and the lock
on that role says whether somebody is still at it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from isolation.database.catalog import Role
from isolation.database.comments import Mark
from isolation.database.copies import hand_contents
from isolation.database.dropping import BRIEF, drop_whole
from isolation.database.errors import IN_USE, CommandFailed, DatabaseBusy, DatabaseError, SourceBusy
from isolation.database.names import passing_name
from isolation.database.rights import create_role
from isolation.database.session import Session
from isolation.database.sources import EMPTY, UNTOUCHED, Source, is_untouched, strategy_for
from isolation.database.turns import let_go, making_key, try_hold, turn

GUEST = """
SELECT pid, usename::text FROM pg_catalog.pg_stat_activity
WHERE datname = %s AND usesysid IS NOT NULL ORDER BY backend_start
"""


class Made(NamedTuple):
    """A database that waits for its last step; its role has its name."""

    name: str
    role: Role


@contextmanager
def made(session: Session, pool_id: str, prefix: str, source: Source) -> Iterator[Made]:
    """A whole new database; gone again when what is done with it fails."""
    new = begin(session, pool_id, prefix, source)
    try:
        hand_contents(session, source, database=new.name, role=new.name)
        yield new
    except BaseException:
        undo(session, pool_id, new.role)
        raise
    let_go(session, making_key(new.role.oid))


def begin(session: Session, pool_id: str, prefix: str, source: Source, fingerprint: str = "") -> Made:
    """A new database as its source is, held by this session."""
    name = passing_name(prefix, "new", secrets.token_hex(4))
    mark = Mark(pool_id, "making", template=fingerprint or source.fingerprint or None, made=session.clock())
    with session.transaction():
        role = Role(create_role(session, name, mark), name, mark, can_login=False, limit=-1)
        # Held before anybody can see it, let go when this session ends, however it ends.
        try_hold(session, making_key(role.oid))
    try:
        create_closed(session, name, name, source)
        open_marked(session, name, mark)
    except BaseException:
        undo(session, pool_id, role)
        raise
    return Made(name, role)


def undo(session: Session, pool_id: str, role: Role) -> None:
    """Take away what was begun, as far as the server allows now; the rest is known to be nobody's."""
    with suppress(DatabaseError):
        drop_whole(session, pool_id, role, BRIEF)
    with suppress(DatabaseError):
        let_go(session, making_key(role.oid))


def create_closed(session: Session, name: str, owner: str, source: Source) -> None:
    """The database, which nobody can enter yet; an empty one comes from elsewhere while that is no loss."""
    try:
        copy_closed(session, name, owner, source)
    except CommandFailed as error:
        if error.sqlstate != IN_USE:
            raise
        if source.database != EMPTY:
            raise DatabaseBusy(source.database, 1) from error
        if not is_untouched(session):
            guest = next(iter(session.rows(GUEST, (EMPTY,))), None)
            raise SourceBusy(EMPTY, guest, session.role) from error
        copy_closed(session, name, owner, source._replace(database=UNTOUCHED))


def copy_closed(session: Session, name: str, owner: str, source: Source) -> None:
    """A copy, for which the server waits until nobody is in its source."""
    statement = "CREATE DATABASE {name} OWNER {owner} TEMPLATE {source} ALLOW_CONNECTIONS false"
    session.do(statement + strategy_for(session, source), name=name, owner=owner, source=source.database)


def open_marked(session: Session, name: str, mark: Mark) -> None:
    """Its owner may enter, PUBLIC may not, and its comment says what it is."""
    with turn(session):
        session.do(
            "REVOKE ALL ON DATABASE {name} FROM PUBLIC; COMMENT ON DATABASE {name} IS %s;"
            "ALTER DATABASE {name} ALLOW_CONNECTIONS true",
            (str(mark),),
            name=name,
        )
