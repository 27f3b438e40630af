"""Lending a slot: resolve the branch, take a place in the queue, wait for the turn, set it up."""

from __future__ import annotations

import os
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
from poolmgr.core.lifecycle import LENT
from poolmgr.core.records import Lease, Request, RequestState, Slot
from poolmgr.core.refname import require_agent, require_branch, require_request
from poolmgr.core.scope import Scope, idle_words
from poolmgr.services.environment.files import list_words
from poolmgr.services.ground.job import call_waiters, give_up, hands_on, is_environment
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.start_point import fetch_base, require_base
from poolmgr.services.lending import activity
from poolmgr.services.lending.claim import Claim, Wish, list_used, refuse_held
from poolmgr.services.lending.tracking import set_tracking
from poolmgr.services.lending.waiting import Waiting, deadline_of, wait_for_other, wait_for_turn
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
    if slot is None or slot.state not in LENT:
        return None
    from poolmgr.services.life.files import try_restore_files  # who asks once needs none of it

    try_restore_files(pool, slot, lease)
    return Lent(slot=slot, lease=lease, mode=mode_of(slot))


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
                again=("--fetch",),
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
    from isolation.git.remotes import list_remotes
    from poolmgr.services.scoping.viewing import plan_scope

    scoped = wish._replace(scope=asked.scope, overlap=asked.overlap)
    if not asked.overlap:
        require_unowned(pool, asked.scope.owns, request=asked.request_id or "")
    return scoped._replace(
        view=plan_scope(pool, wish.commit, asked.scope),
        remotes=list_remotes(pool.git, pool.site.common.parent),
    )


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
