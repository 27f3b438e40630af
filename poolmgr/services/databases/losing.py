"""Databases that are lent and not there: the server's data was lost with the machine's power.

Their content is gone whatever is done; the slot gets one as it had at first, and the log says so.
"""

from __future__ import annotations

from isolation.database.catalog import list_ours
from poolmgr.core.lifecycle import LENT
from poolmgr.core.records import Lease, Slot
from poolmgr.services.databases.facts import read_facts
from poolmgr.services.databases.lending import lend_anew
from poolmgr.services.databases.server import Server
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.store.tables.events import add_event


def list_lost(pool: Pool, server: Server) -> list[tuple[Slot, Lease]]:
    """Slots in a holder's hands whose database the server does not have; another server may have it."""
    with server.session() as session:
        there = {found.mark.fence for found in list_ours(session, pool.facts.pool_id, sized=False)}
    snapshot = pool.snapshot()  # after the look: who was given back meanwhile has lost nothing
    return [
        (slot, lease)
        for slot in snapshot.slots
        if slot.state in LENT
        and (lease := snapshot.lease_of(slot))
        and lease.database
        and lease.fence not in there
        and (facts := read_facts(slot))
        and (facts.host, facts.port) == (server.host, server.port)
    ]


def make_anew(pool: Pool, server: Server, slot: Slot, lease: Lease) -> None:
    """The slot's database again, and its variables."""
    lend_anew(pool, server, slot, lease)
    pool.tell(f"{lease.database} of {slot.name} was lost with the server's data and is new")
    note = pool.note("database", f"{lease.database} was lost with the server's data and is new")
    with pool.engine.write() as session:
        add_event(session, slot=slot, source=slot.state.value, note=note, seconds=None, now=read_moment())
