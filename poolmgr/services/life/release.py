"""Giving a slot back, and taking one from its holder."""

from __future__ import annotations

from typing import NamedTuple

from isolation.git.program import Git
from isolation.git.worktrees import find_admin
from isolation.work import Finding, examine
from poolmgr.core.errors import OutsideScope, Unsaved, WrongState
from poolmgr.core.lifecycle import LENT, State
from poolmgr.core.records import Lease, OpKind, Slot, Snapshot
from poolmgr.services.ground import marks
from poolmgr.services.ground.inside import list_spared, started_by
from poolmgr.services.ground.job import Turn, begin, hands_on
from poolmgr.services.ground.pool import Pool, read_moment, require_holder, require_lease
from poolmgr.services.ground.taken import find_own_admin
from poolmgr.services.life.keep import restore_directory, rules_for
from poolmgr.services.life.settle import Settled, settle
from poolmgr.store.snapshot import raise_fence
from poolmgr.store.tables.leases import end_lease
from resources.probes.clock import Instant, ticks_at
from resources.probes.processes import Life, judge
from resources.probes.signals import terminate

STEPS = 20


class Asked(NamedTuple):
    """What `release` was told."""

    slot: Slot
    lease: str | None = None
    rescue: bool = False
    kill: bool = False
    spares_session: bool = True
    allow_outside: bool = False


def release(pool: Pool, snapshot: Snapshot, asked: Asked) -> Settled:
    """The slot given back by its holder.

    Refuses while it holds work that is saved nowhere else, and while its branch changes what the
    lease does not own, whatever was done with the work.
    """
    slot = asked.slot
    lease = require_holder(snapshot, slot, asked.lease)
    restore_directory(pool, slot)
    repaired = require_clear(pool, lease, asked)
    if asked.kill:
        terminate(started_by(slot, lease.id), grace=5.0)
    args: dict[str, object] = {
        "lease": lease.id,
        "reason": f"released by {lease.agent}",
        "spared": list_spared(slot.path, session=asked.spares_session),
    }
    return end(pool, slot, lease, args, reason="released")._replace(guards=repaired)


def require_clear(pool: Pool, lease: Lease, asked: Asked) -> tuple[str, ...]:
    """What was found changed in the guards; refused with everything that stands in the way, at once."""
    slot, beyond = asked.slot, None
    repaired: tuple[str, ...] = ()
    try:
        repaired = check_scope(pool, slot, lease, allow=asked.allow_outside)
    except OutsideScope as error:
        beyond = error
    holds = find_unsaved(pool, slot) if beyond or not asked.rescue else None
    if beyond and holds:
        raise OutsideScope(
            f"{beyond.message}\n{holds.message}",
            hint=f"{beyond.hint} --rescue",
            facts={**holds.facts, **beyond.facts},
        )
    refusal = beyond or holds
    if refusal:
        raise refusal
    return repaired


def find_unsaved(pool: Pool, slot: Slot) -> Unsaved | None:
    """The refusal, when there is unsaved work."""
    blocking = examine(Git(slot.path), slot.path, rules_for(pool, slot)).blocking
    return unsaved(slot, blocking) if blocking else None


def check_scope(pool: Pool, slot: Slot, lease: Lease, *, allow: bool) -> tuple[str, ...]:
    """What was found changed in the guards; refused when the branch leaves the scope."""
    if lease.scope is None:
        return ()
    from isolation.guards.verify import verify_guards
    from poolmgr.services.scoping.outside import require_inside

    require_inside(pool, slot, lease, allow=allow)
    admin = find_admin(slot.path)
    if admin is None:
        return ()
    with pool.git_lock(Git(slot.path)) as git:
        return verify_guards(git, admin)


def reclaim(pool: Pool, snapshot: Snapshot, slot: Slot, *, reason: str) -> Settled:
    """A person takes a slot from its holder.

    Unless the holder is proven dead, the old directory never serves again: whoever still writes
    there must not write into the next holder's work.
    """
    if slot.state not in LENT:
        raise WrongState(
            f"{slot.name} is {slot.state}; there is no holder to take it from", hint="poolmgr status"
        )
    lease = require_lease(snapshot, slot)
    dead = lease.holder is not None and judge(lease.holder) is Life.DEAD
    args: dict[str, object] = {
        "lease": lease.id, "reason": reason, "forced": not dead, "proof": dead, "tombstone": not dead,
        "spared": list_spared(slot.path),
    }  # fmt: skip
    return end(pool, slot, lease, args, reason=reason, revoked=not dead)


def end(
    pool: Pool, slot: Slot, lease: Lease, args: dict[str, object], *, reason: str, revoked: bool = False
) -> Settled:
    """The lease over and the slot on its way, in one transaction; then its work kept."""
    now = read_moment()
    args["began"] = ticks_at(Instant(wall=slot.since.wall, mono=slot.since.mono, boot=slot.since.boot))
    with pool.engine.write() as session:
        fence = raise_fence(session) if revoked else slot.fence
        turn = Turn(target=State.RELEASING, kind=OpKind.RELEASE, note=pool.note("release", reason), args=args)
        moved, op = begin(pool, session, slot, turn, fence=fence, lease_id=None)
        end_lease(session, lease.id, reason=reason, now=now)
    with hands_on(pool, moved, op) as job:
        if revoked:
            marks.revoke(find_own_admin(pool, moved), moved)
        return settle(pool, job)


def unsaved(slot: Slot, findings: tuple[Finding, ...]) -> Unsaved:
    """The refusal: each kind of work by name, and the command that keeps it."""
    from isolation.guards.words import shown  # only a refusal pays for it

    lines = [f"  {one.kind.value:<11} {shown(one.path)} {one.detail}".rstrip() for one in findings[:STEPS]]
    if len(findings) > STEPS:
        rest = findings[STEPS:]
        kinds = ", ".join(dict.fromkeys(one.kind.value for one in rest))
        lines.append(f"  … and {len(rest)} more: {kinds}")
    return Unsaved(
        f"{slot.name} holds work that is saved nowhere else:\n" + "\n".join(lines),
        hint=f"commit it, or keep it all aside: poolmgr release {slot.name} --rescue",
        facts={
            "slot": slot.name,
            "findings": [
                {"kind": one.kind.value, "path": one.path, "detail": one.detail} for one in findings
            ],
        },
    )
