"""A server of our own that had to change its port: those who have a database there are told.

What the slot's facts say comes last, so that who could not be told now is told by the next command.
"""

from __future__ import annotations

from isolation.database.embedded.server import Running
from isolation.errors import IsolationError
from poolmgr.core.errors import PoolError
from poolmgr.core.lifecycle import LENT
from poolmgr.core.records import Lease, Slot, Snapshot
from poolmgr.services.databases.choice import EMBEDDED
from poolmgr.services.databases.facts import read_facts, write_facts
from poolmgr.services.environment.files import write_environment
from poolmgr.services.ground.job import lock_file
from poolmgr.services.ground.pool import Pool
from poolmgr.store import gate


def follow_port(pool: Pool, running: Running) -> None:
    """Slots that were lent under another port are told the new one; one that cannot be stops no other."""
    snapshot = pool.snapshot()
    for slot in snapshot.slots:
        lease = find_misled(snapshot, slot, running)
        if lease is None:
            continue
        try:
            with gate.held(lock_file(pool, slot.id), patience=0):
                if find_misled(pool.snapshot(), slot, running) == lease:
                    tell_port(pool, slot, lease, running)
        except (IsolationError, PoolError, OSError) as error:
            pool.tell(f"{slot.name} does not know the port {running.tcp_port} of its database yet: {error}")


def find_misled(snapshot: Snapshot, slot: Slot, running: Running) -> Lease | None:
    """The lease whose variables name another port; None when there is none."""
    now = next((each for each in snapshot.slots if each.id == slot.id), None)
    facts = read_facts(slot) if now and now.state in LENT else None
    if facts is None or facts.server != EMBEDDED:
        return None
    is_same = (facts.host, facts.port) == (running.tcp_host, running.tcp_port)
    return None if is_same else snapshot.lease_of(slot)


def tell_port(pool: Pool, slot: Slot, lease: Lease, running: Running) -> None:
    """The slot's variables, then its facts."""
    facts = read_facts(slot)
    if facts:
        moved = facts._replace(host=running.tcp_host, port=running.tcp_port)
        write_environment(pool, slot, lease, moved)
        write_facts(slot, moved)
