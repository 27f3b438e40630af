"""Another scope for a lease that goes on: first the state, then the guards, then the files.

Until the files are set the lease says who does that; when that process dies, the next one
finishes. Edits are never dropped: what leaves the view with changes stays, and is named.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from isolation.errors import IsolationError
from isolation.git.program import Git
from isolation.git.refs import find_commit
from isolation.git.worktrees import find_admin
from isolation.scope.change import change_view
from isolation.scope.shown import Runs
from isolation.scope.view import Mode, View
from poolmgr.core.errors import Busy, NotTheHolder, PoolError, WrongState
from poolmgr.core.lifecycle import LENT
from poolmgr.core.owning import Judged, Meeting, is_within, taken
from poolmgr.core.records import Lease, Slot
from poolmgr.core.scope import Scope, gained, require_owning
from poolmgr.services.ground import marks
from poolmgr.services.ground.job import lock_file
from poolmgr.services.ground.matching import matcher
from poolmgr.services.ground.pool import ENV_FILE, Pool, find_slot_around, read_moment, require_lease
from poolmgr.services.ground.taken import require_own
from poolmgr.services.scoping.guarding import set_guard_facts
from poolmgr.services.scoping.ownership import judge_owned, tell_both
from poolmgr.services.scoping.viewing import plan_scope, write_view
from poolmgr.store import gate
from poolmgr.store.snapshot import read_snapshot
from poolmgr.store.tables.events import add_event
from poolmgr.store.tables.leases import add_news, set_scope, settle_scope
from poolmgr.store.tables.slots import note_slot
from tracks.globs import compile_globs

PATIENCE = 30.0
FIRST = "set"  # the one action that gives a full slot a scope


class Asked(NamedTuple):
    """A change of a scope: what makes the new one of the old one, in whose name, and why."""

    slot: Slot
    change: Callable[[Scope], Scope]
    action: str
    lease: str | None = None
    overlap: bool = False
    hint: str = ""
    news: str = ""  # why the holder has another scope, when it was not his own doing


class Changed(NamedTuple):
    """The lease with its new scope, how it is checked out, and what could not leave the view."""

    slot: Slot
    lease: Lease
    mode: str
    stayed: tuple[str, ...]
    meetings: tuple[Meeting, ...]


def change_scope(pool: Pool, asked: Asked) -> Changed:
    """The lease under another scope; refused when somebody else owns what is new in it."""
    with gate.held(lock_file(pool, asked.slot.id), patience=PATIENCE) as descriptor:
        git = Git(asked.slot.path, (descriptor,))
        slot, lease, meetings = write_scope(pool, asked)
        mode, stayed = apply_scope(pool, git, slot, lease)
        return Changed(slot=slot, lease=lease, mode=mode, stayed=stayed, meetings=meetings)


def write_scope(pool: Pool, asked: Asked) -> tuple[Slot, Lease, tuple[Meeting, ...]]:
    """The new scope in the state, if nobody else owns what it gains."""
    while True:
        slot, lease = require_lent(pool, asked)
        if lease.scope is None and asked.action != FIRST:
            raise WrongState(
                f"{slot.name} is full: it shows and may change all there is, so nothing to {asked.action}",
                hint=f"poolmgr scope set 'src/login/**' --slot {slot.name} narrows it",
            )
        old = lease.scope or Scope(owns=())
        scope = require_owning(asked.change(old))
        judged, meetings = judge_owned(pool, gained(old, scope), lease=lease.id)
        if meetings and not asked.overlap:
            raise taken(meetings, hint=asked.hint)
        shared = lease.shared if lease.scope else pool.settings.scope.shared
        wanted = lease._replace(scope=scope, shared=shared)
        written = try_write(pool, asked, slot, wanted, judged, meetings)
        if written:
            return slot, written, meetings


def require_lent(pool: Pool, asked: Asked) -> tuple[Slot, Lease]:
    """The slot and its lease as they are now."""
    snapshot = pool.snapshot()
    slot = next((slot for slot in snapshot.slots if slot.id == asked.slot.id), None)
    if slot is None or slot.state not in LENT:
        raise WrongState(f"nobody holds {asked.slot.name}; only a lease has a scope", hint="poolmgr status")
    lease = require_lease(snapshot, slot)
    require_own(pool, slot)
    if asked.lease and asked.lease != lease.id:
        raise NotTheHolder(
            f"{slot.name} belongs to {lease.agent} by now; the lease you name is over",
            hint="poolmgr status",
            facts={"slot": slot.name, "agent": lease.agent},
        )
    return slot, lease


def try_write(
    pool: Pool, asked: Asked, slot: Slot, wanted: Lease, judged: Judged, meetings: tuple[Meeting, ...]
) -> Lease | None:
    """The scope written; None when somebody else was given one since it was judged."""
    now = read_moment()
    with pool.engine.write() as session:
        others = [lease for lease in read_snapshot(session).leases if lease.id != wanted.id]
        if not is_within(others, judged):
            return None
        lease = set_scope(session, wanted, changing=pool.me)
        scope = wanted.scope or Scope(owns=())
        words = f"{asked.action}: owns {' '.join(scope.owns) or 'nothing'}"
        note = pool.note("scope", words)
        add_event(session, slot=slot, source=slot.state.value, note=note, seconds=None, now=now)
        for other, news in tell_both(lease, slot.name, meetings).items():
            add_news(session, other, news, about=lease.id)
        if asked.news:
            add_news(session, lease.id, f"you {scope_words(scope)} from now on: {asked.news}")
        return lease


def apply_scope(pool: Pool, git: Git, slot: Slot, lease: Lease) -> tuple[str, tuple[str, ...]]:
    """Guards, files and mark as the lease's scope says; the mode, and what stayed. Repeatable."""
    admin = require_admin(pool, slot)
    set_guard_facts(pool, admin, slot, lease)
    marks.write_mark(admin, pool, slot, lease)
    oid = find_commit(git, "HEAD") or lease.base_oid
    view = plan_scope(pool, oid, lease.scope)
    write_view(admin, view)
    stayed = without_ours(pool, change_view(git, slot.path, view, runs_of(view)))
    with pool.engine.write() as session:
        settle_scope(session, lease)
        note_slot(session, slot, view=view.digest, error="")
    return view.mode.value, stayed


def runs_of(view: View) -> Runs:
    """The lines of an exact view, compiled."""
    return compile_globs(view.lines).runs if view.mode is Mode.EXACT else ()


def without_ours(pool: Pool, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Without what poolmgr put there and what anybody can make again."""
    is_disposable = matcher(pool.settings.release.disposable)
    ours = {ENV_FILE, *pool.settings.env}
    return tuple(
        path
        for path in paths
        if path not in ours and not is_disposable(os.fsencode(path.rstrip("/")), path.endswith("/"))
    )


def require_person(pool: Pool, directory: Path, lease: str | None) -> None:
    """Refuse who stands in a slot or carries a lease: nobody grants to himself, or changes another's."""
    if find_slot_around(pool.snapshot(), directory) or lease:
        raise PoolError(
            "a person decides that, from outside of the slots",
            hint=f"a person types it in {pool.facts.checkout}, without POOLMGR_LEASE",
        )


def scope_words(scope: Scope) -> str:
    """What a holder may change and read besides."""
    seen = "everything" if scope.everything else " ".join(scope.sees)
    return f"own {' '.join(scope.owns)}" + (f" and see {seen}" if seen else "")


def require_admin(pool: Pool, slot: Slot) -> Path:
    """Git's admin directory of a slot."""
    require_own(pool, slot)
    admin = find_admin(slot.path)
    if admin is None:
        raise PoolError(f"the worktree of {slot.name} is gone", hint="poolmgr doctor --fix")
    return admin


def finish_change(pool: Pool, slot: Slot, lease: Lease) -> bool:
    """A change whose process died, gone on with; False when somebody else is at it or was.

    What cannot be finished is told with the slot, and `scope verify` tries again.
    """
    with suppress(Busy), gate.held(lock_file(pool, slot.id), patience=0) as descriptor:
        current = pool.snapshot().lease_of(slot)
        if current is None or current.id != lease.id or current.changing != lease.changing:
            return False
        try:
            apply_scope(pool, Git(slot.path, (descriptor,)), slot, current)
        except (IsolationError, PoolError, OSError) as error:
            words = f"its new scope is not checked out: {error}; poolmgr scope verify {slot.name}"
            with pool.engine.write() as session:
                settle_scope(session, current)
                note_slot(session, slot, error=words)
        return True
    return False
