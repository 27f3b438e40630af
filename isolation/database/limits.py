"""How many connections slots may have: never more than the server has for them.

A role's limit is what the server enforces, so the limits of all marked roles that may log in are what
is summed: of every pool on the server, for all of them draw on the same connections.
"""

from __future__ import annotations

from isolation.database.catalog import Role
from isolation.database.errors import DatabaseFull
from isolation.database.session import Session

# What the commands of each pool use beside its slots.
OWN = 5
SHOWN = 3
# Clients of somebody else; a replica (no database) has a place of its own.
CAPACITY = """
SELECT current_setting('max_connections')::int,
  current_setting('superuser_reserved_connections')::int
    + coalesce(current_setting('reserved_connections', true), '0')::int,
  (SELECT count(*) FROM pg_catalog.pg_stat_activity s
   WHERE s.usesysid IS NOT NULL AND s.datid IS NOT NULL AND s.usesysid <> ALL(%s::oid[])
     AND NOT (s.application_name = 'poolmgr' AND s.usesysid::regrole::text = quote_ident(session_user)))
"""


def free_connections(session: Session, promised: list[Role], pools: int) -> int:
    """How many connections the slots of all pools together may have on this server."""
    most, reserved, others = session.rows(CAPACITY, ([role.oid for role in promised],))[0]
    return int(most - reserved - others - OWN * pools)


def require_room(session: Session, pool_id: str, marked: list[Role], connections: int) -> None:
    """Raise when the server has no room for one more role with so many connections."""
    # Who has no limit, by somebody's wish, counts with the connections that it has.
    promised = [role for role in marked if role.can_login and role.limit >= 0]
    free = free_connections(session, promised, len({pool_id, *(role.mark.pool for role in promised)}))
    used = sum(role.limit for role in promised)
    if used + connections > free:
        theirs = [role.name for role in promised if role.mark.pool != pool_id]
        raise DatabaseFull(
            f"the server at {session.address.where} has {max(free, 0)} connections for slots, "
            f"{used} of them promised to {len(promised)}{words_of(theirs)}, and one more needs {connections}",
            hint=("release a slot, " if connections <= free else "")
            + "lower database.connections, or raise the server's max_connections",
        )


def words_of(theirs: list[str]) -> str:
    """Which of those that have connections are other pools'."""
    if not theirs:
        return ""
    more = ", …" if len(theirs) > SHOWN else ""
    return f" ({len(theirs)} of other pools: {', '.join(sorted(theirs)[:SHOWN])}{more})"
