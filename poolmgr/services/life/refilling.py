"""Filling a slot with another view at assignment, and undoing that.

What lies there is renamed aside; caches and the files poolmgr placed come back where they are
visible. From the aside's own record a killed filling is undone or finished.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

from isolation.git.program import Git
from isolation.guards.facts import drop_facts
from isolation.guards.install import worktree_config
from isolation.scope.aside import Wanted
from isolation.scope.refill import refill, undo_refill
from isolation.scope.view import View
from poolmgr.core.records import Slot
from poolmgr.services.ground import marks
from poolmgr.services.ground.job import Job
from poolmgr.services.ground.matching import matcher
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import write_private
from poolmgr.services.life import caches
from poolmgr.services.scoping.viewing import list_shown, parse_view, write_view

CACHES = "poolmgr-caches.json"


def fill_anew(pool: Pool, job: Job, admin: Path, oid: str) -> View:
    """The slot shows what the intent says, of a commit; what was there lies aside."""
    view, aside = parse_view(job.args["view"]), Path(str(job.args["aside"]))
    placed = marks.read_placed(job.slot)
    keep = matcher(pool.settings.warm.keep)

    def stays(path: bytes, is_dir: bool) -> bool:  # noqa: FBT001 - the shape isolation takes
        return os.fsdecode(path) in placed or keep(path, is_dir)

    wanted = Wanted(
        oid=oid,
        view=view,
        config=worktree_config(admin, view.mode.value),
        back=tuple(os.fsencode(path) for path in (*placed, *read_caches(admin))),
    )
    refill(job.git, job.slot.path, aside, wanted, stay=stays)
    with suppress(OSError):  # only so that the files we placed are not taken for somebody's work
        shutil.copyfile(admin / marks.PLACED, aside / "admin" / marks.PLACED)
    write_view(admin, view)
    return view


def undo_filling(job: Job, admin: Path) -> None:
    """As it was before, or filled; either way nothing is lost and the slot can be cleaned."""
    drop_facts(admin)
    if "aside" in job.args:
        undo_refill(Git(job.slot.path, job.git.keep_open), job.slot.path, Path(str(job.args["aside"])))


def prepare_filling(pool: Pool, slot: Slot, admin: Path, oid: str) -> None:
    """What the next filling should not have to find out: caches, and the paths that are always shown."""
    write_caches(pool, slot, admin)
    list_shown(pool, oid, pool.settings.scope.essential)


def write_caches(pool: Pool, slot: Slot, admin: Path) -> None:
    """Caches below the top, listed."""
    found = [os.fspath(path.relative_to(slot.path)) for path in caches.list_caches(pool, slot.path)]
    nested = [path for path in found if "/" in path]
    if nested:
        write_private(admin / CACHES, json.dumps(nested).encode())
    else:
        (admin / CACHES).unlink(missing_ok=True)


def read_caches(admin: Path) -> tuple[str, ...]:
    """Caches below the top, as they were listed last."""
    try:
        listed = json.loads((admin / CACHES).read_bytes())
    except (OSError, ValueError):
        return ()
    return tuple(str(path) for path in listed) if isinstance(listed, list) else ()
