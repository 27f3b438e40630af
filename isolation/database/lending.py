"""Hands a database to a lease: a spare if there is one, else one made for it.

The hand-over is one transaction, so a lease has its database under its name with its password, or
nothing. The name is the slot's; what an earlier lease of the slot left under it is put aside, and
before anybody else's database the name gives way.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import NamedTuple

from isolation.database.catalog import Found, Role, list_marked, list_ours, list_roles
from isolation.database.comments import DIGITS, Mark
from isolation.database.errors import CommandFailed, DatabaseBusy, ServerBusy
from isolation.database.fencing import fence_role
from isolation.database.limits import require_room
from isolation.database.making import made
from isolation.database.names import passing_name, slot_name
from isolation.database.passwords import key_of, new_password, scram_verifier, spare_password
from isolation.database.rights import say
from isolation.database.session import CLOCK, Session
from isolation.database.templates import source_of
from isolation.database.turns import turn

# Somebody was given the name between our look and the change: noticed at once, or at the write.
TAKEN = {"42P04", "42710", "23505"}
TRIES = 5
WAY = """
  EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = %s),
  EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = %s)
"""


class Wanted(NamedTuple):
    """What a lease needs; the pool's secret, if it has one, tells the passwords of its spares."""

    prefix: str
    pool_id: str
    number: int
    slot_id: int
    fence: int
    template: str
    connections: int
    secret: str = ""
    lease: str = ""  # its id

    def __repr__(self) -> str:
        return f"Wanted(number={self.number}, fence={self.fence}, template={self.template!r})"


class Lent(NamedTuple):
    """What a lease has."""

    name: str
    role: str
    password: str

    def __repr__(self) -> str:
        return f"Lent({self.name!r})"


class Sight(NamedTuple):
    """The server's catalog, as one turn sees it; the names are those that stand in the slot's way."""

    marked: list[Role]
    ours: list[Found]
    is_database: bool
    is_role: bool
    now: int

    def database_of(self, role: Role) -> Found | None:
        """The database that came with a role."""
        return next(
            (found for found in self.ours if found.owner_oid == role.oid and found.name == role.name), None
        )


def lend(session: Session, wanted: Wanted) -> Lent:
    """The lease's database; asked again for one lease, the same one with another password."""
    fence_others(session, wanted)
    lent = hand_over(session, wanted)
    if lent is None:
        source = source_of(session, wanted.pool_id, wanted.template)
        with made(session, wanted.pool_id, wanted.prefix, source) as new:
            lent = hand_over(session, wanted, new.role.oid)
    if lent is None:
        raise CommandFailed(f"no database could be lent to slot {wanted.number}")
    return lent


def fence_others(session: Session, wanted: Wanted) -> None:
    """Put out who has the fence by another lease, which the pool forgot when its state was put back.

    And who had the slot before and is in still: that could not be done when its lease ended.
    """
    for role in list_roles(session, wanted.pool_id):
        if role.mark.fence == wanted.fence and not role.mark.is_of(wanted.fence, wanted.lease):
            fence_role(session, wanted.pool_id, role)
        elif role.can_login and is_earlier(role, wanted):
            with suppress(ServerBusy, DatabaseBusy):  # it stays owed
                fence_role(session, wanted.pool_id, role)


def hand_over(session: Session, wanted: Wanted, own: int | None = None) -> Lent | None:
    """Give the lease a spare, or the database made for it; None when there is no spare."""
    for attempt in range(TRIES):
        try:
            with turn(session):
                return decide(session, wanted, own)
        except CommandFailed as error:
            if error.sqlstate not in TAKEN or attempt + 1 == TRIES:
                raise
    return None


def decide(session: Session, wanted: Wanted, own: int | None) -> Lent | None:
    """What a turn does: the lease's database again, or the next free one; None when there is none."""
    sight = look(session, wanted)
    for role in sight.marked:
        if is_leases(role.mark, wanted) and sight.database_of(role):
            return admit(session, wanted, role.name)
    require_room(session, wanted.pool_id, sight.marked, wanted.connections)
    free = choose(sight, wanted, own)
    if free is None:
        return None
    name = free_name(session, sight, wanted)
    session.do(
        "ALTER DATABASE {old} RENAME TO {new}; ALTER ROLE {old} RENAME TO {new};"
        "COMMENT ON ROLE {new} IS %s; COMMENT ON DATABASE {new} IS %s;"
        f"ALTER ROLE {{new}} LOGIN CONNECTION LIMIT {wanted.connections:d}",
        (str(mark := mark_of_lease(wanted, sight.now)), str(mark)),
        old=free.name,
        new=name,
    )
    if wanted.secret and free.mark.key == key_of(wanted.secret):
        return Lent(name, name, spare_password(wanted.secret, free.name))
    return admit(session, wanted, name)


def look(session: Session, wanted: Wanted) -> Sight:
    """The catalog, read within a turn."""
    name = slot_name(wanted.prefix, wanted.number)
    marked, ours = list_marked(session), list_ours(session, wanted.pool_id, sized=False)
    return Sight(marked, ours, *session.rows(f"SELECT {WAY}, {CLOCK}", (name, name))[0])


def choose(sight: Sight, wanted: Wanted, own: int | None) -> Role | None:
    """The database made for this lease, else a spare that nobody is in."""
    for role in sight.marked:
        found = sight.database_of(role)
        if found is None or role.mark.pool != wanted.pool_id:
            continue
        if role.oid == own:
            return role
        is_fitting = role.mark.kind == "spare" and (role.mark.template or "") == wanted.template
        if own is None and is_fitting and is_free(found):
            return role
    return None


def free_name(session: Session, sight: Sight, wanted: Wanted) -> str:
    """The slot's name, with a twist when it is not ours to take."""
    name = slot_name(wanted.prefix, wanted.number)
    if not sight.is_database and not sight.is_role:
        return name
    holder = next((role for role in sight.marked if role.name == name and is_earlier(role, wanted)), None)
    found = sight.database_of(holder) if holder else None
    is_movable = not sight.is_database or (found is not None and is_free(found))
    if holder and is_movable and try_aside(session, sight, wanted.prefix, holder):
        return name
    return slot_name(wanted.prefix, wanted.number, secrets.token_hex(2))


def is_free(found: Found) -> bool:
    """Whether a database can get another name."""
    return not found.connections and not found.is_half_dropped


def is_leases(mark: Mark, wanted: Wanted) -> bool:
    """Whether a mark is the lease's own."""
    is_slots = mark.pool == wanted.pool_id and mark.kind == "slot" and mark.slot == wanted.number
    return is_slots and mark.is_of(wanted.fence, wanted.lease)


def is_earlier(role: Role, wanted: Wanted) -> bool:
    """Whether a role is that of an earlier lease of the slot: fences only rise, or of a forgotten one."""
    mark = role.mark
    is_before = mark.fence is not None and mark.fence <= wanted.fence
    is_slots = mark.pool == wanted.pool_id and mark.slot == wanted.number
    return is_slots and is_before and not mark.is_of(wanted.fence, wanted.lease)


def try_aside(session: Session, sight: Sight, prefix: str, role: Role) -> bool:
    """Whether what an earlier lease left gave way; all is as it was while somebody holds some of it."""
    try:
        with session.transaction():
            put_aside(session, sight, prefix, role)
    except (ServerBusy, CommandFailed):
        return False
    return True


def put_aside(session: Session, sight: Sight, prefix: str, role: Role) -> None:
    """Move what an earlier lease left out of the slot's names; it is dropped by its fence later.

    What its frameworks made goes along: the next holder's look for the same names.
    """
    aside, main = passing_name(prefix, "old", secrets.token_hex(4)), sight.database_of(role)
    session.do(
        "ALTER ROLE {old} NOLOGIN PASSWORD NULL; ALTER ROLE {old} RENAME TO {new}", old=role.name, new=aside
    )
    for found in sight.ours:
        if found.owner_oid == role.oid and is_free(found):
            new = aside if found == main else passing_name(prefix, "old", secrets.token_hex(4))
            session.do_by_number("ALTER DATABASE %I RENAME TO %I", found.oid, new)
    say(session, aside, role.mark._replace(kind="old"), has_database=main is not None)


def admit(session: Session, wanted: Wanted, name: str) -> Lent:
    """From here on a new password opens the lease's database."""
    password = new_password()
    session.do(
        f"ALTER ROLE {{role}} LOGIN CONNECTION LIMIT {wanted.connections:d} PASSWORD %s",
        (scram_verifier(password),),
        role=name,
    )
    return Lent(name, name, password)


def mark_of_lease(wanted: Wanted, now: int) -> Mark:
    return Mark(
        pool=wanted.pool_id,
        kind="slot",
        slot=wanted.number,
        slot_id=wanted.slot_id,
        fence=wanted.fence,
        template=wanted.template or None,
        made=now,
        lease=wanted.lease[:DIGITS] or None,
    )
