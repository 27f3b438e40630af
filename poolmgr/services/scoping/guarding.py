"""What the hooks of a slot are told of its lease, in git's admin directory."""

from __future__ import annotations

import sys
from pathlib import Path

from isolation.git.config import find_value
from isolation.git.program import Git
from isolation.guards.facts import GuardFacts, drop_facts, write_facts
from isolation.guards.install import ensure_acting
from poolmgr.core.records import Lease, Slot
from poolmgr.core.scope import Scope
from poolmgr.services.ground.pool import Pool
from poolmgr.services.scoping.bases import list_candidates
from poolmgr.services.scoping.noted import list_remotes
from tracks.globs import Globs, compile_globs

PROGRAM = (sys.executable, "-P", "-m", "poolmgr")


def set_guard_facts(pool: Pool, admin: Path, slot: Slot, lease: Lease) -> None:
    """The hooks hold the lease to its scope; a full slot has no facts and is refused nothing."""
    if lease.scope is None:
        drop_facts(admin)
        return
    ensure_acting(admin)
    fold = is_folding(pool.git)
    write_facts(
        admin,
        GuardFacts(
            slot=slot.name, lease=lease.id, branch=f"refs/heads/{lease.branch}",
            bases=list_base_refs(pool, lease), base_oid=lease.base_oid, owns=lease.scope.owns,
            runs=runs_of(lease.scope.owns, fold=fold), shared=runs_of(lease.shared, fold=fold),
            unstage=runs_of(pool.settings.scope.unstage, fold=fold),
            visible=runs_of(list_visible(pool, lease.scope), fold=fold), fold_case=fold, program=PROGRAM,
        ),
    )  # fmt: skip


def runs_of(globs: tuple[str, ...], *, fold: bool) -> tuple[tuple[bool, bytes], ...]:
    """Expressions that need no glob engine, the last first."""
    compiled: Globs = compile_globs(globs, fold=fold)
    return tuple((negated, pattern.pattern) for negated, pattern in compiled.runs)


def list_visible(pool: Pool, scope: Scope) -> tuple[str, ...]:
    """Globs of what is shown besides what is owned; none where everything is."""
    if scope.everything:
        return ()
    from poolmgr.core.mirror import mirrored

    settings = pool.settings.scope
    return (*scope.sees, *settings.essential, *mirrored(scope.owns, settings.mirror))


def is_folding(git: Git) -> bool:
    """Whether git takes names that differ in case for the same here."""
    return (find_value(git, "core.ignoreCase") or "").lower() in {"true", "yes", "on", "1"}


def list_base_refs(pool: Pool, lease: Lease) -> tuple[str, ...]:
    """Refs and the commit that the lease's branch may have come from; the refs as they are by then."""
    return (*list_candidates(pool, lease, list_remotes(pool, lease)), lease.base_oid)
