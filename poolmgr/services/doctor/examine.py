"""The order of a visit: whose pool it is, its database, then everything in it; mend, look again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from isolation.errors import IsolationError
from poolmgr.core.errors import PoolError, StateUnwritable
from poolmgr.core.lifecycle import OP_STATES
from poolmgr.core.records import Snapshot
from poolmgr.core.settings import SettingsError
from poolmgr.services.doctor.finding import Case, Finding, wrong
from poolmgr.services.doctor.half_done import look_at_half_done
from poolmgr.services.doctor.holders import look_at_ops, look_at_requests, look_at_waiters
from poolmgr.services.doctor.lock_files import look_at_locks
from poolmgr.services.doctor.machine import look_at_machine, look_for_frozen
from poolmgr.services.doctor.rescues import look_at_rescues
from poolmgr.services.doctor.slots import look_at_slots
from poolmgr.services.doctor.state import look_at_state
from poolmgr.services.doctor.strangers import look_at_strangers
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import Site
from poolmgr.services.upkeep.backup import try_back_up
from poolmgr.services.upkeep.chores import run_round
from poolmgr.store.tables.leases import owed_databases
from resources.probes.processes import is_stopped

ROUNDS = 4
PATIENCE = 20.0


def examine_pool(
    site: Site, open_pool: Callable[[], Pool], *, fix: bool, rebind: bool
) -> tuple[Finding, ...]:
    """Everything that disagrees; with `fix` mended, as far as nothing can be lost by it."""
    first, is_usable = look_at_state(site, fix=fix, rebind=rebind)
    if not is_usable:
        return (*first, *(case.finding for case in look_at_machine(site)))
    try:
        pool = open_pool()
    except SettingsError as error:
        return (*first, *(wrong("settings", each.place, str(each)).finding for each in error.problems))
    found = mend_pool(pool) if fix else {case.finding.key: case.finding for case in look_at(pool)}
    if fix and not any(each.needs_fix and not each.fixed for each in found.values()):
        try_back_up(pool)
    pool.engine.close()
    return (*first, *found.values())


def look_at(pool: Pool) -> list[Case]:
    """One look at everything."""
    return list(list_cases(pool, pool.snapshot()))


def list_cases(pool: Pool, snapshot: Snapshot) -> Iterator[Case]:
    """Locks first: what they block is mended after them."""
    yield from look_for_frozen(pool.site)
    yield from look_at_locks(pool, snapshot)
    yield from look_at_ops(pool, snapshot)
    yield from look_at_slots(pool, snapshot)
    yield from look_at_strangers(pool, snapshot)
    yield from look_at_requests(pool, snapshot)
    yield from look_at_waiters(pool, snapshot)
    yield from look_at_rescues(pool, snapshot)
    yield from look_for_databases(pool, snapshot)
    yield from look_at_half_done(pool)
    yield from look_at_machine(pool.site)


def look_for_databases(pool: Pool, snapshot: Snapshot) -> Iterator[Case]:
    """The databases of slots; where there are none, and none are owed, nothing is loaded for it."""
    with pool.engine.read() as session:
        has_owed = bool(owed_databases(session))
    if has_owed or pool.settings.database.mode != "off":
        from poolmgr.services.doctor.databases import look_at_databases

        yield from look_at_databases(pool, snapshot)


def mend_pool(pool: Pool) -> dict[tuple[str, str], Finding]:
    """Mend and look again, until nothing is open or nothing more can be done."""
    seen: dict[tuple[str, str], Finding] = {}
    for _ in range(ROUNDS):
        cases = look_at(pool)
        open_now = {case.finding.key for case in cases if case.finding.needs_fix}
        seen = settled(seen, cases)
        if not open_now or any(case.finding.kind == "frozen_process" for case in cases):
            break
        errors = {case.finding.key: try_mend(case) for case in cases}
        finish(pool)
        after = look_at(pool)
        seen = settled(seen, [noted(case, errors.get(case.finding.key, "")) for case in after])
        if {case.finding.key for case in after if case.finding.needs_fix} == open_now:
            break
    return seen


def settled(seen: dict[tuple[str, str], Finding], cases: list[Case]) -> dict[tuple[str, str], Finding]:
    """What was found so far: what is gone by now was mended; remarks that no longer hold go."""
    now = {case.finding.key: case.finding for case in cases}
    past = {
        key: replace(finding, fixed=True)
        for key, finding in seen.items()
        if key not in now and finding.needs_fix
    }
    return past | now


def try_mend(case: Case) -> str:
    """Why it could not be mended, empty when it could; a state that cannot be written is an error."""
    try:
        if case.mend is not None:
            case.mend()
    except StateUnwritable:
        raise
    except (PoolError, IsolationError) as error:
        return error.message
    except OSError as error:
        return f"{error.filename or ''} {error.strerror}".strip()
    return ""


def noted(case: Case, error: str) -> Case:
    """The case with the reason why it is still there."""
    if not error or error in case.finding.detail:
        return case
    return replace(case, finding=replace(case.finding, detail=f"{case.finding.detail}; {error}"))


def finish(pool: Pool) -> None:
    """Do what can be done here; others that are at it get a while, frozen ones do not."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        if run_round(pool):
            limit = time.monotonic() + PATIENCE
        elif is_idle(pool.snapshot()):
            return
        else:
            time.sleep(0.02)


def is_idle(snapshot: Snapshot) -> bool:
    """Whether there is nothing to wait for."""
    for slot in snapshot.slots:
        op = snapshot.op_of(slot)
        frozen = op is not None and op.owner is not None and is_stopped(op.owner)
        if slot.state in OP_STATES and not slot.drains and not frozen:
            return False
    return True
