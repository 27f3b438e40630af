"""Changing what the pool is made of, because a person said so."""

from __future__ import annotations

import json

from poolmgr.core.errors import PoolError, WrongState
from poolmgr.core.lifecycle import State
from poolmgr.core.placing import counted
from poolmgr.core.records import OpKind, Slot
from poolmgr.services.ground.job import Turn, begin, hands_on
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.start_point import fetch_base, require_base
from poolmgr.services.ground.taken import require_own
from poolmgr.services.life.settle import Settled, settle
from poolmgr.services.upkeep.background import ensure_worker
from poolmgr.services.upkeep.chores import start_recycle, start_retire
from poolmgr.services.upkeep.worker import work_until_idle
from poolmgr.store.protocol import Session
from poolmgr.store.snapshot import raise_fence, write_meta
from poolmgr.store.tables.ops import find_op


def resize(pool: Pool, size: int) -> int:
    """The pool with so many slots; a smaller one gives up free slots only."""
    limits = pool.settings.pool
    if not limits.min <= size <= limits.max:
        raise PoolError(
            f"{size} is not between the minimum {limits.min} and the maximum {limits.max} of this pool",
            hint=f"poolmgr init --size {size} changes the limits of this clone",
        )
    present = counted(pool.snapshot())
    free = [slot for slot in reversed(present) if slot.state is State.READY]
    over = len(present) - size
    with pool.engine.write() as session:
        write_meta(session, "size", str(size))
    for slot in free[: max(0, over)]:
        start_retire(pool, slot, "scaled down", lower=False)
    ensure_worker(pool)
    work_until_idle(pool)
    return len(counted(pool.snapshot()))


def refresh(pool: Pool, *, fetch: bool) -> tuple[str, ...]:
    """Free slots moved to where the base is by now."""
    if fetch:
        fetch_base(pool)
    base = require_base(pool, None)
    behind = [
        slot for slot in pool.snapshot().slots if slot.state is State.READY and slot.base_oid != base.oid
    ]
    for slot in behind:
        start_recycle(pool, slot, "refreshed")
    if pool.settings.database.mode != "off":
        from poolmgr.services.databases.asking import ask_house

        ask_house(pool)  # another base may need another template
    work_until_idle(pool)
    return tuple(slot.name for slot in behind)


def adopt(pool: Pool, slot: Slot) -> Settled:
    """A parked or broken slot gone over again: its work kept, the slot back in the pool."""
    require_aside(slot)
    require_own(pool, slot)
    with pool.engine.write() as session:
        forced = slot.state is State.PARKED
        args = {"reason": "adopted", "forced": forced, "pinned": True, **last_lease(session, slot)}
        turn = Turn(target=State.RELEASING, kind=OpKind.RELEASE, note=pool.note("adopt"), args=args)
        moved, op = begin(pool, session, slot, turn, fence=raise_fence(session), error="")
    with hands_on(pool, moved, op) as job:
        return settle(pool, job)


def last_lease(session: Session, slot: Slot) -> dict[str, object]:
    """Whose work is in a slot that is out of use, and which commits of it were compared with its scope."""
    ended, cleaned = (find_op(session, slot.fence, kind) for kind in (OpKind.RELEASE, OpKind.RECYCLE))
    if ended is None or (cleaned and "wiped" in json.loads(cleaned.args)):
        return {}
    known = json.loads((cleaned or ended).args)
    return {key: known[key] for key in ("lease", "compared") if key in known}


def retire(pool: Pool, slot: Slot) -> None:
    """A free, parked or broken slot gone; its work is kept first."""
    if slot.state is not State.READY:
        require_aside(slot)
    require_own(pool, slot)
    start_retire(pool, slot, "retired", lower=slot.state is State.READY)
    work_until_idle(pool)


def require_aside(slot: Slot) -> None:
    """Refuse what is in use."""
    if slot.state not in {State.PARKED, State.BROKEN}:
        raise WrongState(f"{slot.name} is {slot.state}, neither parked nor broken", hint="poolmgr status")
