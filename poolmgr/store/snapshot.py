"""Everything a decision needs, read in one transaction."""

from __future__ import annotations

from poolmgr.core.lifecycle import State
from poolmgr.core.records import Snapshot
from poolmgr.store.protocol import Session
from poolmgr.store.tables.leases import live_leases
from poolmgr.store.tables.ops import open_ops
from poolmgr.store.tables.requests import queued_requests
from poolmgr.store.tables.slots import live_slots, unmade_slots


def read_snapshot(session: Session) -> Snapshot:
    """The pool as it is at this moment."""
    meta = read_meta(session)
    slots = live_slots(session)
    is_broken = any(slot.state is State.BROKEN for slot in slots)
    return Snapshot(
        pool_id=meta.get("pool_id", ""),
        size=int(meta.get("size", "0")),
        slots=slots,
        leases=live_leases(session),
        queue=queued_requests(session),
        ops=open_ops(session),
        unmade=unmade_slots(session) if is_broken else frozenset(),
    )


def read_meta(session: Session) -> dict[str, str]:
    """The facts about the pool as a whole."""
    return {str(row["key"]): str(row["value"]) for row in session.all("meta")}


def write_meta(session: Session, key: str, value: str) -> None:
    """One fact about the pool as a whole."""
    session.all("put_meta", key=key, value=value)


def raise_fence(session: Session) -> int:
    """A fence above every one before it."""
    row = session.one("raise_fence")
    if row is None:
        raise AssertionError("an upsert answers its row")
    return int(str(row["value"]))


def lift_fence(session: Session, found: int) -> None:
    """The next fence lies above one that was found in refs or directories."""
    session.all("lift_fence", fence=found)
