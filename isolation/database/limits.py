"""How many connections slots may have: never more than the server has for them.

A role's limit is what the server enforces, so the limits of all roles that may log in, of every
pool on the server, are what is summed.
"""

from __future__ import annotations

from isolation.database.catalog import Role
from isolation.database.errors import DatabaseFull
from isolation.database.session import Session

# What poolmgr's own commands use beside the slots.
OWN = 5
CAPACITY = """
SELECT current_setting('max_connections')::int,
  current_setting('superuser_reserved_connections')::int
    + coalesce(current_setting('reserved_connections', true), '0')::int,
  (SELECT count(*) FROM pg_catalog.pg_stat_activity s
   WHERE s.usesysid IS NOT NULL AND s.usesysid <> ALL(%s::oid[])
     AND NOT (s.application_name = 'poolmgr' AND s.usesysid::regrole::text = quote_ident(session_user)))
"""


def free_connections(session: Session, lent: list[Role]) -> int:
    """How many connections all slots together may have on this server."""
    most, reserved, others = session.rows(CAPACITY, ([role.oid for role in lent],))[0]
    return int(most - reserved - others - OWN)


def require_room(session: Session, marked: list[Role], connections: int) -> None:
    """Raise when the server has no room for one more role with so many connections."""
    lent = [role for role in marked if role.can_login]
    used, free = sum(role.limit for role in lent), free_connections(session, lent)
    if used + connections > free:
        raise DatabaseFull(
            f"the server at {session.address.where} has {max(free, 0)} connections for slots, "
            f"{used} of them lent to {len(lent)}, and one more needs {connections}",
            hint="release a slot, lower database.connections, or raise the server's max_connections",
        )
