"""The pool's worktrees where they lie now, and the highest fence that left a trace anywhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from isolation.git.program import Git
from isolation.git.worktrees import repair_worktree
from isolation.work.linked import follow, move
from poolmgr.services.doctor.registered import Registered, is_of, list_registered
from poolmgr.services.ground.fences import ASIDE
from poolmgr.services.ground.marks import is_tombstone
from poolmgr.services.ground.site import Site


def gather(site: Site, pool_id: str, git: Git) -> list[Registered]:
    """Every worktree of this pool, at its place again; and parked directories git knows nothing of."""
    found = [
        ensure_in_place(site, git, each) for each in list_registered(site.common) if each.pool_id == pool_id
    ]
    known = {each.path for each in found}
    return [*found, *(each for each in list_unregistered(site, pool_id) if each.path not in known)]


def ensure_in_place(site: Site, git: Git, found: Registered) -> Registered:
    """A directory that a killed park or retire left under another name is found by its `.git` file."""
    if found.admin is None or (found.path.exists() and not is_tombstone(found.path)):
        return found
    for place in list_set_aside(site, found.path.parent):
        if not is_of(place, found.admin):
            continue
        if place.parent == site.parked:
            repair_worktree(git, place)
            follow(place, found.path)
            return found._replace(path=place)
        if is_tombstone(found.path):
            shutil.rmtree(found.path)
        move(place, found.path)
        break
    return found


def list_set_aside(site: Site, beside: Path) -> Iterator[Path]:
    """The directories that park and retire make."""
    if site.parked.is_dir():
        yield from site.parked.iterdir()
    yield from beside.glob(".pool-wt-*.going")


def list_unregistered(site: Site, pool_id: str) -> Iterator[Registered]:
    """Directories in the parked room that no admin entry names."""
    for entry in sorted(site.parked.iterdir()) if site.parked.is_dir() else ():
        match = ASIDE.fullmatch(entry.name)
        if match and entry.is_dir() and not is_tombstone(entry):
            generation = int(match[2] or 1)
            yield Registered(
                admin=None, path=entry, pool_id=pool_id, number=int(match[1]), generation=generation,
                fence=int(match[3]),
            )  # fmt: skip
