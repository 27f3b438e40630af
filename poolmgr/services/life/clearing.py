"""What was laid aside when a slot was filled anew goes once it is proven clean, or kept.

One process at a time, and never while somebody is inside. It is renamed before it is proven, so
that nobody comes in any more, and again before it is removed, so that what a killed removal leaves
is never looked at as somebody's deletions.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from isolation.errors import IsolationError, RescueExists
from isolation.git.config import replace_file
from isolation.git.program import Git
from isolation.rescue import Rescue, keep
from isolation.work import examine
from isolation.work.linked import follow
from poolmgr.core.errors import Busy
from poolmgr.services.ground.inside import names, without_watchers
from poolmgr.services.ground.job import is_environment
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.life.keep import TRIES, describe_rescue, rescue_place, rules_of, timestamp
from poolmgr.services.life.retire import make_removable
from poolmgr.services.scoping.asides import (
    GOING,
    INSIDE,
    PROVING,
    STUCK,
    list_asides,
    number_of,
    renamed,
)
from poolmgr.store import gate
from poolmgr.store.snapshot import raise_fence
from poolmgr.store.tables.events import add_pool_event
from resources.probes.inside import list_inside
from resources.probes.processes import read_identity

REASON = "written into a free slot before it was filled anew"


def try_clear(pool: Pool, aside: Path, *, patience: float = 0) -> bool:
    """Whether it is gone; False while somebody is in it or at it, or when it could not be kept."""
    try:
        with gate.held(pool.site.state / "locks" / "asides.lock", patience=patience) as descriptor:
            return clear(pool, aside, Git(pool.site.common, (descriptor,)))
    except Busy:
        return False


def clear(pool: Pool, aside: Path, git: Git) -> bool:
    """Renamed, proven, renamed again, removed; asked anew whether an intent is at it."""
    if aside not in list_asides(pool, pool.snapshot()):
        return not aside.exists()
    if is_occupied(pool, aside):
        return False
    if not aside.name.endswith(GOING):
        aside = aside.rename(renamed(aside, PROVING))
        try:
            rescue = keep_aside(pool, aside, git)
        except (IsolationError, OSError) as error:
            if is_environment(error):
                raise
            if not is_occupied(pool, aside):
                (aside / STUCK).write_text(str(error))
            return False
        if rescue:
            with pool.engine.write() as session:
                words = f"{aside.name}: {describe_rescue(rescue)}"
                add_pool_event(session, pool.note("rescue", words), now=read_moment())
        if is_occupied(pool, aside):
            return False
        aside = aside.rename(renamed(aside, GOING))
    return try_remove(aside)


def is_occupied(pool: Pool, aside: Path) -> bool:
    """Whether somebody lives in it and may go on writing; who that is stands in the aside."""
    inside = without_watchers(pool, list_inside(aside))
    if not inside.processes:
        (aside / INSIDE).unlink(missing_ok=True)
        return False
    identities = [read_identity(process.pid) for process in inside.processes]
    (aside / INSIDE).write_text("\n".join([names(inside), *(text for text in identities if text)]))
    return True


def try_remove(aside: Path) -> bool:
    """Whether it is gone; False when something came into it meanwhile."""
    make_removable(aside)
    try:
        shutil.rmtree(aside)
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        return False
    return True


def keep_aside(pool: Pool, aside: Path, git: Git) -> Rescue | None:
    """A verified rescue of everything unsaved in it; None when nothing is."""
    tree = aside / "tree"
    if not tree.exists():
        return None
    point_at(aside, pool.site.common)
    with pool.git_lock(git):
        follow(tree, tree)
    rules = rules_of(pool, tree)
    if examine(git.at(tree), tree, rules).is_clean:
        return None
    number, fence = number_of(aside)
    for _ in range(TRIES):
        try:
            return keep(
                git.at(tree), tree, where=rescue_place(pool), slot=number, fence=fence, rules=rules,
                reason=REASON, created=timestamp(),
            )  # fmt: skip
        except RescueExists:
            with pool.engine.write() as session:
                fence = raise_fence(session)
    raise AssertionError("a raised fence is new")


def point_at(aside: Path, common: Path) -> None:
    """Its three links where they lead now: the repository may have moved since."""
    tree, admin = aside / "tree", aside / "admin"
    links = {
        tree / ".git": b"gitdir: " + os.fsencode(admin) + b"\n",
        admin / "gitdir": os.fsencode(tree / ".git") + b"\n",
        admin / "commondir": os.fsencode(common) + b"\n",
    }
    for file, content in links.items():
        if not file.exists() or file.read_bytes() != content:
            replace_file(file, content)
