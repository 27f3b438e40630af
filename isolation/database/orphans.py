"""What is a pool's and belongs to nobody: of leases that are over and killed commands, half-dropped.

Which leases live is the caller's knowledge; when that cannot be known, nothing may be asked here.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from isolation.database.catalog import Found, Role, list_ours, list_roles
from isolation.database.dropping import PATIENCE, drop, drop_whole
from isolation.database.session import Session
from isolation.database.turns import let_go, making_key, try_hold

DROPPING = """
SELECT 1 FROM pg_catalog.pg_locks
WHERE locktype = 'object' AND classid = 'pg_catalog.pg_database'::regclass AND objid = %s
  AND mode = 'AccessExclusiveLock' AND granted
"""


class Orphan(NamedTuple):
    """A role that nobody needs with its databases, or single databases of a role that stays."""

    name: str
    why: str
    databases: tuple[Found, ...]
    role: Role | None


def list_orphans(session: Session, pool_id: str, live: Collection[int], grace: float) -> list[Orphan]:
    """What may go: nothing of a live lease (by its fence) that works, nothing younger than the grace."""
    # Roles first: what is made or lent in between has a role that is not looked at, or is another's.
    roles = list_roles(session, pool_id)
    ours, now = list_ours(session, pool_id), session.clock()
    orphans = []
    for role in roles:
        owned = tuple(found for found in ours if found.is_of(role))
        why = reason(role, live, owned)
        # A lease may be younger than what the caller knows of leases; nothing else needs a grace.
        is_old = role.mark.fence is None or now - (role.mark.made or 0) >= grace
        if why and is_old and is_left(session, role):
            orphans.append(Orphan(role.name, why, owned, role))
    taken = {found.oid for orphan in orphans for found in orphan.databases}
    for found in ours:
        if found.oid not in taken and found.is_half_dropped and is_given_up(session, found):
            orphans.append(Orphan(found.name, "its drop was interrupted", (found,), None))
        elif is_ownerless(found, live) and now - (found.mark.made or 0) >= grace:
            orphans.append(Orphan(found.name, "it has no role of the pool", (found,), None))
    return orphans


def reason(role: Role, live: Collection[int], owned: tuple[Found, ...]) -> str:
    """Why a role belongs to nobody; '' when it does."""
    whole = [found for found in owned if not found.is_going]
    match role.mark.kind:
        case "slot" | "old" if role.mark.fence not in live:
            return "its lease is over"
        case "making":
            return "the command that made it was killed"
        case "spare" | "template" if not whole:
            return "its drop was interrupted" if owned else "it has no database"
        case _:
            return ""


def is_ownerless(found: Found, live: Collection[int]) -> bool:
    """Whether no role of the pool has it, nor a live lease that it was taken from."""
    return not found.owner_oid and found.mark.fence not in live


def is_left(session: Session, role: Role) -> bool:
    """Whether no session is making it, or taking it away, at this moment."""
    key = making_key(role.oid)
    if not try_hold(session, key):
        return False
    let_go(session, key)
    return True


def is_given_up(session: Session, found: Found) -> bool:
    """Whether a half-dropped database is one still, and nobody is dropping it."""
    if session.rows(DROPPING, (found.oid,)):
        return False
    return bool(session.rows("SELECT 1 FROM pg_catalog.pg_database WHERE oid = %s", (found.oid,)))


def drop_orphan(session: Session, pool_id: str, orphan: Orphan, patience: int = PATIENCE) -> None:
    """Take it away, with every safeguard of a drop."""
    if orphan.role is not None:
        drop_whole(session, pool_id, orphan.role, patience)
        return
    for found in orphan.databases:
        drop(session, pool_id, found, patience)
