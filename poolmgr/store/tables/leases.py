"""Leases: who holds a slot. A lease ends once and is never changed afterwards."""

from __future__ import annotations

import json
from typing import NamedTuple

from poolmgr.core.errors import LostRace
from poolmgr.core.records import Lease, LeaseKind, Moment, News
from poolmgr.core.scope import Scope
from poolmgr.store.protocol import ConstraintBroken, Row, Session
from poolmgr.store.tables.rows import moment_values, parse_lease, parse_texts, scope_values, text_of


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
    scope: Scope | None = None
    shared: tuple[str, ...] = ()


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
            base_oid=new.base_oid, shared=json.dumps(new.shared), **scope_values(new.scope),
            **moment_values(now),
        )  # fmt: skip
    except ConstraintBroken as error:
        raise LostRace(f"another lease was first: {error}", hint="try again") from error


def end_lease(session: Session, lease_id: str, *, reason: str, now: Moment) -> None:
    """The lease is over; a second end finds nothing to do."""
    session.all("end_lease", id=lease_id, reason=text_of(reason), wall=now.wall)


def try_unbind_lease(session: Session, lease_id: str, *, now: Moment) -> Lease | None:
    """The lease, which ends with a release alone from here on; None when it is over."""
    row = session.one("unbind_lease", id=lease_id, **moment_values(now))
    return parse_lease(row) if row else None


def use_lease(session: Session, lease_id: str, *, now: Moment) -> None:
    """Somebody used the lease."""
    session.all("use_lease", id=lease_id, **moment_values(now))


def set_scope(session: Session, lease: Lease, *, changing: str) -> Lease:
    """The scope this lease says; its files and guards are still to be set by the process named."""
    values = scope_values(lease.scope)
    row = session.one("set_scope", id=lease.id, changing=changing, shared=json.dumps(lease.shared), **values)
    if row is None:
        raise LostRace("the lease ended meanwhile", hint="poolmgr status")
    return parse_lease(row)


def settle_scope(session: Session, lease: Lease) -> None:
    """Files and guards are as the scope says; somebody else may have finished it."""
    session.one("settle_scope", id=lease.id, changing=lease.changing)


def add_news(session: Session, lease_id: str, words: str, *, about: str = "") -> None:
    """Words for a holder, to be told at its next command unless the lease they are about is over."""
    from poolmgr.core.owning import current_news  # who has no company has no news

    lease = find_lease(session, lease_id)
    if lease:
        news = current_news((*lease.news, News(words, about)), live_leases(session))
        session.all("put_news", id=lease_id, news=json.dumps(news))


def drop_news(session: Session, lease_id: str) -> None:
    """The holder has been told."""
    session.all("put_news", id=lease_id, news="[]")


def note_database(session: Session, lease_id: str, name: str, server: str = "") -> None:
    """The lease's database and its server, before it is made; "" once it is gone."""
    session.one("put_database", id=lease_id, database=name, server=server)


def owed_databases(session: Session) -> tuple[Lease, ...]:
    """Leases whose databases nobody drops on their slot's road any more."""
    return tuple(parse_lease(row) for row in session.all("owed_databases"))


def databases_over(session: Session) -> tuple[Lease, ...]:
    """Leases that are over and whose databases are still there."""
    return tuple(parse_lease(row) for row in session.all("databases_over"))


def databases_of_slot(session: Session, slot_id: int) -> tuple[Lease, ...]:
    """Leases of a slot that are over and whose databases are still there."""
    return tuple(parse_lease(row) for row in session.all("databases_of_slot", slot_id=slot_id))


def note_outside(session: Session, lease_id: str, paths: tuple[str, ...]) -> None:
    """Paths beyond its scope that the lease was let go with."""
    session.all("put_outside", id=lease_id, outside=json.dumps(paths))


def outside_of_branches(session: Session) -> dict[str, tuple[str, ...]]:
    """Branch to the paths beyond a scope that its leases were let go with."""
    found: dict[str, tuple[str, ...]] = {}
    for row in session.all("outside_of_branches"):
        branch = str(row["branch"])
        paths = (*found.get(branch, ()), *parse_texts(str(row["outside"])))
        found[branch] = tuple(sorted(set(paths)))
    return found
