"""Whether a slot shows what it should and its guards stand; both are put right, edits stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from isolation.git.program import Git
from isolation.git.refs import find_commit
from isolation.guards.facts import find_facts
from isolation.guards.verify import verify_guards
from isolation.scope.verify import Difference, repair
from isolation.scope.view import View
from poolmgr.core.lifecycle import LENT
from poolmgr.core.records import Lease, Slot
from poolmgr.services.ground.job import lock_file
from poolmgr.services.ground.pool import Pool
from poolmgr.services.scoping.change import apply_scope, require_admin, runs_of, without_ours
from poolmgr.services.scoping.guarding import set_guard_facts
from poolmgr.services.scoping.viewing import plan_scope, read_view, write_view
from poolmgr.store import gate
from poolmgr.store.tables.slots import note_slot

PATIENCE = 30.0


class Verified(NamedTuple):
    """What was found and, but for edits beyond the view, put right."""

    mode: str
    difference: Difference
    guards: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether everything was as it should be; edits beyond the view are nobody's fault."""
        return not (self.difference.is_repairable or self.guards)

    @property
    def as_json(self) -> dict[str, object]:
        """For programs."""
        found = {name: list(paths) for name, paths in self.difference._asdict().items()}
        return {"mode": self.mode, **found, "guards": list(self.guards), "sound": self.is_sound}

    @property
    def words(self) -> Iterator[tuple[str, str]]:
        """For people: what kind of thing, and which."""
        for kind, paths in self.difference._asdict().items():
            yield from ((kind, path) for path in paths)
        yield from (("guards", words) for words in self.guards)


def verify_slot(pool: Pool, slot: Slot) -> Verified:
    """Files, settings and guards of one slot against what its lease says."""
    admin = require_admin(pool, slot)
    with gate.held(lock_file(pool, slot.id), patience=PATIENCE) as descriptor:
        git = Git(slot.path, (descriptor,))
        lease = pool.snapshot().lease_of(slot) if slot.state in LENT else None
        if lease and lease.changing:
            apply_scope(pool, git, slot, lease)
        view = renew_view(pool, git, slot, lease)
        found = repair(git, slot.path, view, runs_of(view))
        is_scoped = lease is not None and lease.scope is not None
        with pool.git_lock(git) as both:
            guards = verify_guards(both, admin, is_scoped=is_scoped)
        guards = (*guards, *verify_facts(pool, admin, slot, lease))
    edited = without_ours(pool, found.edited)
    return Verified(mode=view.mode.value, difference=found._replace(edited=edited), guards=guards)


def renew_view(pool: Pool, git: Git, slot: Slot, lease: Lease | None) -> View:
    """What the slot should show of HEAD by now: a merge may have brought what every scope sees."""
    admin = require_admin(pool, slot)
    stored = read_view(admin)
    if lease is None or lease.scope is None:
        return stored
    view = plan_scope(pool, find_commit(git, "HEAD") or lease.base_oid, lease.scope)
    if view != stored:
        write_view(admin, view)
        with pool.engine.write() as session:
            note_slot(session, slot, view=view.digest)
    return view


def verify_facts(pool: Pool, admin: Path, slot: Slot, lease: Lease | None) -> tuple[str, ...]:
    """What the hooks know of the lease, as it should be by now."""
    if lease is None or lease.scope is None:
        return ()
    before = find_facts(admin)
    set_guard_facts(pool, admin, slot, lease)
    return () if find_facts(admin) == before else ("what the hooks know of the scope was not what it is",)
