"""Rows to begin with: slots, leases and requests that differ only where a test says so."""

from __future__ import annotations

from pathlib import Path

from poolmgr.core.lifecycle import HELD, State
from poolmgr.core.records import Lease, Moment, Request, Slot
from poolmgr.store.protocol import Engine, Session
from poolmgr.store.snapshot import raise_fence
from poolmgr.store.tables.events import Note
from poolmgr.store.tables.leases import NewLease, add_lease, find_lease
from poolmgr.store.tables.requests import NewRequest, add_request
from poolmgr.store.tables.slots import NewSlot, add_slot, move_slot

NOTE = Note(action="test", actor="tester", reason="because")
# The shortest way from the entrance to every state.
WAYS: dict[State, tuple[State, ...]] = {
    State.CREATING: (),
    State.READY: (State.READY,),
    State.ASSIGNING: (State.READY, State.ASSIGNING),
    State.LEASED: (State.READY, State.ASSIGNING, State.LEASED),
    State.SUSPECT: (State.READY, State.ASSIGNING, State.LEASED, State.SUSPECT),
    State.RELEASING: (State.READY, State.ASSIGNING, State.LEASED, State.RELEASING),
    State.RECYCLING: (State.READY, State.RECYCLING),
    State.PARKED: (State.READY, State.ASSIGNING, State.LEASED, State.RELEASING, State.PARKED),
    State.BROKEN: (State.BROKEN,),
    State.RETIRING: (State.READY, State.RETIRING),
    State.RETIRED: (State.READY, State.RETIRING, State.RETIRED),
}


def moment(seconds: float = 100.0) -> Moment:
    return Moment(wall=1_000_000.0 + seconds, mono=seconds, boot="boot")


def new_slot(number: int = 1, *, generation: int = 1, path: str = "", branch: str | None = None) -> NewSlot:
    name = f"pool-wt-{number}" + (f".g{generation}" if generation > 1 else "")
    return NewSlot(
        number=number, generation=generation, name=name, path=Path(path or f"/slots/{name}"),
        state=State.CREATING, fence=0, branch=branch,
    )  # fmt: skip


def move(session: Session, slot: Slot, target: State, **changes: object) -> Slot:
    """A move with what the schema asks of its target: a lease id where the slot is lent."""
    lease_id = slot.lease_id or f"lease-{slot.number}" if target in HELD else None
    return move_slot(session, slot, target, note=NOTE, now=moment(), **{"lease_id": lease_id, **changes})


def slot_in(engine: Engine, state: State, number: int = 1) -> Slot:
    """A slot that went the shortest way."""
    with engine.write() as session:
        slot = add_slot(session, new_slot(number), note=NOTE, now=moment())
        for step in WAYS[state]:
            slot = move(session, slot, step)
    return slot


def lend(session: Session, slot: Slot, *, lease_id: str = "l1", branch: str = "b1", **more: object) -> Lease:
    """A lease on a slot, whatever state the slot is in."""
    values: dict[str, object] = {
        "agent": "alice", "holder": None, "request_id": "r1", "base_ref": "main", "base_oid": "0" * 40,
        **more,
    }  # fmt: skip
    fence = raise_fence(session)
    values |= {"id": lease_id, "slot_id": slot.id, "fence": fence, "branch": branch}
    new = NewLease(**values)  # type: ignore[arg-type]
    add_lease(session, new, now=moment())
    lease = find_lease(session, lease_id)
    assert lease
    return lease


def ask(session: Session, request_id: str = "r1", *, agent: str = "alice", priority: int = 2) -> Request:
    """A request in the queue."""
    new = NewRequest(
        id=request_id, agent=agent, priority=priority, branch=None, waiter="somebody", named=True
    )
    return add_request(session, new, now=moment())
