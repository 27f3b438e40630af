"""Builds a template: a database with a login for the migrations, sealed when they are done.

The builder's session holds the fingerprint's lock from beginning to end, so two never build the
same, and what a killed build left is known to be nobody's.
"""

from __future__ import annotations

import secrets
from contextlib import ExitStack, suppress
from typing import NamedTuple

from isolation.database.catalog import Role, list_marked, list_ours, list_roles
from isolation.database.dropping import BRIEF, drop, drop_whole
from isolation.database.errors import DatabaseBusy, DropHeldUp, NotOurs
from isolation.database.fencing import close_role
from isolation.database.leaving import roll_back_prepared
from isolation.database.limits import require_room
from isolation.database.making import begin, undo
from isolation.database.names import owner_name, template_name
from isolation.database.passwords import new_password, scram_verifier
from isolation.database.rights import say
from isolation.database.session import Session
from isolation.database.sources import Source
from isolation.database.templates import find_template
from isolation.database.turns import WAIT, let_go, making_key, template_key, try_hold, turn

CONNECTIONS = 10
TAKEN = """
SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s
UNION ALL SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %s
"""


class Building(NamedTuple):
    """A template being built, and the login for its migrations."""

    dbname: str
    role: str
    password: str
    prefix: str
    pool_id: str
    fingerprint: str
    oid: int

    def __repr__(self) -> str:
        return f"Building({self.dbname!r})"


def begin_template(session: Session, prefix: str, pool_id: str, fingerprint: str) -> Building | None:
    """A database for the migrations; None when the template is there, or somebody builds it now."""
    key = template_key(pool_id, fingerprint)
    if not try_hold(session, key):
        return None
    with ExitStack() as on_failure:
        on_failure.callback(let_go, session, key)
        if find_template(session, pool_id, fingerprint):
            return None
        drop_left(session, pool_id, fingerprint)
        new = begin(session, pool_id, prefix, Source(), fingerprint)
        on_failure.callback(undo, session, pool_id, new.role)
        password = open_login(session, pool_id, new.name)
        on_failure.pop_all()
    return Building(new.name, new.name, password, prefix, pool_id, fingerprint, new.role.oid)


def open_login(session: Session, pool_id: str, role: str) -> str:
    """Let the migrations in; their password."""
    password = new_password()
    with turn(session):
        require_room(session, pool_id, list_marked(session), CONNECTIONS)
        session.do(
            f"ALTER ROLE {{role}} LOGIN CONNECTION LIMIT {CONNECTIONS} PASSWORD %s",
            (scram_verifier(password),),
            role=role,
        )
    return password


def drop_left(session: Session, pool_id: str, fingerprint: str) -> None:
    """What killed builds and copies of this fingerprint left; what somebody is making stays."""
    for role in list_roles(session, pool_id):
        if role.mark.kind == "making" and role.mark.template == fingerprint:
            with suppress(DatabaseBusy, DropHeldUp):
                drop_whole(session, pool_id, role, BRIEF)


def seal_template(session: Session, building: Building) -> None:
    """The template, whole and closed; from here on databases are copied from it."""
    role = require_building(session, building)
    close_role(session, building.pool_id, role)
    roll_back_prepared(session, role.name)
    for found in list_ours(session, building.pool_id, sized=False):
        if found.owner_oid == role.oid and found.name != building.dbname:
            with suppress(DropHeldUp):  # it goes later
                drop(session, building.pool_id, found, BRIEF)  # what the migrations' tools made
    mark = role.mark._replace(kind="template", made=session.clock(), used=None)
    with turn(session, WAIT):  # a build may have taken an hour
        name = template_name(building.prefix, building.fingerprint)
        if session.rows(TAKEN, (name, name)):
            name = template_name(building.prefix, building.fingerprint, secrets.token_hex(2))
        session.do(
            "ALTER DATABASE {old} OWNER TO {owner};"
            "ALTER DATABASE {old} ALLOW_CONNECTIONS false IS_TEMPLATE false;"
            "ALTER DATABASE {old} RENAME TO {new}; ALTER ROLE {old} RENAME TO {new}",
            old=building.dbname,
            new=name,
            owner=owner_name(building.prefix),
        )
        say(session, name, mark)
    end(session, building)


def abandon_template(session: Session, building: Building) -> None:
    """Nothing of a build that failed is left."""
    try:
        drop_whole(session, building.pool_id, require_building(session, building), BRIEF)
    finally:
        end(session, building)


def require_building(session: Session, building: Building) -> Role:
    """The build's role, which is still building."""
    for role in list_roles(session, building.pool_id):
        if role.oid == building.oid and role.mark.kind == "making":
            return role
    raise NotOurs(building.dbname, "it is no longer being built")


def end(session: Session, building: Building) -> None:
    """Others may build again."""
    let_go(session, making_key(building.oid))
    let_go(session, template_key(building.pool_id, building.fingerprint))
