"""Databases that are lent and not there: the server's data was lost with the machine's power.

Their content is gone whatever is done; the slot gets one as it had at first, and the log says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from isolation.database.catalog import list_ours, list_roles
from isolation.database.comments import Mark
from poolmgr.core.errors import NoDatabase, NoSuchSlot, NotTheHolder, WrongState
from poolmgr.core.lifecycle import LENT
from poolmgr.core.records import Lease, Slot
from poolmgr.services.databases.facts import read_facts
from poolmgr.services.databases.reset import commit_of, renew, require_held
from poolmgr.services.databases.server import Server
from poolmgr.services.databases.templates import Plan, from_template
from poolmgr.services.ground.job import lock_file
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.store import gate
from poolmgr.store.tables.events import add_event


def list_lost(pool: Pool, server: Server) -> list[tuple[Slot, Lease]]:
    """Slots in a holder's hands of which the server knows nothing; another server may.

    Where the role is there, the holder itself dropped the database, and may be about to make it again.
    """
    there = list_known(pool, server)
    return [lent for lent in list_lent(pool, server) if not is_known(there, lent[1])]


def list_missing(pool: Pool, server: Server) -> list[tuple[Slot, Lease]]:
    """The same, and those whose database is gone while the role is there."""
    with server.session() as session:
        there = {found.name for found in list_ours(session, pool.facts.pool_id, sized=False)}
    return [lent for lent in list_lent(pool, server) if lent[1].database not in there]


def list_elsewhere(pool: Pool, server: Server) -> list[tuple[Slot, Lease]]:
    """Slots whose holders have a database on another server than this one, by whatever name it goes."""
    there, here = list_known(pool, server), list_lent(pool, server)
    return [lent for lent in list_holders(pool) if lent not in here and not is_known(there, lent[1])]


def list_known(pool: Pool, server: Server) -> list[Mark]:
    """The leases that the server knows."""
    with server.session() as session:
        return [role.mark for role in list_roles(session, pool.facts.pool_id)]


def is_known(marks: Iterable[Mark], lease: Lease) -> bool:
    """Whether a lease is among them."""
    return any(mark.is_of(lease.fence, lease.id) for mark in marks)


def list_lent(pool: Pool, server: Server) -> list[tuple[Slot, Lease]]:
    """Slots whose holders have a database on this server; asked after the server was looked at."""
    return [
        (slot, lease)
        for slot, lease in list_holders(pool)
        if (facts := read_facts(slot)) and server.is_of(facts)
    ]


def list_holders(pool: Pool) -> list[tuple[Slot, Lease]]:
    """Slots whose holders have a database, wherever it is."""
    snapshot = pool.snapshot()
    return [
        (slot, lease)
        for slot in snapshot.slots
        if slot.state in LENT and (lease := snapshot.lease_of(slot)) and lease.database
    ]


def make_anew(pool: Pool, slot: Slot, lease: Lease) -> None:
    """The slot's database again, and its variables; nothing was lost by who gave the slot back meanwhile."""
    facts = read_facts(slot)
    plan = Plan(commit_of(slot), where=facts.server if facts else "")

    def made(server: Server, template: str) -> None:
        # Nobody takes the slot back meanwhile, and nobody else makes it.
        with gate.held(lock_file(pool, slot.id)):
            held = require_held(pool, slot, lease.id)
            if not is_known(list_known(pool, server), held):
                note_lost(pool, slot, renew(pool, server, slot, held, template))

    with suppress(NoDatabase, NoSuchSlot, NotTheHolder, WrongState):
        from_template(pool, plan, made)


def note_lost(pool: Pool, slot: Slot, name: str) -> None:
    """The log says that the content is gone."""
    pool.tell(f"{name} of {slot.name} was lost with the server's data and is new")
    note = pool.note("database", f"{name} was lost with the server's data and is new")
    with pool.engine.write() as session:
        add_event(session, slot=slot, source=slot.state.value, note=note, seconds=None, now=read_moment())
