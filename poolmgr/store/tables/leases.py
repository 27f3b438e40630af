"""Leases: who holds a slot. A lease ends once and is never changed afterwards."""

from __future__ import annotations

from typing import NamedTuple

from poolmgr.core.errors import LostRace
from poolmgr.core.records import Lease, LeaseKind, Moment
from poolmgr.store.protocol import ConstraintBroken, Row, Session
from poolmgr.store.tables.rows import moment_values, parse_lease


class NewLease(NamedTuple):
    """What a lease begins with."""

    id: str
    slot_id: int
    fence: int
    agent: str
    branch: str
    holder: str | None
    request_id: str
    base_ref: str
    base_oid: str


def live_leases(session: Session) -> tuple[Lease, ...]:
    """Every lease that has not ended."""
    return tuple(parse_lease(row) for row in session.all("live_leases"))


def find_lease(session: Session, lease_id: str) -> Lease | None:
    """One lease, also an ended one."""
    row = session.one("lease_by_id", id=lease_id)
    return parse_lease(row) if row else None


def last_lease_of(session: Session, branch: str) -> Row | None:
    """Who had a branch last, with `slot_name` and `ended_wall`."""
    return session.one("last_lease_of_branch", branch=branch)


def pool_branches(session: Session) -> list[Row]:
    """Every branch the pool has lent."""
    return session.all("pool_branches")


def add_lease(session: Session, new: NewLease, *, now: Moment) -> None:
    """A slot is lent."""
    kind = LeaseKind.BOUND if new.holder else LeaseKind.STANDING
    try:
        session.all(
            "add_lease", id=new.id, slot_id=new.slot_id, fence=new.fence, agent=new.agent, branch=new.branch,
            kind=kind.value, holder=new.holder, request_id=new.request_id, base_ref=new.base_ref,
            base_oid=new.base_oid, **moment_values(now),
        )  # fmt: skip
    except ConstraintBroken as error:
        raise LostRace(f"another lease was first: {error}", hint="try again") from error


def end_lease(session: Session, lease_id: str, *, reason: str, now: Moment) -> None:
    """The lease is over; a second end finds nothing to do."""
    session.all("end_lease", id=lease_id, reason=reason, wall=now.wall)


def use_lease(session: Session, lease_id: str, *, now: Moment) -> None:
    """Somebody used the lease."""
    session.all("use_lease", id=lease_id, **moment_values(now))
