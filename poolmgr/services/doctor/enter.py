"""Worktrees that are there but that the store does not know enter it, each by what git says of it.

One with a lease in its mark is LEASED again, to the same holder. Every other one enters as
RELEASING with an intent nobody owns, so that the usual road looks at it, keeps its work and
recycles or parks it. Nothing on disk is changed here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from isolation.git.program import Git
from isolation.git.refs import find_commit
from poolmgr.core.lifecycle import State
from poolmgr.core.placing import slot_name
from poolmgr.core.records import Moment, OpKind, Slot
from poolmgr.services.doctor.registered import MarkedLease, Registered, read_line
from poolmgr.services.scoping.viewing import read_view
from poolmgr.store.protocol import Session
from poolmgr.store.snapshot import lift_fence, raise_fence
from poolmgr.store.tables.events import Note
from poolmgr.store.tables.leases import (
    NewLease,
    add_lease,
    end_lease,
    find_lease,
    live_leases,
    note_database,
)
from poolmgr.store.tables.ops import add_op
from poolmgr.store.tables.requests import (
    NewRequest,
    add_request,
    deliver_request,
    find_request,
    grant_request,
)
from poolmgr.store.tables.slots import NewSlot, add_slot, live_slots

HEADS = "ref: refs/heads/"
OVER = "over when the state was rebuilt"
FOUND = "found again by doctor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """Where worktrees enter, and what the log says of it."""

    session: Session
    parked: Path
    note: Note
    now: Moment


def prepare(common: Path, found: Iterable[Registered]) -> list[Registered]:
    """In the order of entering, each with the commit it stands on; git is asked before the transaction.

    Those on their lease's branch go first: of two that name a branch, the one that has it is right.
    Of one number the newest directory goes first: an older one never serves again.
    """
    ordered = sorted(found, key=lambda each: (not is_on_branch(each), each.number, -each.generation))
    return [each._replace(base_oid=each.base_oid or head_of(common, each)) for each in ordered]


def is_on_branch(found: Registered) -> bool:
    """Whether HEAD is on the branch of the lease."""
    if found.lease is None or found.admin is None:
        return False
    return read_line(found.admin / "HEAD") == HEADS + found.lease.branch


def enter(entrance: Entrance, found: Registered) -> Slot:
    """The slot of a worktree, as LEASED or RELEASING."""
    lift_fence(entrance.session, found.fence)
    placed = with_free_generation(entrance.session, found)
    if may_keep_lease(entrance, placed):
        return enter_leased(entrance, placed)
    return enter_releasing(entrance, placed)


def with_free_generation(session: Session, found: Registered) -> Registered:
    """A number and generation nobody else has."""
    taken = {slot.generation for slot in live_slots(session) if slot.number == found.number}
    generation = found.generation
    while generation in taken:
        generation += 1
    return found._replace(generation=generation)


def may_keep_lease(entrance: Entrance, found: Registered) -> bool:
    """Whether the lease of the mark still stands: not revoked, not over, its branch nobody else's."""
    lease = found.lease
    if lease is None or found.revoked or not found.fence or is_aside(entrance, found):
        return False
    known = entrance.session.one("lease_by_id", id=lease.id)
    if known is not None and known["reason"] != OVER:
        return False
    return lease.branch not in {slot.branch for slot in live_slots(entrance.session)}


def is_aside(entrance: Entrance, found: Registered) -> bool:
    """Whether the directory was parked."""
    return found.path.parent == entrance.parked


def new_slot(found: Registered, state: State, fence: int) -> NewSlot:
    """The row of a worktree that was found."""
    return NewSlot(
        number=found.number, generation=found.generation, name=slot_name(found.number, found.generation),
        path=found.path, state=state, fence=fence, base_ref=found.base_ref, base_oid=found.base_oid,
        view=read_view(found.admin).digest if found.admin else "",
    )  # fmt: skip


def head_of(common: Path, found: Registered) -> str:
    """The commit a worktree stands on, "" when nobody can tell."""
    text = read_line(found.admin / "HEAD") if found.admin else ""
    name = text.removeprefix("ref: ")
    return find_commit(Git(common), name) or "" if name and "\n" not in name else ""


def enter_leased(entrance: Entrance, found: Registered) -> Slot:
    """The slot LEASED again by the same lease, and its request answered."""
    lease = found.lease
    if lease is None:
        raise AssertionError("only a marked lease can go on")
    session, now = entrance.session, entrance.now
    session.all("forget_lease", id=lease.id, reason=OVER)
    row = new_slot(found, State.LEASED, found.fence)
    new = row._replace(lease_id=lease.id, branch=lease.branch)
    slot = add_slot(session, new, note=entrance.note, now=now)
    add_lease(session, new_lease(lease, slot.id, found.fence), now=now._replace(wall=lease.started))
    note_database(session, lease.id, lease.database, lease.server)
    answer_request(entrance, found)
    return slot


def answer_request(entrance: Entrance, found: Registered) -> None:
    """Asking again with the same request id gives the same lease, also after a rebuild."""
    lease = found.lease
    if lease is None or not lease.request_id or find_request(entrance.session, lease.request_id):
        return
    new = NewRequest(
        id=lease.request_id, agent=lease.agent, priority=2, branch=lease.branch, waiter="", named=True
    )
    add_request(entrance.session, new, now=entrance.now)
    grant_request(entrance.session, lease.request_id, lease.id)
    deliver_request(entrance.session, lease.request_id)


def enter_releasing(entrance: Entrance, found: Registered) -> Slot:
    """The slot on the road on which its work is kept; a directory out of use never serves again."""
    session, now = entrance.session, entrance.now
    newer = any(
        slot.number == found.number and slot.generation > found.generation for slot in live_slots(session)
    )
    slot = add_slot(
        session, new_slot(found, State.RELEASING, raise_fence(session)), note=entrance.note, now=now
    )
    forced = found.revoked or newer or is_aside(entrance, found)
    args: dict[str, object] = {"reason": FOUND, "path": os.fspath(found.path)}
    if forced:
        args |= {"forced": True, "tombstone": not is_aside(entrance, found)}
    args |= end_scoped(entrance, found, slot)
    add_op(session, slot, OpKind.RELEASE, owner=None, args=args, now=now)
    return slot


def end_scoped(entrance: Entrance, found: Registered, slot: Slot) -> dict[str, object]:
    """The lease of the mark as an ended one, so that its branch is compared with its scope.

    Not where somebody has the branch by now: what is on it is no longer this lease's doing alone.
    """
    lease, session = found.lease, entrance.session
    if lease is None or lease.scope is None:
        return {}
    if any(lease.id == lent.id or lease.branch == lent.branch for lent in live_leases(session)):
        return {}
    if find_lease(session, lease.id) is None:
        add_lease(
            session, new_lease(lease, slot.id, slot.fence), now=entrance.now._replace(wall=lease.started)
        )
        end_lease(session, lease.id, reason=FOUND, now=entrance.now)
    return {"lease": lease.id}


def new_lease(lease: MarkedLease, slot_id: int, fence: int) -> NewLease:
    """The row of a lease as its mark has it."""
    return NewLease(
        id=lease.id, slot_id=slot_id, fence=fence, agent=lease.agent, branch=lease.branch,
        holder=lease.holder, request_id=lease.request_id, base_ref=lease.base_ref, base_oid=lease.base_oid,
        scope=lease.scope, shared=lease.shared,
    )  # fmt: skip
