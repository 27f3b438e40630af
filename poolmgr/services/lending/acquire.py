"""Lending a slot: resolve the branch, take a place in the queue, wait for the turn, set it up."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import NamedTuple

from isolation.errors import IsolationError, NotFilled
from isolation.git.refs import resolve_commits
from poolmgr.core.errors import (
    BadName,
    BranchGone,
    BranchHeld,
    Busy,
    Cancelled,
    NoPorts,
    PoolError,
    ScopeTaken,
    TimedOut,
    UsageError,
)
from poolmgr.core.lifecycle import ASIDE, HELD, LENT, State
from poolmgr.core.placing import counted
from poolmgr.core.records import Lease, Request, RequestState, Slot, Snapshot
from poolmgr.core.refname import require_agent, require_branch, require_request
from poolmgr.core.scope import Scope, idle_words
from poolmgr.services.environment.files import list_words
from poolmgr.services.ground import wake
from poolmgr.services.ground.job import call_waiters, give_up, hands_on, is_environment
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.start_point import fetch_base, require_base
from poolmgr.services.lending import activity
from poolmgr.services.lending.cancel import expire_dead
from poolmgr.services.lending.claim import (
    Claim,
    Wish,
    find_absent,
    list_used,
    refuse_held,
    try_claim,
)
from poolmgr.services.lending.tracking import set_tracking
from poolmgr.services.life.assign import execute_assign, require_free, undo_assign
from poolmgr.services.life.databases import late_words, prepare_database
from poolmgr.services.scoping.ownership import list_overlaps, require_unowned
from poolmgr.store.tables.events import add_pool_event
from poolmgr.store.tables.leases import find_lease, live_leases
from poolmgr.store.tables.requests import (
    NewRequest,
    add_request,
    adopt_request,
    deliver_request,
    find_request,
    requeue_request,
    settle_request,
)
from resources.probes.processes import Life, judge

FINAL = (BadName, BranchHeld, NoPorts, NotFilled, ScopeTaken, UsageError)
TRIES = 12  # faulty free slots in a row before it is no accident


class Asked(NamedTuple):
    """What `acquire` was told."""

    agent: str
    branch: str | None = None
    base: str | None = None
    track: bool = False
    fetch: bool = False
    priority: int = 2
    timeout: float | None = None  # for the slot
    limit: float | None = None  # for everything, when somebody said one
    request_id: str | None = None
    holder: str | None = None
    scope: Scope | None = None
    overlap: bool = False
    database: bool = True


class Waiting(NamedTuple):
    """How long a request waits, and what is done meanwhile."""

    until: float | None
    timeout: float | None
    building: float | None  # until when a database's template may be built
    background: Callable[[Pool], None]

    @property
    def is_over(self) -> bool:
        """Whether patience has ended."""
        return self.until is not None and time.monotonic() >= self.until


class Lent(NamedTuple):
    """What `acquire` answers."""

    slot: Slot
    lease: Lease
    warnings: tuple[str, ...] = ()
    mode: str = "full"  # how it is checked out: full, cone, exact


def acquire(pool: Pool, asked: Asked, *, background: Callable[[Pool], None]) -> Lent:
    """A slot of one's own. Asking again with the same request id gives the same lease."""
    require_agent(asked.agent)
    if asked.request_id:
        require_request(asked.request_id)
        known = find_granted(pool, asked.request_id)
        if known:
            return known
    limit = deadline_of(asked.limit)
    if asked.fetch or pool.settings.pool.fetch:
        fetch_base(pool)
    wish, upstream = resolve_wish(pool, asked)
    passed = None if asked.track else upstream
    warnings = activity.list_warnings(pool, wish, passed) if wish.branch else ()
    if wish.database:
        prepare_database(pool, wish.commit, limit)
    request = enter_queue(pool, asked)
    until = deadline_of(asked.timeout) if limit is None else limit
    waiting = Waiting(until=until, timeout=asked.timeout, building=limit, background=background)
    try:
        slot, lease = obtain(pool, asked, request, wish, waiting)
    except BaseException as error:
        leave_queue(pool, request, error)
        background(pool)
        raise
    if upstream and asked.track and not wish.exists:
        set_tracking(pool, lease.branch, upstream)
    return Lent(
        slot=slot, lease=lease, mode=wish.view.mode.value,
        warnings=(
            *warnings, *activity.list_cold(pool, slot, wish), *idle_words(wish.scope),
            *list_words(slot, lease.id),
            *(late_words(pool) if wish.database and not lease.database else ()),
            *(str(each) for each in (list_overlaps(pool, lease) if wish.overlap else ())),
        ),
    )  # fmt: skip


def delivered(pool: Pool, lent: Lent) -> None:
    """The caller has the path in hand."""
    with pool.engine.write() as session:
        deliver_request(session, lent.lease.request_id)


def find_granted(pool: Pool, request_id: str) -> Lent | None:
    """What this request has been given and still holds."""
    with pool.engine.read() as session:
        request = find_request(session, request_id)
        lease = find_lease(session, request.lease_id) if request and request.lease_id else None
    if lease is None:
        return None
    snapshot = pool.snapshot()
    slot = next((slot for slot in snapshot.slots if slot.lease_id == lease.id), None)
    return Lent(slot=slot, lease=lease, mode=mode_of(slot)) if slot and slot.state in LENT else None


def mode_of(slot: Slot) -> str:
    """How a slot that is lent already is checked out."""
    if not slot.view:
        return "full"
    from isolation.git.worktrees import find_admin
    from poolmgr.services.scoping.viewing import read_view

    admin = find_admin(slot.path)
    return read_view(admin).mode.value if admin else "full"


def obtain(pool: Pool, asked: Asked, request: Request, wish: Wish, waiting: Waiting) -> tuple[Slot, Lease]:
    """A slot set up; one that turns out faulty is left to be mended, and the next one tried in time."""
    for left in reversed(range(TRIES)):
        try:
            claimed = wait_for_turn(pool, request, wish, waiting)
        except Cancelled:
            if not left or not is_expired(pool, request):
                raise
            request = enter_queue(pool, asked)  # of the same name: only named ones are asked for twice
            continue
        if not isinstance(claimed, Claim):
            slot = wait_for_other(pool, claimed, waiting)
            if slot:
                return slot, claimed
            continue
        try:
            return set_up(pool, claimed, waiting.building)
        except (IsolationError, PoolError) as error:
            if not left or is_final(error) or waiting.is_over:
                raise
            if isinstance(error, BranchGone):  # an earlier try made it, and its end was undone
                wish, _ = resolve_wish(pool, asked)
    raise Busy(f"the request {request.id} came to nothing {TRIES} times", hint="poolmgr doctor --fix")


def is_expired(pool: Pool, request: Request) -> bool:
    """Whether the place went with another asker of the same, who died: we do not."""
    with pool.engine.read() as session:
        current = find_request(session, request.id)
    return current is not None and current.state is RequestState.EXPIRED


def is_final(error: IsolationError | PoolError) -> bool:
    """Whether another slot would fare no better."""
    if isinstance(error, FINAL) or is_environment(error):
        return True
    return isinstance(error, IsolationError) and error.kind.startswith("database")


def wait_for_other(pool: Pool, lease: Lease, waiting: Waiting) -> Slot | None:
    """The slot that another process sets up under the same request; None when that fails.

    One that left it half done is not waited for: that is undone here.
    """
    while True:
        snapshot = pool.snapshot()
        slot = next((slot for slot in snapshot.slots if slot.lease_id == lease.id), None)
        if slot is None or slot.state is not State.ASSIGNING:
            return slot
        op = snapshot.op_of(slot)
        if waiting.is_over:
            raise TimedOut(f"{slot.name} was not set up in time", hint="poolmgr status")
        if op is None or op.owner is None or judge(op.owner) is Life.DEAD:
            waiting.background(pool)
        time.sleep(0.01)


def resolve_wish(pool: Pool, asked: Asked) -> tuple[Wish, str | None]:
    """The branch and the commit the slot will stand on, and the branch's name at the remote."""
    base = require_base(pool, asked.base)
    branch = asked.branch
    upstream, exists, commit = None, False, base.oid
    if branch:
        require_branch(branch)
        snapshot = pool.snapshot()
        refuse_held(snapshot, branch, request_id=asked.request_id)
        require_free(pool, branch, [slot.path for slot in snapshot.slots])
        local, remote = f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"
        found = resolve_commits(pool.git, [local, remote])
        upstream = f"origin/{branch}" if found[remote] else None
        exists = found[local] is not None
        commit = found[local] or (found[remote] if asked.track and found[remote] else None) or base.oid
        if asked.track and not upstream:
            raise PoolError(
                f"there is no branch {branch} at the remote to track",
                hint=f"poolmgr acquire --branch {branch} --fetch --track",
            )
    wish = Wish(
        agent=asked.agent, branch=branch, commit=commit, exists=exists, base=base, holder=asked.holder,
        database=asked.database, used=() if branch else list_used(pool, asked.agent),
    )  # fmt: skip
    return with_scope(pool, wish, asked), upstream


def with_scope(pool: Pool, wish: Wish, asked: Asked) -> Wish:
    """The wish with what the slot is to show; globs that somebody else owns are refused at once."""
    if asked.scope is None:
        return wish
    from poolmgr.services.scoping.viewing import plan_scope

    scoped = wish._replace(scope=asked.scope, overlap=asked.overlap)
    if not asked.overlap:
        require_unowned(pool, asked.scope.owns, request=asked.request_id or "")
    return scoped._replace(view=plan_scope(pool, wish.commit, asked.scope))


def enter_queue(pool: Pool, asked: Asked) -> Request:
    """A place in the queue; the same request asked again keeps its old one."""
    new = NewRequest(
        id=asked.request_id or os.urandom(8).hex(), agent=asked.agent, priority=asked.priority,
        branch=asked.branch, waiter=pool.me, named=asked.request_id is not None,
    )  # fmt: skip
    now = read_moment()
    with pool.engine.write() as session:
        known = find_request(session, new.id) if new.named else None
        if known is None:
            return add_request(session, new, now=now)
        if known.state is RequestState.QUEUED:
            return adopt_request(session, new.id, pool.me) or requeue_request(session, new, now=now)
        if any(lease.id == known.lease_id for lease in live_leases(session)):
            return known  # another asker of the same was given a slot this very moment
        return requeue_request(session, new, now=now)


def deadline_of(timeout: float | None) -> float | None:
    """When patience ends, on the monotonic clock."""
    return None if timeout is None else time.monotonic() + timeout


def wait_for_turn(pool: Pool, request: Request, wish: Wish, waiting: Waiting) -> Claim | Lease:
    """A slot of ours to set up; whoever waits also sees to it that slots are made and cleaned."""
    claim = try_claim(pool, request, wish, frozenset())
    if claim:
        return claim
    with wake.waiting(pool.site.state / "waiters", request.seq) as waiter:
        while True:
            snapshot = pool.snapshot()
            if expire_dead(pool, snapshot):
                snapshot = pool.snapshot()
            waiting.background(pool)
            absent = find_absent(snapshot, request, read_moment())
            claim = try_claim(pool, request, wish, absent)
            if claim:
                return claim
            left = wake.LOOK_AGAIN if waiting.until is None else waiting.until - time.monotonic()
            if left <= 0 or is_vain(snapshot):
                raise timed_out(pool, snapshot, request, waiting.timeout)
            waiter.wait(min(wake.LOOK_AGAIN, left))


def is_vain(snapshot: Snapshot) -> bool:
    """Whether no slot is there, none comes back, and those that should be made could not be."""
    is_empty = all(slot.state in ASIDE for slot in snapshot.slots)
    return is_empty and len(snapshot.unmade) >= max(snapshot.size, 1)


def timed_out(pool: Pool, snapshot: Snapshot, request: Request, timeout: float | None) -> TimedOut:
    """Nobody gave a slot back in time, or none can be made."""
    failed = next((slot for slot in snapshot.slots if slot.id in snapshot.unmade), None)
    if failed:
        return TimedOut(
            f"no slot can be had: {failed.name} could not be made: {failed.error}",
            hint=f"mend that, then poolmgr pool adopt {failed.name}",
            facts={"request_id": request.id, "unmade": len(snapshot.unmade)},
        )
    held = sum(slot.state in HELD for slot in snapshot.slots)
    size, most = len(counted(snapshot)), pool.settings.pool.max
    return TimedOut(
        f"no slot became free within {timeout or 0:g} s: {held} of {size} slots are held"
        + (f", and the pool may grow to {most}" if size < most else ""),
        hint="poolmgr acquire --wait, or see who holds them: poolmgr status",
        facts={"request_id": request.id},
    )


def set_up(pool: Pool, claim: Claim, building: float | None) -> tuple[Slot, Lease]:
    """The claimed slot on its branch; what fails is undone before the error is told."""
    with hands_on(pool, claim.slot, claim.op) as job:
        try:
            slot = execute_assign(pool, job, claim.lease, building)
        except (IsolationError, PoolError, OSError, KeyboardInterrupt) as error:
            try:
                undo_assign(pool, job, reason=str(error) or "interrupted")
            except (IsolationError, PoolError, OSError) as second:
                give_up(pool, job, second)  # whoever comes next undoes it
            raise
    with pool.engine.read() as session:
        return slot, find_lease(session, claim.lease.id) or claim.lease


def leave_queue(pool: Pool, request: Request, error: BaseException) -> None:
    """A request that gives up makes room at once."""
    state = RequestState.EXPIRED if isinstance(error, TimedOut) else RequestState.CANCELLED
    reason = str(error) or type(error).__name__
    with pool.engine.write() as session:
        current = find_request(session, request.id)
        is_ours = current is not None and current.waiter == pool.me
        if is_ours and settle_request(session, request.id, state, reason):
            add_pool_event(
                session, pool.note("queue", f"{request.id}: {reason}", state.value.lower()), now=read_moment()
            )
    call_waiters(pool)
