"""Claiming a free slot: one transaction that grants a request only in its turn."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from isolation.git.refs import list_refs
from isolation.scope.view import FULL, View
from poolmgr.core.errors import BranchHeld, Cancelled
from poolmgr.core.lifecycle import ASIDE, HELD, State
from poolmgr.core.owning import Meeting, is_within, taken
from poolmgr.core.queue import is_next
from poolmgr.core.records import Lease, Moment, Op, OpKind, Request, RequestState, Slot, Snapshot
from poolmgr.core.refname import safe_part
from poolmgr.core.scope import Scope
from poolmgr.services.ground.job import Turn, begin
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.start_point import Base
from poolmgr.services.ground.turns import in_turn
from poolmgr.services.ground.use import is_orphaned
from poolmgr.services.scoping.asides import aside_of
from poolmgr.services.scoping.ownership import judge_owned, tell_both
from poolmgr.services.scoping.viewing import view_json
from poolmgr.store.protocol import Session
from poolmgr.store.snapshot import raise_fence, read_snapshot
from poolmgr.store.tables.events import add_pool_event
from poolmgr.store.tables.leases import NewLease, add_lease, add_news, find_lease
from poolmgr.store.tables.requests import find_request, grant_request
from resources.probes.processes import Life, is_stopped, judge

UNRESPONSIVE = 3.0
HEADS = "refs/heads/"
GIVEN_BACK = frozenset({State.RELEASING, State.RECYCLING, State.CREATING, State.RETIRING})


class Wish(NamedTuple):
    """What a request wants its slot set to; no branch: one is named after the claim, none of the `used`."""

    agent: str
    branch: str | None
    commit: str
    exists: bool
    base: Base
    holder: str | None
    scope: Scope | None = None
    view: View = FULL
    overlap: bool = False
    database: bool = True
    used: Collection[str] = ()
    remotes: Mapping[str, str] = MappingProxyType({})


class Claim(NamedTuple):
    """A slot that is ours to set up."""

    slot: Slot
    lease: Lease
    op: Op


def try_claim(pool: Pool, request: Request, wish: Wish, absent: Collection[str]) -> Claim | Lease | None:
    """The claim; the lease, when the request already has one; None while it is not its turn."""
    owns = wish.scope.owns if wish.scope else ()
    while True:
        judged, meetings = judge_owned(pool, owns, request=request.id)
        if meetings and not wish.overlap:
            raise taken(meetings)
        with pool.engine.write() as session:
            current = require_waiting(session, request)
            if current.state is RequestState.GRANTED:
                return find_lease(session, current.lease_id or "")
            snapshot = read_snapshot(session)
            if owns and not is_within(snapshot.leases, judged):
                continue  # somebody was given a scope since: judge again
            refuse_held(snapshot, request.branch)
            now = read_moment()
            slot = choose_slot(pool, snapshot, current, wish, absent, now)
            if slot is None:
                return None
            claim = grant(session, pool, current, wish, slot, now)
            tell_overlap(session, pool, claim, meetings)
            return claim


def require_waiting(session: Session, request: Request) -> Request:
    """The request as it is now; Cancelled when it waits no more and got nothing."""
    current = find_request(session, request.id)
    if current is None or current.state in {RequestState.CANCELLED, RequestState.EXPIRED}:
        why = current.reason if current else "it is not known any more"
        raise Cancelled(f"the request {request.id} was cancelled: {why}", hint="poolmgr queue list")
    return current


def tell_overlap(session: Session, pool: Pool, claim: Claim, meetings: tuple[Meeting, ...]) -> None:
    """Both are told: the log at once, the others at their next command."""
    for lease, words in tell_both(claim.lease, claim.slot.name, meetings).items():
        add_news(session, lease, words, about=claim.lease.id)
    for each in meetings:
        add_pool_event(session, pool.note("overlap", f"{claim.lease.agent}: {each}"), now=read_moment())


def choose_slot(
    pool: Pool, snapshot: Snapshot, request: Request, wish: Wish, absent: Collection[str], now: Moment
) -> Slot | None:
    """The best free slot if it is this request's turn: one that stands where the branch begins."""
    free = [slot for slot in snapshot.slots if slot.state is State.READY]
    able = in_turn(pool, snapshot, now, absent)
    if not free or not is_next(request, able, free=len(free)):
        return None
    wanted = wish.view.digest
    return min(
        free,
        key=lambda slot: (
            slot.view != wanted,
            bool(slot.view) != bool(wanted),
            slot.base_oid != wish.commit,
            slot.warm != "ok",
            slot.number,
        ),
    )


def grant(session: Session, pool: Pool, request: Request, wish: Wish, slot: Slot, now: Moment) -> Claim:
    """The slot, its lease, the request's answer and the intent, together."""
    fence = raise_fence(session)
    lease_id = os.urandom(16).hex()
    branch = wish.branch or free_branch(pool.settings.pool.branch, wish, slot, fence)
    args: dict[str, object] = {
        "commit": wish.commit, "start": None if wish.exists else wish.commit, "branch": branch,
    }  # fmt: skip
    if slot.view != wish.view.digest:
        args |= {"view": view_json(wish.view), "aside": os.fspath(aside_of(slot, fence))}
    if wish.scope:
        args["remotes"] = dict(wish.remotes)
    if not wish.database:
        args["without_database"] = True
    turn = Turn(
        target=State.ASSIGNING, kind=OpKind.ASSIGN, note=pool.note("claim", f"for {wish.agent}"), args=args
    )
    moved, op = begin(pool, session, slot, turn, fence=fence, branch=branch, lease_id=lease_id)
    add_lease(
        session,
        NewLease(
            id=lease_id, slot_id=slot.id, fence=fence, agent=wish.agent, branch=branch, holder=wish.holder,
            request_id=request.id, base_ref=wish.base.ref, base_oid=wish.base.oid, scope=wish.scope,
            shared=pool.settings.scope.shared if wish.scope else (),
        ),
        now=now,
    )  # fmt: skip
    grant_request(session, request.id, lease_id)
    lease = find_lease(session, lease_id)
    if lease is None:
        raise AssertionError("a lease just added is there")
    return Claim(slot=moved, lease=lease, op=op)


def free_branch(template: str, wish: Wish, slot: Slot, fence: int) -> str:
    """A name that is free: an earlier pool, or a person, may have made the one that is due."""
    due = branch_from(template, wish.agent, slot, fence)
    names = itertools.chain((due,), (f"{due}-{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in wish.used)


def list_used(pool: Pool, agent: str) -> frozenset[str]:
    """The branches below the place where the template puts those of an agent."""
    fixed = pool.settings.pool.branch.replace("{agent}", safe_part(agent)).partition("{")[0]
    found = list_refs(pool.git, HEADS + fixed.rpartition("/")[0])
    return frozenset(ref.removeprefix(HEADS) for ref in found)


def branch_from(template: str, agent: str, slot: Slot, fence: int) -> str:
    """The branch of a request that names none."""
    facts = {"agent": safe_part(agent), "slot": slot.number, "fence": fence, "date": time.strftime("%Y%m%d")}
    return template.format(**facts)


def refuse_held(snapshot: Snapshot, branch: str | None, *, request_id: str | None = None) -> None:
    """A branch that somebody works on is refused; one that is just being given back is waited for.

    So is one whose holder is dead: it is about to be taken back. Held under the same request it is
    what the request asks for.
    """
    slot = next((slot for slot in snapshot.slots if branch and slot.branch == branch), None)
    if slot is None or (slot.state in GIVEN_BACK and not slot.drains):
        return
    lease = snapshot.lease_of(slot)
    if lease and (lease.request_id == request_id or is_orphaned(lease)):
        return
    holder = lease.agent if lease else "nobody"
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(lease.started if lease else slot.since.wall))
    state = "held" if slot.state in HELD else f"{slot.state.lower()}, not free"
    aside = slot.state in ASIDE and slot.state is not State.RETIRING
    raise BranchHeld(
        f"the branch {branch} is {state} by {holder} in {slot.name} since {since}",
        hint=f"poolmgr pool adopt {slot.name}" if aside else "",
        again=() if aside else ("--branch", f"{branch}-2"),
        facts={"branch": branch, "slot": slot.name, "agent": holder, "since": since},
    )


def find_absent(snapshot: Snapshot, request: Request, now: Moment) -> frozenset[str]:
    """Waiters that would not take a slot: dead, stopped, or silent while one lies ready."""
    ready = [now.since(slot.since) for slot in snapshot.slots if slot.state is State.READY]
    stuck = bool(ready) and max(ready) > UNRESPONSIVE
    others = [each for each in snapshot.queue if each.id != request.id]
    return frozenset(
        each.id
        for each in others
        if (stuck and now.since(each.queued) > UNRESPONSIVE)
        or judge(each.waiter) is Life.DEAD
        or is_stopped(each.waiter)
    )
