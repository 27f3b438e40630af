"""What somebody should know before working on a branch: who else was there a moment ago."""

from __future__ import annotations

import time

from poolmgr.core.records import Slot
from poolmgr.services.ground.pool import Pool
from poolmgr.services.lending.claim import Wish
from poolmgr.store.tables.leases import last_lease_of


def list_warnings(pool: Pool, wish: Wish, upstream: str | None) -> tuple[str, ...]:
    """Sentences for people; none of them refuses anything."""
    warnings = [recent_lease(pool, wish), recent_change(pool, wish)]
    if upstream and not wish.exists and wish.commit == wish.base.oid:
        warnings.append(
            f"{upstream} exists, but the branch is made from {wish.base.ref}; --track takes it up"
        )
    return tuple(warning for warning in warnings if warning)


def recent_lease(pool: Pool, wish: Wish) -> str | None:
    """Another agent gave the branch back a short time ago."""
    with pool.engine.read() as session:
        row = last_lease_of(session, wish.branch or "")
    if row is None or row["agent"] == wish.agent:
        return None
    age = time.time() - float(str(row["ended_wall"]))
    if age > pool.settings.activity.warn:
        return None
    return f"{wish.branch} was given back by {row['agent']} ({row['slot_name']}) {minutes(age)} ago"


def recent_change(pool: Pool, wish: Wish) -> str | None:
    """The branch itself moved a short time ago, whoever moved it."""
    if not wish.exists:
        return None
    try:
        age = time.time() - (pool.site.common / "logs" / "refs" / "heads" / str(wish.branch)).stat().st_mtime
    except OSError:
        return None
    return (
        f"{wish.branch} was changed {minutes(age)} ago" if 0 <= age <= pool.settings.activity.warn else None
    )


def list_cold(pool: Pool, slot: Slot, wish: Wish) -> tuple[str, ...]:
    """What the slot was not prepared for: a branch with other lockfiles, commands that failed."""
    again = f"poolmgr pool warm {slot.name}"
    if pool.settings.warm.run and slot.warm != "ok":
        return (f"{slot.name} is not prepared ({slot.warm or 'not yet'}); {again}",)
    if wish.commit == slot.base_oid or not slot.warm_key:
        return ()
    from poolmgr.services.life.warm import warm_key

    if warm_key(pool, slot.path) == slot.warm_key:
        return ()
    return (f"{wish.branch} has other lockfiles than {slot.name} was prepared for; {again}",)


def minutes(seconds: float) -> str:
    """An age as people say it."""
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"
