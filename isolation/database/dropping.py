"""Takes databases and roles of a pool away, and nothing else.

Right before a drop the catalog is read again: the database, known by its oid, is still ours, nobody
is connected but its own role, whose sessions are ended, and it gets a name that nobody else will ever
have. So a drop never meets a database that took over the name. What is gone is done.
"""

from __future__ import annotations

import secrets

from isolation.database.catalog import Found, Role, list_leases, list_ours, list_roles, prefix_of
from isolation.database.errors import CommandFailed, DatabaseBusy, DatabaseError, NoDatabase, NotOurs
from isolation.database.fencing import close_role, find_same
from isolation.database.leaving import leave_databases, roll_back_prepared
from isolation.database.names import passing_name
from isolation.database.session import Session
from isolation.database.turns import let_go, making_key, try_hold, turn, turn_outside

UNKNOWN_ROLE = "42704"
OPEN = "SELECT 1 FROM pg_catalog.pg_database WHERE oid = %s AND (datallowconn OR datistemplate)"
LAST = ("template", "owner")


def drop_lease(session: Session, pool_id: str, fence: int) -> None:
    """The databases of a lease, its frameworks' too, and its role."""
    for role in list_leases(session, pool_id, fence):
        drop_whole(session, pool_id, role)


def drop_pool(session: Session, pool_id: str) -> list[DatabaseError]:
    """Everything of the pool on this server; what stays comes back, each with its reason."""
    stays: list[DatabaseError] = []
    roles = list_roles(session, pool_id)
    for role in sorted(
        roles, key=lambda role: LAST.index(role.mark.kind) + 1 if role.mark.kind in LAST else 0
    ):
        try:
            drop_whole(session, pool_id, role)
        except DatabaseError as error:
            stays.append(error)
    return stays


def drop_whole(session: Session, pool_id: str, role: Role) -> None:
    """A role of ours with its databases; the first reason why something stays is raised at the end."""
    key = making_key(role.oid)
    is_held = try_hold(session, key)  # who looks for what was left does not take it for that
    if role.mark.kind == "making" and not is_held:
        raise DatabaseBusy(role.name, 1)  # somebody is making it at this moment
    try:
        now = close_role(session, pool_id, role)
        if now is not None:
            roll_back_prepared(session, now.name)
            drop_databases(session, pool_id, now)
            drop_role(session, pool_id, now)
    finally:
        if is_held:
            let_go(session, key)


def drop_databases(session: Session, pool_id: str, role: Role) -> None:
    """Every database of a role: those it owns, and the template that was built with it."""
    stays: DatabaseError | None = None
    for found in list_ours(session, pool_id, sized=False):
        if found.is_of(role):
            try:
                drop(session, pool_id, found)
            except DatabaseError as error:
                stays = stays or error
    if stays is not None:
        raise stays


def drop(session: Session, pool_id: str, found: Found) -> None:
    """One database of ours in which nobody is."""
    try:
        apart = set_apart(session, pool_id, found)
        if apart is None:
            drop_rest(session, pool_id, found)
        else:
            session.do("DROP DATABASE {name}", name=apart)
    except NoDatabase:
        return


def set_apart(session: Session, pool_id: str, found: Found) -> str | None:
    """Close a database and give it a name that is never used again; None after a drop by others."""
    with turn(session):
        now = require_ours(session, pool_id, found)
        prefix = prefix_of(session, pool_id)
        if now.connections:
            raise DatabaseBusy(now.name, now.connections)
        if now.is_half_dropped:
            return None
        # What is closed may be on its way out already, by another.
        if session.rows(OPEN, (now.oid,)):
            session.do_by_number("ALTER DATABASE %I ALLOW_CONNECTIONS false IS_TEMPLATE false", now.oid)
        if now.name.startswith(passing_name(prefix, "gone", "")):
            return now.name
        apart = passing_name(prefix, "gone", secrets.token_hex(4))
        session.do_by_number("ALTER DATABASE %I RENAME TO %I", now.oid, apart)
    return apart


def drop_rest(session: Session, pool_id: str, found: Found) -> None:
    """What an interrupted drop left: it can be neither renamed nor entered, so all names stand still."""
    with turn_outside(session):
        now = require_ours(session, pool_id, found)
        session.do("DROP DATABASE {name}", name=now.name)


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
