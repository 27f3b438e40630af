"""The pool gone: every slot, every mark in the repository, the state. Rescues stay.

Held slots refuse unless they may be rescued; what cannot be proven kept is parked and stays
listed. The repository's own files are given back as they were, byte for byte.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from isolation.errors import IsolationError
from isolation.git.config import EXTENSION, drop_excluded, unset_shared
from isolation.git.program import Git
from isolation.rescue import list_rescues
from isolation.work import examine
from isolation.work.linked import follow, try_move
from poolmgr.core.errors import Busy, LostRace, Unsaved, WrongState
from poolmgr.core.lifecycle import HELD, LENT, State
from poolmgr.core.records import Slot, Snapshot
from poolmgr.services.ground.marks import is_tombstone
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import GOING, Facts, Site, require_facts, require_home
from poolmgr.services.ground.taken import is_taken
from poolmgr.services.lending.tracking import drop_tracking
from poolmgr.services.life import release
from poolmgr.services.life.clearing import try_clear
from poolmgr.services.life.keep import restore_directory, rules_for
from poolmgr.services.scoping.asides import ROOM, list_asides, read_stuck
from poolmgr.services.steering import sizing
from poolmgr.services.upkeep.chores import start_retire
from poolmgr.services.upkeep.worker import work_until_idle
from poolmgr.store import gate
from poolmgr.store.snapshot import write_meta

PATIENCE = 120.0
GIVEN_UP = frozenset({State.PARKED, State.BROKEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What could not go, and how many rescues there are."""

    slots: tuple[Slot, ...]
    rescues: int


def clean_up(site: Site, open_pool: Callable[[], Pool], *, rescue: bool, tell: Callable[[str], None]) -> Left:
    """The repository as it was before `init`, but for rescues and what is left."""
    facts = require_facts(site)
    if (site.state / GOING).exists():  # a killed cleanup had come this far
        require_home(site, facts)
        return Left(slots=(), rescues=take_back(site, facts, tell))
    pool = open_pool()
    if (site.state / "database").exists():
        from poolmgr.services.databases.leaving import require_given, without_databases

        require_given(pool)
        work_until_idle(without_databases(pool))
    else:
        work_until_idle(pool)
    snapshot = pool.snapshot()
    if not rescue:
        refuse_unsaved(pool, snapshot)
    with pool.engine.write() as session:
        write_meta(session, "size", "0")
    left = leave(pool, tell) if (site.state / "database").exists() else empty(pool, tell)
    pool.engine.close()
    if left:
        return Left(slots=left, rescues=len(list_rescues(site.git, site.archives)))
    return Left(slots=(), rescues=take_back(site, require_facts(site), tell))


def refuse_unsaved(pool: Pool, snapshot: Snapshot) -> None:
    """Nothing is removed while anybody holds a slot with unsaved work, or work is parked."""
    holders = [slot for slot in snapshot.slots if slot.state in {*HELD, *GIVEN_UP} and has_work(pool, slot)]
    if holders:
        names = ", ".join(describe(snapshot, slot) for slot in holders)
        raise Unsaved(
            f"there is work in {names} that is saved nowhere else",
            hint="poolmgr cleanup --rescue keeps it all aside first",
            facts={"slots": [slot.name for slot in holders]},
        )


def has_work(pool: Pool, slot: Slot) -> bool:
    """Whether a slot holds anything unsaved; what cannot be read counts."""
    try:
        restore_directory(pool, slot)
        return bool(examine(Git(slot.path), slot.path, rules_for(pool, slot)).blocking)
    except (IsolationError, WrongState, OSError):
        return True


def describe(snapshot: Snapshot, slot: Slot) -> str:
    """A slot and who has it."""
    lease = snapshot.lease_of(slot)
    return f"{slot.name} ({lease.agent})" if lease else f"{slot.name} ({slot.state.lower()})"


def leave(pool: Pool, tell: Callable[[str], None]) -> tuple[Slot, ...]:
    """The same where slots had databases: those on a server of our own go with it, once no slot stays."""
    from poolmgr.services.databases.asking import leaving
    from poolmgr.services.databases.leaving import leave_given

    with leaving(pool):
        left = empty(pool, tell)
        if not left:
            leave_given(pool, tell)
    return left


def empty(pool: Pool, tell: Callable[[str], None]) -> tuple[Slot, ...]:
    """Every slot given back, gone over and retired, as far as that can be proven safe; those that stay."""
    snapshot = pool.snapshot()
    for slot in snapshot.slots:
        lease = snapshot.lease_of(slot)
        with suppress(LostRace):
            if slot.state in LENT and lease:
                tell(f"{slot.name} taken from {lease.agent}")
                release.reclaim(pool, snapshot, slot, reason="cleanup")
            elif slot.state is State.READY:
                start_retire(pool, slot, "cleanup")
            elif slot.state in GIVEN_UP and not is_taken(pool, slot.path):
                sizing.adopt(pool, slot)
    work_until_idle(pool, prepares=True)
    for state in (State.READY, State.BROKEN):
        settle_rest(pool, state)
    for aside in list_asides(pool, pool.snapshot()):
        if not try_clear(pool, aside, patience=PATIENCE):
            tell(f"{aside} could not be kept, so it stays: {read_stuck(aside)}")
    clear_builds(pool)
    return tuple(pool.snapshot().slots)


def clear_builds(pool: Pool) -> None:
    """No checkout of a template's build; a build under way comes to its end first."""
    from poolmgr.services.databases import builds

    for fp in {*builds.list_builds(pool), *builds.list_left(pool)}:
        if not builds.try_clear(pool, fp, patience=PATIENCE):
            raise Busy("a template is being built", hint="poolmgr cleanup, once that has ended")


def settle_rest(pool: Pool, state: State) -> None:
    """Those that were recycled go; those that broke are parked rather than left in the way."""
    for slot in pool.snapshot().slots:
        if slot.state is state:
            with suppress(LostRace):
                if state is State.READY:
                    start_retire(pool, slot, "cleanup")
                elif not is_taken(pool, slot.path):
                    sizing.adopt(pool, slot)
    work_until_idle(pool, prepares=True)


def take_back(site: Site, facts: Facts, tell: Callable[[str], None]) -> int:
    """Our marks in the repository, the empty directories, last the state; how many rescues stay."""
    (site.state / GOING).touch(mode=0o600)
    if (site.state / "server").exists():
        from poolmgr.services.databases.leaving import remove_own

        remove_own(site)
    with gate.held(site.state / "git.lock", patience=600) as descriptor:
        git = Git(site.common, (descriptor,))
        if facts.worktree_config:
            unset_shared(git, EXTENSION)
        drop_excluded(site.common, os.fsencode(facts.exclude), made=facts.exclude_made)
        drop_tracking(git, facts.tracking)
    for stone in facts.tombstones:
        drop_tombstone(site, Path(stone), tell)
    with suppress(OSError):
        (Path(facts.slots_dir) / ROOM).rmdir()
    with suppress(OSError):
        Path(facts.slots_dir).rmdir()
    rescues = len(list_rescues(site.git, site.archives))
    drop_state(site)
    return rescues


def drop_tombstone(site: Site, path: Path, tell: Callable[[str], None]) -> None:
    """A stone alone goes; what somebody wrote beside it is kept in the parked room."""
    aside = site.parked / f"{path.name}-late"
    if is_tombstone(path):
        shutil.rmtree(path)
    elif (path / ".git").is_file():
        if not try_move(path, aside):
            shutil.move(path, aside)
        follow(aside, path)
        tell(f"files were written to {path} after it was taken back; they are in {aside}")
    else:
        with suppress(OSError):
            path.rmdir()  # its stone went just before a kill


def drop_state(site: Site) -> None:
    """The state directory, the sentinel last; rescues and anything parked keep their rooms."""
    last = [site.state / GOING, site.facts_file]
    for entry in [*(entry for entry in site.state.iterdir() if entry not in last), *last]:
        if entry in (site.archives, site.parked):
            drop_room(entry)
        elif entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)
    with suppress(OSError):
        site.state.rmdir()


def drop_room(room: Path) -> None:
    """A room in which only its lock is left."""
    if {entry.name for entry in room.iterdir()} <= {"lock"}:
        shutil.rmtree(room)
