"""Makes the database of a lease anew: same name, role, password and limit, other contents.

The new one is whole before the old one is touched, and they change places in one transaction. Both
belong to the lease's role at all times, so what a kill leaves goes with the lease, or before the
next renewal.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress

from isolation.database.catalog import Found, Role, list_leases, list_ours
from isolation.database.comments import Mark
from isolation.database.copies import hand_contents
from isolation.database.dropping import BRIEF, drop
from isolation.database.errors import IN_USE, DatabaseBusy, DatabaseError, NotOurs
from isolation.database.fencing import IN_DATABASE, terminate
from isolation.database.leaving import roll_back_prepared
from isolation.database.lending import Wanted, mark_of_lease
from isolation.database.making import create_closed, open_marked
from isolation.database.names import PUT_ASIDE, passing_name
from isolation.database.passwords import scram_verifier
from isolation.database.rights import say
from isolation.database.session import Session
from isolation.database.templates import source_of
from isolation.database.turns import CHANGED, let_go, making_key, try_hold, turn

PATIENCE = 5.0
NAP = 0.05
AGAIN = {IN_USE, CHANGED}
OWNER = """
SELECT o.rolname FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles o ON o.oid = d.datdba
WHERE d.datname = %s
"""


def renew(session: Session, wanted: Wanted, password: str = "") -> str | None:
    """The name of the lease's database, made anew from `wanted.template`; its sessions are ended.

    None when the lease has no role here that may log in. The password is the one its holder was given,
    who may have set another one meanwhile.
    """
    leases = list_leases(session, wanted.pool_id, wanted.fence, wanted.lease)
    role = next((role for role in leases if role.can_login), None)
    if role is None:
        return None
    if not try_hold(session, making_key(role.oid)):
        raise DatabaseError(f"{role.name} is being made anew by another command", hint="poolmgr db status")
    try:
        find_own(session, wanted, role, role.name)  # nothing is made that could not take its place
        drop_passing(session, wanted, role)
        replace(session, wanted, role, fresh(session, wanted, role))
        if password:
            session.do("ALTER ROLE {role} PASSWORD %s", (scram_verifier(password),), role=role.name)
        drop_passing(session, wanted, role)
    finally:
        let_go(session, making_key(role.oid))
    return role.name


def fresh(session: Session, wanted: Wanted, role: Role) -> str:
    """A whole new database of the lease's role, under a name nobody waits for."""
    source = source_of(session, wanted.pool_id, wanted.template)
    name = passing_name(wanted.prefix, "new", secrets.token_hex(4))
    create_closed(session, name, role.name, source)
    open_marked(session, name, Mark(wanted.pool_id, "making", fence=wanted.fence))
    session.do("ALTER ROLE {role} RESET ALL", role=role.name)
    hand_contents(session, source, database=name, role=role.name)
    return name


def replace(session: Session, wanted: Wanted, role: Role, name: str) -> None:
    """The new one takes the old one's name; who is connected to either is put out."""
    roll_back_prepared(session, role.name, only=role.name)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with turn(session):
                return exchange(session, wanted, role, name)
        except DatabaseError as error:
            # Somebody is leaving, or was quicker than the rename.
            is_passing = isinstance(error, DatabaseBusy) or error.sqlstate in AGAIN
            if not is_passing or time.monotonic() > deadline:
                raise
        time.sleep(NAP)


def exchange(session: Session, wanted: Wanted, role: Role, name: str) -> None:
    """The names, in one transaction; the holder may have dropped the old database itself."""
    old, new = (find_own(session, wanted, role, each) for each in (role.name, name))
    for found in filter(None, (old, new)):
        ended = terminate(session, IN_DATABASE, found.oid)
        if found.connections > ended:  # whom a rename would wait for, in everybody's turn
            raise DatabaseBusy(found.name, found.connections - ended)
    if old:
        away = passing_name(wanted.prefix, PUT_ASIDE, secrets.token_hex(4))
        session.do_by_number("ALTER DATABASE %I RENAME TO %I", old.oid, away)
    session.do("ALTER DATABASE {new} RENAME TO {name}", new=name, name=role.name)
    say(session, role.name, mark_of_lease(wanted, session.clock()))


def find_own(session: Session, wanted: Wanted, role: Role, name: str) -> Found | None:
    """The database of the lease's role that has this name; NotOurs when it is somebody else's by now."""
    for found in list_ours(session, wanted.pool_id, sized=False):
        if (found.name, found.owner_oid) == (name, role.oid):
            return found
    for (owner,) in session.rows(OWNER, (name,)):
        error = NotOurs(name, f"it belongs to {owner}")
        error.hint = f'as its owner: ALTER DATABASE "{name}" RENAME TO "{name}_other"; then: poolmgr db reset'
        raise error
    return None


def drop_passing(session: Session, wanted: Wanted, role: Role) -> None:
    """What this renewal replaced, and what a killed one left; what stays goes with the lease."""
    passing = tuple(passing_name(wanted.prefix, kind, "") for kind in ("new", PUT_ASIDE))
    for found in list_ours(session, wanted.pool_id, sized=False):
        if found.owner_oid == role.oid and found.name.startswith(passing):
            with suppress(DatabaseError):
                drop(session, wanted.pool_id, found, BRIEF)
