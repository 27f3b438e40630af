"""What the server's catalog says is ours: marked roles, and the databases that belong to them.

A database is ours when its owner is a role this pool marked, or when it carries the pool's mark and
prefix and belongs to ourselves. Nothing else is, whatever its name and comment say.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from isolation.database.comments import BEGINNING, Mark, parse_mark
from isolation.database.errors import DatabaseError
from isolation.database.names import OWNER, is_put_aside
from isolation.database.session import Session

OURS = f"{BEGINNING}%"
HALF_DROPPED = -2
# A database was dropped while its size, or who may enter it, was looked up; the second from 16 on.
DROPPED = {"3D000", "42704"}
TRIES = 100
FoundKind = Literal["owner", "template", "making", "spare", "slot", "old", "framework"]

ROLES = """
SELECT r.oid, r.rolname, c.description, r.rolcanlogin, r.rolconnlimit
FROM pg_catalog.pg_roles r
JOIN pg_catalog.pg_shdescription c ON c.objoid = r.oid AND c.classoid = 'pg_catalog.pg_authid'::regclass
WHERE c.description LIKE %s ORDER BY r.oid
"""
DATABASES = """
SELECT d.oid, d.datname, o.oid, o.rolname, oc.description, dc.description, d.datconnlimit,
  coalesce(s.connections, 0),
  CASE WHEN %s AND d.datconnlimit <> -2
    AND (pg_has_role('pg_read_all_stats', 'USAGE') OR has_database_privilege(d.oid, 'CONNECT'))
    THEN pg_catalog.pg_database_size(d.oid) END
FROM pg_catalog.pg_database d
JOIN pg_catalog.pg_roles o ON o.oid = d.datdba
LEFT JOIN pg_catalog.pg_shdescription oc
  ON oc.objoid = o.oid AND oc.classoid = 'pg_catalog.pg_authid'::regclass
LEFT JOIN pg_catalog.pg_shdescription dc
  ON dc.objoid = d.oid AND dc.classoid = 'pg_catalog.pg_database'::regclass
LEFT JOIN (
  SELECT datid, count(*) AS connections FROM pg_catalog.pg_stat_activity WHERE usesysid IS NOT NULL
  GROUP BY datid
) s ON s.datid = d.oid
WHERE oc.description LIKE %s OR dc.description LIKE %s ORDER BY d.oid
"""


class Role(NamedTuple):
    """A role that some pool marked."""

    oid: int
    name: str
    mark: Mark
    can_login: bool
    limit: int


class Row(NamedTuple):
    """What the catalog says of a database that may be ours."""

    oid: int
    name: str
    owner_oid: int
    owner: str
    owner_text: str | None
    own_text: str | None
    limit: int
    connections: int
    size: int | None


class Found(NamedTuple):
    """A database of this pool; `kind` framework is one that a slot's role made for itself."""

    oid: int
    name: str
    kind: FoundKind
    mark: Mark
    owner: str
    size: int | None
    connections: int
    limit: int
    owner_oid: int = 0  # of the role of ours that owns it

    def is_of(self, role: Role) -> bool:
        """Whether it goes with a role: by ownership, or as the template that was built with it."""
        if role.mark.kind != "template" or self.owner_oid == role.oid:
            return self.owner_oid == role.oid
        is_going = self.kind == "template" and self.is_going and self.mark.template == role.mark.template
        return is_going or self.name == role.name

    @property
    def made(self) -> int | None:
        """When it was made; of what a slot made for itself nobody knows."""
        return None if self.kind == "framework" else self.mark.made

    @property
    def is_half_dropped(self) -> bool:
        """Whether a drop was interrupted: only another drop works on it."""
        return self.limit == HALF_DROPPED

    @property
    def is_going(self) -> bool:
        """Whether its drop has begun, so that nothing is made of it any more."""
        return self.is_half_dropped or is_put_aside(self.name)


def list_marked(session: Session) -> list[Role]:
    """The marked roles of every pool on the server."""
    answered = session.rows(ROLES, (OURS,))
    marked = [(oid, name, parse_mark(text), login, limit) for oid, name, text, login, limit in answered]
    return [Role(oid, name, mark, login, limit) for oid, name, mark, login, limit in marked if mark]


def list_roles(session: Session, pool_id: str) -> list[Role]:
    """The roles of this pool."""
    return [role for role in list_marked(session) if role.mark.pool == pool_id]


def list_leases(session: Session, pool_id: str, fence: int, lease: str = "") -> list[Role]:
    """The roles of one lease: one, or none any more; without its id, of every lease with that fence."""
    return [role for role in list_roles(session, pool_id) if role.mark.is_of(fence, lease)]


def list_ours(session: Session, pool_id: str, *, sized: bool = True) -> list[Found]:
    """The databases of this pool; sizes cost a look at every file."""
    rows = list_rows(session, TRIES, sized=sized)
    # A dump restored with its comment is somebody's; under our prefix nobody restores one.
    is_loose = any(parse_mark(row.owner_text) is None for row in rows)
    prefix = f"{prefix_of(session, pool_id)}_" if is_loose else ""
    found = [(row, mark_of(session, pool_id, prefix, row)) for row in rows]
    return [found_of(row, mark) for row, mark in found if mark]


def list_rows(session: Session, tries: int, *, sized: bool) -> list[Row]:
    """The databases with a mark of any pool, or whose owner has one."""
    try:
        return [Row(*row) for row in session.rows(DATABASES, (sized, OURS, OURS))]
    except DatabaseError as error:
        if error.sqlstate not in DROPPED or not tries:
            raise
    return list_rows(session, tries - 1, sized=sized)


def prefix_of(session: Session, pool_id: str) -> str:
    """What the pool's names begin with on this server."""
    owners = [role.name for role in list_roles(session, pool_id) if role.mark.kind == "owner"]
    return owners[0].removesuffix(OWNER) if owners else "poolmgr"


def mark_of(session: Session, pool_id: str, prefix: str, row: Row) -> Mark | None:
    """What a database is for: its owner's mark; its own if the pool's owner or we ourselves own it."""
    owners, own = parse_mark(row.owner_text), parse_mark(row.own_text)
    if own is not None and own.pool != pool_id:
        own = None
    if owners is not None:
        if owners.pool != pool_id:
            return None
        return own if own is not None and owners.kind == "owner" else owners
    return own if row.owner == session.role and row.name.startswith(prefix) else None


def found_of(row: Row, mark: Mark) -> Found:
    """A database of ours; its kind is its mark's, but for what a slot's role made for itself."""
    is_framework = mark.kind in ("slot", "old") and row.name != row.owner
    return Found(
        oid=row.oid, name=row.name, kind="framework" if is_framework else mark.kind, mark=mark,
        owner=row.owner, size=row.size, connections=row.connections, limit=row.limit,
        owner_oid=row.owner_oid if parse_mark(row.owner_text) else 0,
    )  # fmt: skip
