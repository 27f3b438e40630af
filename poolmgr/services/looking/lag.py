"""How far the base of a slot lags behind what the repository knows by now."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from isolation.errors import IsolationError
from isolation.git.refs import ahead_behind
from poolmgr.core.errors import PoolError
from poolmgr.core.records import Lease, Slot
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.start_point import read_fetched, require_base


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """The base, the commits it misses, and when the remote was asked last."""

    text: str
    behind: int | None
    fetched: float | None


def read_lag(pool: Pool, slot: Slot, lease: Lease | None) -> Lag:
    """The base a slot started from, against the base of today."""
    ref, oid = (lease.base_ref, lease.base_oid) if lease else (slot.base_ref, slot.base_oid)
    behind, today = count_behind(pool, oid)
    fetched = read_fetched(pool.site.common)
    words = f"{ref} {oid[:10]}"
    if behind:
        words += f", {behind} commits behind {today}"
    if fetched:
        words += f", fetched {(time.time() - fetched) / 60:.0f} min ago"
    return Lag(text=words, behind=behind, fetched=fetched)


def read_base_lag(pool: Pool, free: Sequence[Slot]) -> Lag:
    """The base of today, and the free slots that stand behind it."""
    try:
        today = require_base(pool, None)
    except (IsolationError, PoolError):
        return Lag(text="", behind=None, fetched=None)
    late = [slot for slot in free if slot.base_oid != today.oid]
    fetched = read_fetched(pool.site.common)
    words = f"{today.ref} {today.oid[:10]}"
    if fetched:
        words += f", fetched {(time.time() - fetched) / 60:.0f} min ago"
    behind = max((count_behind(pool, oid)[0] or 0 for oid in {slot.base_oid for slot in late}), default=0)
    if late:
        slots = "a free slot" if len(late) == 1 else f"{len(late)} free slots"
        words += f"; {slots} up to {behind} behind: poolmgr pool refresh"
    return Lag(text=words, behind=behind, fetched=fetched)


def count_behind(pool: Pool, oid: str) -> tuple[int | None, str]:
    """How many commits the base has beyond this one, and its name; None when it cannot be told."""
    try:
        today = require_base(pool, None)
        return (ahead_behind(pool.git, oid, today.oid)[1] if today.oid != oid else 0), today.ref
    except (IsolationError, PoolError):
        return None, ""
