"""Puts a role out: no login, no password, no session of its own or in its databases.

Any role may set its own password, and a transaction that did so keeps everybody else from changing the
role. So its sessions are ended in the same breath, and before its login can be taken.
"""

from __future__ import annotations

import time

from isolation.database.catalog import Role, list_leases, list_roles
from isolation.database.errors import DatabaseBusy, DatabaseError
from isolation.database.leaving import roll_back_prepared
from isolation.database.session import Session
from isolation.database.turns import CLASHES, turn

PATIENCE = 10.0
BRIEF = 3.0
NAP = 0.005
# What a role may have been that is only put aside, or on its way out.
BECOMES = {"old": ("slot",), "making": ("spare",)}
# Sessions of superusers are theirs to end, unless we are one.
MAY_END = """
  AND s.pid <> pg_backend_pid()
  AND ((SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
    OR NOT r.rolsuper AND (pg_has_role(s.usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE')))
"""
# Of a role; of whom else is in its databases; in one database.
OF_ROLE = "WHERE s.usesysid = %s"
OF_GUESTS = "WHERE s.datid IN (SELECT oid FROM pg_catalog.pg_database WHERE datdba = %s)"
IN_DATABASE = "WHERE s.datid = %s"
END = """
SELECT pg_terminate_backend(s.pid)
FROM pg_catalog.pg_stat_activity s JOIN pg_catalog.pg_roles r ON r.oid = s.usesysid
"""
# Whose session begins: let in, perhaps, and not yet known to be a role's.
COMING = """
SELECT l.pid FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity s ON s.pid = l.pid
WHERE l.locktype = 'virtualxid' AND s.datid IS NULL
"""


def fence(session: Session, pool_id: str, fence: int, lease: str = "") -> None:
    """Put the holder of a lease out, and whoever is in its databases, which stay as they are."""
    for role in list_leases(session, pool_id, fence, lease):
        fence_role(session, pool_id, role)


def fence_role(session: Session, pool_id: str, role: Role) -> None:
    if close_role(session, pool_id, role):
        terminate(session, OF_GUESTS, role.oid)


def close_role(session: Session, pool_id: str, role: Role) -> Role | None:
    """Put a role out; as it is now, None when it is gone or no longer what it was seen to be."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return try_close(session, pool_id, role)
        except DatabaseError as error:
            if error.sqlstate not in CLASHES or time.monotonic() > deadline:
                raise
            roll_back_prepared(session, role.name)  # which no session holds


def try_close(session: Session, pool_id: str, role: Role) -> Role | None:
    """The same; an error of CLASHES while somebody holds the role."""
    with turn(session):
        now = find_same(session, pool_id, role)
        if now is None:
            return None
        was_in = take_login(session, now)
    end_sessions(session, now)
    if was_in:
        await_coming(session)
        end_sessions(session, now)
    return now


def take_login(session: Session, role: Role) -> bool:
    """End the role's sessions, which may hold it, and its login; whether there were any."""
    ended = session.rows(
        f"{END} {OF_ROLE} {MAY_END}; ALTER ROLE {{role}} NOLOGIN PASSWORD NULL", (role.oid,), role=role.name
    )
    if role.mark.kind == "spare":
        # Nobody takes it for a slot from here on, and what a kill leaves is unfinished work.
        making = str(role.mark._replace(kind="making"))
        session.do("COMMENT ON ROLE {role} IS %s", (making,), role=role.name)
    return bool(ended)


def find_same(session: Session, pool_id: str, role: Role) -> Role | None:
    """The role as it is now; None when it is gone or serves another purpose."""
    now = next((each for each in list_roles(session, pool_id) if each.oid == role.oid), None)
    if now is None or now.mark.fence != role.mark.fence:
        return None
    return (
        now if now.mark.kind == role.mark.kind or role.mark.kind in BECOMES.get(now.mark.kind, ()) else None
    )


def end_sessions(session: Session, role: Role) -> None:
    """End the role's and wait until they are gone; nobody is let in once the role has no login."""
    deadline = time.monotonic() + PATIENCE
    while count := terminate(session, OF_ROLE, role.oid):
        if time.monotonic() > deadline:
            raise DatabaseBusy(role.name, count)
        time.sleep(NAP)


def await_coming(session: Session) -> None:
    """Whoever was let in just before the change is among the sessions now.

    Who is slow to say its password is not waited for to the end: it is asked for its login after that.
    """
    deadline, coming = time.monotonic() + BRIEF, set(session.rows(COMING))
    while coming and time.monotonic() < deadline:
        time.sleep(NAP)
        coming &= set(session.rows(COMING))


def terminate(session: Session, which: str, *params: object) -> int:
    """Tell sessions to end, as far as we may; how many there were."""
    return len(session.rows(f"{END} {which} {MAY_END}", params))
