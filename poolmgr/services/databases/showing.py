"""What `db status` says: the server, and what of this pool is on it."""

from __future__ import annotations

from typing import NamedTuple

from isolation.database.catalog import Found, list_ours
from isolation.database.session import Session
from poolmgr.core.records import Lease, Slot, Snapshot
from poolmgr.services.databases.losing import list_lost
from poolmgr.services.databases.server import open_server
from poolmgr.services.ground.pool import Pool

CONNECTIONS = """
SELECT current_setting('max_connections')::int,
  (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend')
"""
OPEN = """
SELECT has_database_privilege('public', oid, 'CONNECT')
FROM pg_catalog.pg_database WHERE datname = current_database()
"""


class Kept(NamedTuple):
    """A database of this pool, and who has it."""

    found: Found
    slot: str = ""
    agent: str = ""


class Shown(NamedTuple):
    """The server and the pool's databases on it."""

    mode: str
    where: str
    version: str
    prefix: str
    role: str
    most: int
    connected: int
    maintenance: str
    is_open: bool  # whether every role of the server may connect to the maintenance database
    databases: tuple[Kept, ...]
    lost: tuple[tuple[Slot, Lease], ...]  # lent, and not there


def show_server(pool: Pool) -> Shown:
    """The server as it is now."""
    with open_server(pool) as server, server.session() as session:
        most, connected = session.rows(CONNECTIONS)[0]
        return Shown(
            mode="embedded" if server.is_embedded else "server", where=server.where,
            version=version_of(session), prefix=server.prefix, role=session.role, most=most,
            connected=connected, maintenance=session.dbname, is_open=bool(session.rows(OPEN)[0][0]),
            databases=tuple(list_kept(pool, session)), lost=tuple(list_lost(pool, server)),
        )  # fmt: skip


def version_of(session: Session) -> str:
    """The server's version as people write it."""
    return f"{session.version // 10000}.{session.version % 10000}"


def list_kept(pool: Pool, session: Session) -> list[Kept]:
    """The pool's databases: slot by slot, then templates, then what is prepared or left."""
    snapshot = pool.snapshot()
    found = sorted(list_ours(session, pool.facts.pool_id), key=place_of)
    return [holder_of(snapshot, each) for each in found]


def place_of(found: Found) -> tuple[int, int, str]:
    """Where a database stands in the list."""
    rank = {"slot": 0, "framework": 0, "template": 1, "spare": 2}.get(found.kind, 3)
    return rank, found.mark.slot or 0, found.name


def holder_of(snapshot: Snapshot, found: Found) -> Kept:
    """Who has a database, by the lease's fence; nobody, when that lease is over."""
    lease = next((lease for lease in snapshot.leases if lease.fence == found.mark.fence), None)
    return Kept(found, snapshot.slot_of(lease).name, lease.agent) if lease else Kept(found)
