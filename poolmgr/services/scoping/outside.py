"""What a lease's branch changes beyond its scope, whatever guards it passed or was kept from.

The last word on a scope: git's objects are compared, no hook and no setting is asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from isolation.errors import ObjectsForged
from isolation.git.config import find_shared
from isolation.git.program import Git
from isolation.guards import rule
from isolation.guards.facts import find_facts
from isolation.guards.genuine import list_forged
from isolation.guards.made import find_arrived
from poolmgr.core.errors import OutsideScope
from poolmgr.core.records import Lease, Slot
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.start_point import require_named
from poolmgr.services.scoping.bases import list_bases
from poolmgr.services.scoping.noted import read_noted
from poolmgr.services.scoping.starts import list_starts
from poolmgr.services.scoping.tips import admin_of, find_branch, list_made, list_tips
from poolmgr.services.scoping.unfetched import find_unfetched
from tracks.globs import compile_globs

SHOWN = 20
TRUE = frozenset({"true", "yes", "on", "1"})


class Outside(NamedTuple):
    """One path beyond the scope: what happened to it, on which branch, and why it may stay, if it may."""

    path: str
    kind: str
    branch: str
    is_shared: bool
    is_inherited: bool = False  # it was so when the branch was lent

    @property
    def is_refused(self) -> bool:
        """Whether nothing excuses it."""
        return not self.is_shared and not self.is_inherited

    @property
    def word(self) -> str:
        """What it is, for people."""
        return "outside" if self.is_refused else "shared" if self.is_shared else "inherited"

    @property
    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "path": self.path, "kind": self.kind, "branch": self.branch, "shared": self.is_shared,
            "inherited": self.is_inherited,
        }  # fmt: skip


def list_outside(pool: Pool, slot: Slot, lease: Lease, base: str | None = None) -> tuple[Outside, ...]:
    """Every path beyond the scope; against another base than the lease's when one is named."""
    if lease.scope is None:
        return ()
    bases = (require_named(pool.git, base).oid,) if base else list_bases(pool, slot, lease)
    made = list_made(pool, slot, lease)
    places = list_bases(pool, slot, lease, is_proven=False) if made and not base else ()
    fold = is_folding(pool, slot)
    shared = compile_globs(lease.shared, fold=fold)
    owns = compile_globs(lease.scope.owns, fold=fold).matches
    found: dict[bytes, Outside] = {}
    starts = () if base else list_starts(pool, slot, lease)
    for tip in list_tips(pool, slot, lease, made):
        against = bases if tip.name == lease.branch else (*bases, *starts)
        changes = judge(pool, tip.oid, against, made, owns, places)
        start = find_start(pool, lease) if changes else None
        own = judge(pool, tip.oid, (*against, start), made, owns, places) if start else changes
        for path, change in changes.items():
            is_shared, is_inherited = shared.matches(path), path not in own
            told = Outside(os.fsdecode(path), change.kind, tip.name, is_shared, is_inherited)
            if path not in found or (told.is_refused and not found[path].is_refused):
                found[path] = told
    return tuple(found[path] for path in sorted(found))


def list_recorded(pool: Pool, lease: Lease, found: Sequence[Outside]) -> tuple[str, ...]:
    """What goes on record: what is let go, and what a branch of this repository alone had before."""
    is_local = read_noted(pool, lease).get("start") is None
    kept = (each for each in found if each.is_refused or (each.word == "inherited" and is_local))
    return tuple(each.path for each in kept)


def judge(
    pool: Pool,
    tip: str,
    bases: Sequence[str],
    made: Collection[str],
    owns: Callable[[bytes], bool],
    told: Collection[str],
) -> dict[bytes, rule.Change]:
    """What one commit has beyond what is owned."""
    run = runner(pool.git)
    forged = list_forged(run, tip, bases)
    if forged:
        raise ObjectsForged(
            f"what is stored as {forged[0][:12]} is something else; the branch cannot be compared",
            hint="git fsck",
        )
    changes = rule.find_outside(run, None, tip, bases, owns)
    return {change.path: change for change in (*find_arrived(run, tip, bases, made, owns, told), *changes)}


def find_start(pool: Pool, lease: Lease) -> str | None:
    """Where a branch stood that was there before it was lent, here or at the remote; None for a new one."""
    commit = str(read_noted(pool, lease).get("commit", lease.base_oid))
    return None if commit == lease.base_oid else commit


def is_folding(pool: Pool, slot: Slot) -> bool:
    """Whether names that differ in case are the same: the repository says so, and it did when it was lent.

    Where the guards were not told, the file system has to say it, too.
    """
    if (find_shared(pool.git, "core.ignoreCase") or "").lower() not in TRUE:
        return False
    admin = admin_of(pool, slot)
    facts = find_facts(admin) if admin else None
    return facts.fold_case if facts else (pool.site.common / "hEAD").exists()


def runner(git: Git) -> rule.Run:
    """Git as the rule takes it."""
    sighted = git.with_variables(**rule.VARIABLES)

    def run(*args: str, stdin: bytes | None = None) -> bytes:
        return sighted.run(*args, stdin=stdin, accept=(0, 1)).stdout

    return run


def require_inside(pool: Pool, slot: Slot, lease: Lease, *, allow: bool) -> tuple[Outside, ...]:
    """What is let go beyond the scope, for the record; with `allow` everything is."""
    found = list_outside(pool, slot, lease)
    refused = [each for each in found if each.is_refused]
    if refused and not allow:
        paths = [os.fsencode(each.path) for each in refused]
        ways = (find_unfetched(pool, runner(pool.git), lease, paths), find_switch(pool, slot, lease, refused))
        raise outside_scope(slot, lease, refused, "".join(ways))
    return found


def find_switch(pool: Pool, slot: Slot, lease: Lease, refused: Sequence[Outside]) -> str:
    """The way back from a branch that is not the lease's, where that is what is refused."""
    admin = admin_of(pool, slot)
    branch = find_branch(admin) if admin else None
    if branch in (None, lease.branch) or all(each.branch != branch for each in refused):
        return ""
    return f"if {branch} is not yours: git switch {lease.branch}, and release again; else "


def outside_scope(slot: Slot, lease: Lease, refused: Sequence[Outside], way: str = "") -> OutsideScope:
    """The refusal: the paths, what is owned, and the ways on."""
    from isolation.guards.words import shown  # only a refusal pays for it

    lines = [f"  {each.kind:<9} {shown(each.path)}{on_branch(each, lease)}" for each in refused[:SHOWN]]
    if len(refused) > SHOWN:
        lines.append(f"  … and {len(refused) - SHOWN} more")
    owned = ", ".join(lease.scope.owns) if lease.scope else ""
    count = "a path" if len(refused) == 1 else f"{len(refused)} paths"
    return OutsideScope(
        f"{lease.branch} changes {count} outside what {slot.name} owns ({owned}):\n" + "\n".join(lines),
        hint=f"{way}take the changes back, ask for more with poolmgr scope request, "
        f"or let them go: poolmgr release {slot.name} --allow-outside",
        facts={
            "slot": slot.name,
            "branch": lease.branch,
            "owns": list(lease.scope.owns) if lease.scope else [],
            "paths": [each.path for each in refused],
            "outside": [each.as_json for each in refused],
        },
    )


def on_branch(each: Outside, lease: Lease) -> str:
    """Where a path was changed, when that is not the lease's branch."""
    return "" if each.branch == lease.branch else f" (on {each.branch})"
