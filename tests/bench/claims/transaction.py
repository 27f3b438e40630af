"""One claim and its undoing, in the store's verbs: what `acquire` writes before it touches git."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from poolmgr.core.lifecycle import State
from poolmgr.core.records import Moment, Op, OpKind, Slot
from poolmgr.store.protocol import Session
from poolmgr.store.snapshot import raise_fence, read_snapshot
from poolmgr.store.tables.events import Note
from poolmgr.store.tables.leases import NewLease, add_lease, end_lease
from poolmgr.store.tables.ops import add_op, close_op
from poolmgr.store.tables.requests import NewRequest, add_request, grant_request
from poolmgr.store.tables.slots import NewSlot, add_slot, move_slot

NOTE = Note(action="bench", actor="bench")
BASE = {"base_ref": "refs/heads/main", "base_oid": "0" * 40}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A slot that is ours until it is given back."""

    slot: Slot
    op: Op


def read_clock() -> Moment:
    """Both clocks; the boot id is the same for everybody here."""
    return Moment(wall=time.time(), mono=time.monotonic(), boot="bench")


def add_slots(session: Session, directory: Path, count: int) -> None:
    """The pool, as READY slots."""
    now = read_clock()
    for number in range(1, count + 1):
        name = f"pool-wt-{number}"
        new = NewSlot(
            number=number, generation=1, name=name, path=directory / name, state=State.CREATING, fence=0
        )
        move_slot(session, add_slot(session, new, note=NOTE, now=now), State.READY, note=NOTE, now=now)


def claim_slot(session: Session, agent: str) -> Claim:
    """A READY slot becomes ours: request, fence, lease, intent and event in one transaction."""
    now = read_clock()
    request_id, lease_id = uuid4().hex, uuid4().hex
    branch = f"bench/{lease_id}"
    new = NewRequest(id=request_id, agent=agent, priority=2, branch=branch, waiter=agent, named=False)
    add_request(session, new, now=now)
    ready = next(slot for slot in read_snapshot(session).slots if slot.state is State.READY)
    fence = raise_fence(session)
    changes = {"fence": fence, "branch": branch, "lease_id": lease_id}
    slot = move_slot(session, ready, State.ASSIGNING, note=NOTE, now=now, **changes)
    lease = NewLease(
        id=lease_id,
        slot_id=slot.id,
        fence=fence,
        agent=agent,
        branch=branch,
        holder=None,
        request_id=request_id,
        **BASE,
    )
    add_lease(session, lease, now=now)
    grant_request(session, request_id, lease_id)
    return Claim(slot=slot, op=add_op(session, slot, OpKind.ASSIGN, owner=agent, args={}, now=now))


def undo_claim(session: Session, claim: Claim) -> None:
    """READY again, by the road of an assignment that came to nothing."""
    now = read_clock()
    close_op(session, claim.op, now=now)
    end_lease(session, claim.slot.lease_id or "", reason="bench", now=now)
    slot = move_slot(session, claim.slot, State.RECYCLING, note=NOTE, now=now, branch=None, lease_id=None)
    move_slot(session, slot, State.READY, note=NOTE, now=now)
