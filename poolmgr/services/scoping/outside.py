"""What a lease's branch changes beyond its scope, whatever guards it passed or was kept from.

The last word on a scope: git's objects are compared, no hook and no setting is asked.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from isolation.git.program import Git
from isolation.guards import rule
from isolation.guards.made import find_arrived
from poolmgr.core.errors import OutsideScope
from poolmgr.core.records import Lease, Slot
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.start_point import require_named
from poolmgr.services.scoping.bases import list_bases
from poolmgr.services.scoping.guarding import is_folding
from poolmgr.services.scoping.tips import list_made, list_tips
from tracks.globs import compile_globs

SHOWN = 20


class Outside(NamedTuple):
    """One path beyond the scope, what happened to it and on which branch; shared ones are allowed."""

    path: str
    kind: str
    branch: str
    is_shared: bool

    @property
    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {"path": self.path, "kind": self.kind, "branch": self.branch, "shared": self.is_shared}


def list_outside(pool: Pool, slot: Slot, lease: Lease, base: str | None = None) -> tuple[Outside, ...]:
    """Every path beyond the scope; against another base than the lease's when one is named."""
    if lease.scope is None:
        return ()
    bases = (require_named(pool.git, base).oid,) if base else list_bases(pool, slot, lease)
    made = list_made(pool, slot, lease)
    fold = is_folding(pool.git)
    shared = compile_globs(lease.shared, fold=fold)
    owns = compile_globs(lease.scope.owns, fold=fold).matches
    found: dict[bytes, Outside] = {}
    for tip in list_tips(pool, slot, lease, made):
        changes = rule.find_outside(runner(pool.git), None, tip.oid, bases, owns)
        for change in (*changes, *find_arrived(runner(pool.git), tip.oid, bases, made, owns)):
            path, is_shared = os.fsdecode(change.path), shared.matches(change.path)
            found.setdefault(change.path, Outside(path, change.kind, tip.name, is_shared))
    return tuple(found[path] for path in sorted(found))


def runner(git: Git) -> rule.Run:
    """Git as the rule takes it."""
    sighted = git.with_variables(**rule.VARIABLES)

    def run(*args: str, stdin: bytes | None = None) -> bytes:
        return sighted.run(*args, stdin=stdin, accept=(0, 1)).stdout

    return run


def require_inside(pool: Pool, slot: Slot, lease: Lease, *, allow: bool) -> tuple[Outside, ...]:
    """What is let go beyond the scope, for the record: shared paths, and with `allow` all others."""
    found = list_outside(pool, slot, lease)
    refused = [each for each in found if not each.is_shared]
    if refused and not allow:
        raise outside_scope(slot, lease, refused)
    return found


def outside_scope(slot: Slot, lease: Lease, refused: Sequence[Outside]) -> OutsideScope:
    """The refusal: the paths, what is owned, and the ways on."""
    lines = [f"  {each.kind:<9} {each.path}{on_branch(each, lease)}" for each in refused[:SHOWN]]
    if len(refused) > SHOWN:
        lines.append(f"  … and {len(refused) - SHOWN} more")
    owned = ", ".join(lease.scope.owns) if lease.scope else ""
    count = "a path" if len(refused) == 1 else f"{len(refused)} paths"
    return OutsideScope(
        f"{lease.branch} changes {count} outside what {slot.name} owns ({owned}):\n" + "\n".join(lines),
        hint=f"take the changes back, ask for more with poolmgr scope request, "
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
