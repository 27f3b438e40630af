"""Takes databases and roles of a pool away, and nothing else.

Right before a drop the catalog is read again: the database, known by its oid, is still ours, nobody
is connected but its own role, whose sessions are ended, and it gets a name that nobody else will ever
have. So a drop never meets a database that took over the name. What is gone is done.

The server drops nothing before every session has noticed, and one that sends to a client that does
not read notices nothing. So a drop has its time, and nobody's turn lasts as long as a drop.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from isolation.database.catalog import Found, Role, list_leases, list_ours, list_roles, prefix_of
from isolation.database.errors import (
    CommandFailed,
    DatabaseBusy,
    DatabaseError,
    DropHeldUp,
    NoDatabase,
    NotOurs,
)
from isolation.database.fencing import close_role, find_same
from isolation.database.leaving import leave_databases, roll_back_prepared
from isolation.database.names import PUT_ASIDE, passing_name
from isolation.database.session import Session
from isolation.database.turns import let_go, making_key, try_hold, turn

UNKNOWN_ROLE = "42704"
CANCELLED = "57014"
# Seconds for the server to drop one; while somebody waits for us, what it has not done is done later.
PATIENCE = 60
BRIEF = 3
OPEN = "SELECT 1 FROM pg_catalog.pg_database WHERE oid = %s AND (datallowconn OR datistemplate)"
LAST = ("template", "owner")
# Who sends to a client, and has done nothing else for that long, as far as we may see it.
DEAF = """
SELECT s.pid, s.usename::text FROM pg_catalog.pg_stat_activity s
WHERE s.wait_event = 'ClientWrite' AND s.query_start < clock_timestamp() - %s * interval '1 second' LIMIT 1
"""


def drop_lease(
    session: Session, pool_id: str, fence: int, lease: str = "", *, patience: int = PATIENCE
) -> None:
    """The databases of a lease, its frameworks' too, and its role."""
    for role in list_leases(session, pool_id, fence, lease):
        drop_whole(session, pool_id, role, patience)


def drop_pool(session: Session, pool_id: str) -> list[DatabaseError]:
    """Everything of the pool on this server; what stays comes back, each with its reason."""
    stays: list[DatabaseError] = []
    halves = [found for found in list_ours(session, pool_id, sized=False) if found.is_half_dropped]
    roles = sorted(
        list_roles(session, pool_id),
        key=lambda role: LAST.index(role.mark.kind) + 1 if role.mark.kind in LAST else 0,
    )
    steps = (
        *(partial(drop, session, pool_id, found) for found in halves),
        *(partial(drop_whole, session, pool_id, role) for role in roles),
    )
    for step in steps:
        try:
            step()
        except DatabaseError as error:
            stays.append(error)
            if isinstance(error, DropHeldUp):
                break
    return stays


def drop_whole(session: Session, pool_id: str, role: Role, patience: int = PATIENCE) -> None:
    """A role of ours with its databases; the first reason why something stays is raised at the end."""
    key = making_key(role.oid)
    is_held = try_hold(session, key)  # who looks for what was left does not take it for that
    if role.mark.kind == "making" and not is_held:
        raise DatabaseBusy(role.name, 1)  # somebody is making it at this moment
    try:
        now = close_role(session, pool_id, role)
        if now is not None:
            roll_back_prepared(session, now.name)
            drop_databases(session, pool_id, now, patience)
            drop_role(session, pool_id, now)
    finally:
        if is_held:
            let_go(session, key)


def drop_databases(session: Session, pool_id: str, role: Role, patience: int) -> None:
    """Every database of a role: those it owns, and the template that was built with it.

    What holds up one holds up all, so there the others are left as they are.
    """
    stays: DatabaseError | None = None
    for found in list_ours(session, pool_id, sized=False):
        if found.is_of(role):
            try:
                drop(session, pool_id, found, patience)
            except DropHeldUp:
                raise
            except DatabaseError as error:
                stays = stays or error
    if stays is not None:
        raise stays


def drop(session: Session, pool_id: str, found: Found, patience: int = PATIENCE) -> None:
    """One database of ours in which nobody is."""
    try:
        apart = set_apart(session, pool_id, found)
        with limited(session, apart or found.name, patience):
            if apart is None:
                drop_rest(session, pool_id, found)
            else:
                session.do("DROP DATABASE {name}", name=apart)
    except NoDatabase:
        return


@contextmanager
def limited(session: Session, name: str, patience: int) -> Iterator[None]:
    """The time that a drop has; DropHeldUp says by whom, as far as we may see, when it is over."""
    session.do(f"SET statement_timeout = '{patience}s'")
    try:
        yield
    except CommandFailed as error:
        if error.sqlstate != CANCELLED:
            raise
        raise DropHeldUp(name, patience, next(iter(session.rows(DEAF, (patience,))), None)) from error
    finally:
        session.do("RESET statement_timeout")


def set_apart(session: Session, pool_id: str, found: Found) -> str | None:
    """Close a database and give it a name that is never used again; None after a drop by others."""
    with turn(session):
        now = require_ours(session, pool_id, found)
        prefix = prefix_of(session, pool_id)
        if now.connections:
            raise DatabaseBusy(now.name, now.connections)
        is_apart = now.name.startswith(passing_name(prefix, PUT_ASIDE, ""))
        if now.is_half_dropped:
            return now.name if is_apart else None
        # What is closed may be on its way out already, by another.
        if session.rows(OPEN, (now.oid,)):
            session.do_by_number("ALTER DATABASE %I ALLOW_CONNECTIONS false IS_TEMPLATE false", now.oid)
        if is_apart:
            return now.name
        apart = passing_name(prefix, PUT_ASIDE, secrets.token_hex(4))
        session.do_by_number("ALTER DATABASE %I RENAME TO %I", now.oid, apart)
    return apart


def drop_rest(session: Session, pool_id: str, found: Found) -> None:
    """What an interrupted drop left, which can be neither renamed nor entered.

    As its owner: by now the name may be somebody else's, and then the server refuses.
    """
    now = require_ours(session, pool_id, found)
    session.do("SET ROLE {owner}", owner=now.owner)
    try:
        session.do("DROP DATABASE {name}", name=now.name)
    finally:
        session.do("RESET ROLE")


def require_ours(session: Session, pool_id: str, found: Found) -> Found:
    """The database as it is now; NoDatabase when it is gone, NotOurs when it changed hands."""
    now = next((each for each in list_ours(session, pool_id, sized=False) if each.oid == found.oid), None)
    if now is not None and now.mark.fence == found.mark.fence:
        return now
    if not session.rows("SELECT 1 FROM pg_catalog.pg_database WHERE oid = %s", (found.oid,)):
        raise NoDatabase(f"{found.name} is gone")
    raise NotOurs(found.name, "it has another owner now")


def drop_role(session: Session, pool_id: str, role: Role) -> None:
    """A role of ours that owns no database any more."""
    leave_databases(session, pool_id, role)
    try:
        with turn(session):
            now = find_same(session, pool_id, role)
            if now is not None:
                session.do("DROP ROLE {role}", role=now.name)
    except CommandFailed as error:
        if error.sqlstate != UNKNOWN_ROLE:
            raise
