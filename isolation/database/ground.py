"""What a pool needs on a server before its first database: rights, and a prefix nobody else has.

The prefix is claimed by the name of the pool's owner role: role names are unique on a server, so
two pools of one name cannot both have it. The claim is found again by the role's mark.
"""

from __future__ import annotations

from isolation.database.catalog import Role, list_roles
from isolation.database.comments import Mark
from isolation.database.errors import AddressWrong, CommandFailed, NotOurs
from isolation.database.names import OWNER, owner_name, prefix_for
from isolation.database.rights import create_role, require_members, require_rights, say
from isolation.database.session import Session
from isolation.database.turns import turn

# Digits of the pool's id in the prefix: none, unless another pool or person has that name.
DIGITS = (0, 4, 8)
TAKEN = {"42710", "23505"}  # a duplicate; the same, noticed only when both were written
OPEN = """
SELECT d.datname FROM pg_catalog.pg_database d
WHERE d.datname IN (current_database(), 'postgres', 'template1')
  AND (d.datacl IS NULL OR EXISTS (SELECT FROM aclexplode(d.datacl) a WHERE a.grantee = 0))
"""


def find_ground(session: Session, pool_id: str, *, embedded: bool) -> str | None:
    """The pool's prefix on this server, None where it has nothing yet; raises where it could have nothing.

    What is not the pool's own stays as it is. An embedded server is: there PUBLIC leaves the databases
    that every server has.
    """
    require_rights(session)
    if embedded and session.rows(OPEN):
        with turn(session):
            for (name,) in session.rows(OPEN):
                session.do("REVOKE ALL ON DATABASE {name} FROM PUBLIC", name=name)
    return find_prefix(session, pool_id)


def find_prefix(session: Session, pool_id: str) -> str | None:
    """The prefix that this pool has here; we may act for everything that has it."""
    roles = list_roles(session, pool_id)
    owners = [role for role in roles if role.mark.kind == "owner"]
    if not owners:
        return None
    require_members(session, [role.oid for role in roles])
    require_meeting(session, owners[0])
    return owners[0].name.removesuffix(OWNER)


def require_meeting(session: Session, owner: Role) -> None:
    """All commands of a pool come by one database: locks of another are not seen there."""
    known = owner.mark.locks
    if known == session.dbname:
        return
    if known and session.rows("SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", (known,)):
        raise AddressWrong(
            f"names the database {session.dbname}, and this pool's commands come to the server at "
            f"{session.address.where} by the database {known}",
            hint=f"name the database {known} in database.dsn",
        )
    say(session, owner.name, owner.mark._replace(locks=session.dbname), has_database=False)


def claim_prefix(session: Session, pool_id: str, checkout_name: str) -> str:
    """The first prefix that is free, made the pool's."""
    for digits in DIGITS:
        prefix = prefix_for(checkout_name, pool_id, digits)
        try:
            with turn(session):
                found = find_prefix(session, pool_id)  # by another process of this pool, just now
                if found is not None:
                    return found
                mark = Mark(pool_id, "owner", locks=session.dbname)
                create_role(session, owner_name(prefix), mark, attributes="NOLOGIN")
        except CommandFailed as error:
            if error.sqlstate not in TAKEN:
                raise
        else:
            return prefix
    raise NotOurs(owner_name(prefix_for(checkout_name, pool_id, DIGITS[-1])), "its comment is another's")
