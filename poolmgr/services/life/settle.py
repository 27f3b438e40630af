"""A slot that was given back or taken: prove its work kept, then let it go on.

This is the one road out of RELEASING, for release, reclaim, a dead holder, adopt and recovery.
The work is kept first, whoever is inside; recycling waits until nobody is.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from isolation.errors import IsolationError, WorktreeChanged
from isolation.rescue import Rescue
from poolmgr.core.lifecycle import State
from poolmgr.core.placing import counted
from poolmgr.core.records import Lease, OpKind, Slot
from poolmgr.services.ground.inside import look_inside, names
from poolmgr.services.ground.job import (
    Job,
    Turn,
    call_waiters,
    give_up,
    is_environment,
    remember,
    step,
    step_on,
)
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.taken import is_taken, taken_words
from poolmgr.services.life.databases import fence_databases
from poolmgr.services.life.keep import describe_rescue, keep_slot
from poolmgr.services.life.park import hold_on, let_go, park
from poolmgr.store.tables.events import add_event
from poolmgr.store.tables.leases import find_lease, note_outside
from poolmgr.store.tables.ops import leave_op, note_op
from poolmgr.store.tables.slots import note_slot
from resources.probes.inside import Inside

if TYPE_CHECKING:
    from poolmgr.services.scoping.outside import Outside

# What cleaning a slot has to know of the release before it.
HANDED_ON = ("lease", "compared", "spared", "tombstone")
DRAIN = 10.0
FEW = 5
# The lease is over by then, so the same command again would find nothing to do.
GOES_ON = "free space on a full disk, or mend what else it names; then poolmgr status goes on with it"


class Settled(NamedTuple):
    """What became of a slot that was given back."""

    slot: Slot
    rescue: Rescue | None = None
    inside: Inside | None = None
    parked: str = ""
    outside: tuple[Outside, ...] = ()  # what its branch changes beyond the scope, by now on record
    guards: tuple[str, ...] = ()  # what was found changed in the guards


def settle(pool: Pool, job: Job) -> Settled:
    """The slot RECYCLING, draining or PARKED; its work kept, and its branch compared, in every case."""
    fence_databases(pool, job)
    if is_taken(pool, job.slot.path) and not os.path.exists(job.args.get("parking", "")):
        return Settled(slot=leave_to_taker(pool, job))
    outside = record_outside(pool, job)
    return take_road(pool, job)._replace(outside=outside)


def leave_to_taker(pool: Pool, job: Job) -> Slot:
    """The slot BROKEN until its place is its own again; adopting it then goes on from here."""
    words = taken_words(job.slot.path)
    superseded = job.slot.superseded or bool(job.args.get("forced"))
    hold_on(pool, job, job.slot.path)
    return step(
        pool, job, State.BROKEN, action="release", reason=words, error=words, drains=False,
        superseded=superseded,
    )  # fmt: skip


def record_outside(pool: Pool, job: Job) -> tuple[Outside, ...]:
    """What goes beyond the scope is on record, by whatever road the lease ended.

    Compared again when there are other commits than last time. What cannot be compared is on
    record, too: nothing passes for being inside unseen.
    """
    with pool.engine.read() as session:
        lease = find_lease(session, str(job.args.get("lease", "")))
    if lease is None or lease.scope is None:
        return ()
    from poolmgr.services.scoping.outside import list_outside, list_recorded
    from poolmgr.services.scoping.tips import list_made, list_tips

    words: tuple[str, ...] = ()
    found: tuple[Outside, ...] = ()
    tips: list[str] = []
    try:
        made = list_made(pool, job.slot, lease)
        tips = sorted(tip.oid for tip in list_tips(pool, job.slot, lease, made))
        if tips == job.args.get("compared"):
            return ()
        found = list_outside(pool, job.slot, lease)
    except (IsolationError, OSError) as error:
        if is_environment(error):
            raise
        words = (f"(could not be compared: {error})",)
    paths = (*list_recorded(pool, lease, found), *words)
    put_on_record(pool, job, lease, paths, tips)
    return found


def put_on_record(pool: Pool, job: Job, lease: Lease, paths: tuple[str, ...], tips: list[str]) -> None:
    """What was found, beside what was found before; and which commits were compared."""
    new = tuple(path for path in paths if path not in lease.outside)
    with pool.engine.write() as session:
        if new:
            note_outside(session, lease.id, (*lease.outside, *new))
            note = pool.note("outside", f"{lease.branch}: {', '.join(new[:FEW])}", "let go")
            add_event(
                session,
                slot=job.slot,
                source=job.slot.state.value,
                note=note,
                seconds=None,
                now=read_moment(),
            )
        job.args["compared"] = tips
        job.op = note_op(session, job.op, job.args)


def take_road(pool: Pool, job: Job) -> Settled:
    """The slot further on."""
    if "parking" in job.args:
        why = str(job.args.get("why", ""))
        return Settled(slot=park(pool, job, why), parked=why)
    inside = look_inside(pool, job)
    if inside.processes and job.slot.drains:  # kept once already; what changes is kept when they leave
        return Settled(slot=drain(pool, job, inside), inside=inside)
    try:
        rescue = keep_slot(pool, job, reason=str(job.args.get("reason", "released")))
    except IsolationError as error:
        return unkept(pool, job, error, inside)
    if rescue:
        remember(pool, job, rescue=rescue.id, kept=describe_rescue(rescue))
    let_go(pool, job)
    inside = look_inside(pool, job)
    if inside.processes:
        return Settled(slot=drain(pool, job, inside), rescue=rescue, inside=inside)
    if job.args.get("proof") and not inside.complete:
        why = f"nobody knows who is inside: {inside.why}"
        return Settled(slot=park(pool, job, why), rescue=rescue, parked=why)
    return Settled(slot=recycle_on(pool, job), rescue=rescue)


def unkept(pool: Pool, job: Job, error: IsolationError, inside: Inside) -> Settled:
    """Work that could not be proven kept stays where it is.

    A full disk leaves it for the next attempt; somebody who is still writing gets the time to
    leave; everything else is parked.
    """
    if is_environment(error):
        give_up(pool, job, error)
        error.hint = GOES_ON
        raise error
    if isinstance(error, WorktreeChanged) and inside.processes:
        return Settled(slot=drain(pool, job, inside), inside=inside)
    return Settled(slot=park(pool, job, error.message), parked=error.message)


def drain(pool: Pool, job: Job, inside: Inside) -> Slot:
    """Somebody stays: the place under the maximum is free, and after a while the number goes on."""
    late = read_moment().since(job.op.started) > DRAIN
    goes_on = job.slot.superseded or late or bool(job.args.get("forced"))
    words = f"waits for {names(inside)} to leave"
    with pool.engine.write() as session:
        job.slot = note_slot(session, job.slot, drains=True, superseded=goes_on, error=words)
        leave_op(session, job.op, attempts=0)
    call_waiters(pool)
    return job.slot


def recycle_on(pool: Pool, job: Job) -> Slot:
    """To be cleaned; a directory that was forced away or drained too long never serves again."""
    facts = {key: job.args[key] for key in HANDED_ON if key in job.args}
    note = pool.note("release", str(job.args.get("kept", "")))
    turn = Turn(target=State.RECYCLING, kind=OpKind.RECYCLE, note=note, args=facts)
    superseded = job.slot.superseded or bool(job.args.get("forced")) or is_replaced(pool, job)
    return step_on(pool, job, turn, drains=False, error="", superseded=superseded)


def is_replaced(pool: Pool, job: Job) -> bool:
    """While the slot drained another was made for its place; with it the pool would be too large."""
    return job.slot.drains and len(counted(pool.snapshot())) >= pool.settings.pool.max
