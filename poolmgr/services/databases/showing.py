"""What `db status` says: the server, and what of this pool is on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from isolation.database.catalog import Found, list_ours
from isolation.database.session import Session
from poolmgr.core.records import Lease, Slot, Snapshot
from poolmgr.services.databases.losing import list_elsewhere, list_missing
from poolmgr.services.databases.server import open_server
from poolmgr.services.ground.pool import Pool
from poolmgr.store.tables.leases import databases_over, owed_databases

CONNECTIONS = """
SELECT current_setting('max_connections')::int,
  (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usesysid IS NOT NULL)
"""
# New databases are copied from template1, which PostgreSQL refuses while somebody is in it.
OPEN = """
SELECT datname::text FROM pg_catalog.pg_database
WHERE datname IN (current_database(), 'template1') AND has_database_privilege('public', oid, 'CONNECT')
ORDER BY datname <> current_database()
"""


class Kept(NamedTuple):
    """A database of this pool, and who has it."""

    found: Found
    slot: str = ""
    agent: str = ""
    state: str = ""  # of a slot whose lease is over


class Shown(NamedTuple):
    """The server and the pool's databases on it."""

    mode: str
    where: str
    version: str
    prefix: str | None  # None before anything was made there
    role: str
    most: int
    connected: int
    maintenance: str
    anybodys: tuple[str, ...]  # those of the server's own databases that each of its roles may enter
    databases: tuple[Kept, ...]
    lost: tuple[tuple[Slot, Lease], ...]  # lent, and not there
    elsewhere: tuple[tuple[Slot, Lease], ...]  # lent on another server


def show_server(pool: Pool) -> Shown:
    """The server as it is now."""
    with open_server(pool) as server, server.session() as session:
        most, connected = session.rows(CONNECTIONS)[0]
        return Shown(
            mode="embedded" if server.is_embedded else "server", where=server.where,
            version=version_of(session), prefix=server.known, role=session.role, most=most,
            connected=connected, maintenance=session.dbname,
            anybodys=tuple(name for (name,) in session.rows(OPEN)),
            databases=tuple(list_kept(pool, session)), lost=tuple(list_missing(pool, server)),
            elsewhere=tuple(list_elsewhere(pool, server)),
        )  # fmt: skip


def version_of(session: Session) -> str:
    """The server's version as people write it."""
    return f"{session.version // 10000}.{session.version % 10000}"


def list_kept(pool: Pool, session: Session) -> list[Kept]:
    """The pool's databases: slot by slot, then templates, then what is prepared or left."""
    snapshot = pool.snapshot()
    with pool.engine.read() as stored:
        owed = owed_databases(stored)  # nobody's any more: the slot went on
        over = {lease.fence: lease.slot_id for lease in databases_over(stored) if lease not in owed}
    found = sorted(list_ours(session, pool.facts.pool_id), key=place_of)
    return [holder_of(snapshot, over, each) for each in found]


def place_of(found: Found) -> tuple[int, int, str]:
    """Where a database stands in the list."""
    rank = {"slot": 0, "framework": 0, "template": 1, "spare": 2}.get(found.kind, 3)
    return rank, found.mark.slot or 0, found.name


def holder_of(snapshot: Snapshot, over: Mapping[int, int], found: Found) -> Kept:
    """Who has a database, by the lease's fence: its holder, or a slot that was set aside with it."""
    lease = next((lease for lease in snapshot.leases if found.mark.is_of(lease.fence, lease.id)), None)
    if lease:
        return Kept(found, snapshot.slot_of(lease).name, lease.agent)
    aside = over.get(found.mark.fence or 0)
    slot = next((slot for slot in snapshot.slots if slot.id == aside), None)
    return Kept(found, slot.name, "", slot.state.lower()) if slot else Kept(found)
