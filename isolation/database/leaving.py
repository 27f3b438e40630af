"""What keeps a role from going: its objects and rights in databases, and its prepared transactions.

In a database of the pool another slot's role inherits the objects. In anybody else's only rights
end; objects there stay, and with them the role.
"""

from __future__ import annotations

from isolation.database.catalog import Found, Role, list_ours
from isolation.database.copies import reassign
from isolation.database.errors import NoDatabase, NoRight, RoleInUse
from isolation.database.session import Session
from isolation.database.visiting import inside

TIES = """
SELECT d.datname, bool_or(s.deptype NOT IN ('a', 'i'))
FROM pg_catalog.pg_shdepend s LEFT JOIN pg_catalog.pg_database d ON d.oid = s.dbid
WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass AND s.refobjid = %s
  AND (s.dbid = 0 OR d.oid IS NOT NULL)
GROUP BY d.datname
"""


def leave_databases(session: Session, pool_id: str, role: Role) -> None:
    """Nothing in any database depends on the role any more; RoleInUse when something must."""
    ours = {found.name: found for found in list_ours(session, pool_id, sized=False)}
    ties = {name or session.dbname: owns and name is not None for name, owns in list_ties(session, role)}
    for name, owns in ties.items():
        if owns and name not in ours:
            raise RoleInUse(role.name, name, "owns something")
    for name in ties:
        try:
            leave(session, role, name, ours.get(name))
        except (NoDatabase, NoRight) as error:
            if name in dict(list_ties(session, role)):
                raise RoleInUse(role.name, name, "has rights") from error


def list_ties(session: Session, role: Role) -> list[tuple[str | None, bool]]:
    """The databases in which something depends on the role, and whether that is more than a right.

    None stands for what all databases share.
    """
    return [(name, owns) for name, owns in session.rows(TIES, (role.oid,))]


def leave(session: Session, role: Role, name: str, ours: Found | None) -> None:
    """End what depends on the role in one database; read again there, for a slot may be quick."""
    with inside(session, name) as visit, visit.transaction():
        if dict(list_ties(visit, role)).get(name):
            if ours is None:
                raise RoleInUse(role.name, name, "owns something")
            reassign(visit, role.name, ours.owner)
        visit.do("DROP OWNED BY {role}", role=role.name)


def roll_back_prepared(session: Session, role: str, only: str = "") -> None:
    """End the role's prepared transactions, everywhere or in one database.

    No session holds them, and they hold up every drop and rename.
    """
    query = "SELECT gid, database FROM pg_catalog.pg_prepared_xacts WHERE owner = %s"
    for gid, database in session.rows(query, (role,)):
        if only in ("", database):
            with inside(session, database) as visit:
                visit.do("SET ROLE {role}", role=role)
                visit.do("ROLLBACK PREPARED %s", (gid,))
