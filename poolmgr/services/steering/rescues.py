"""Kept work for people: it needs a repository, not a pool, and never vanishes by itself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from isolation import rescue as keeping
from isolation.git.program import Git
from isolation.git.refs import find_commit, point_head
from isolation.git.worktrees import checked_out, find_admin
from isolation.rescue import Held, Rescue, restore_into
from poolmgr.core.errors import NoSuchRescue, TimedOut, UsageError
from poolmgr.core.settings_values import parse_duration
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import Site, find_site
from poolmgr.services.lending.acquire import Asked, acquire, delivered
from poolmgr.services.life.files import lend_files
from poolmgr.services.life.keep import rules_for
from poolmgr.store import gate


def list_all(directory: Path) -> tuple[Rescue, ...]:
    """Every rescue, oldest first."""
    site = find_site(directory)
    return keeping.list_rescues(site.git, site.archives)


def require_rescue(site: Site, rescue_id: str) -> Rescue:
    """The rescue of that id."""
    parts = rescue_id.split("-")
    well_formed = len(parts) == 2 and all(part.isascii() and part.isdigit() for part in parts)
    found = keeping.find_rescue(site.git, site.archives, rescue_id) if well_formed else None
    if found is None:
        raise NoSuchRescue(f"no rescue {rescue_id!r}", hint="poolmgr rescue list")
    return found


def show(directory: Path, rescue_id: str) -> tuple[Rescue, tuple[Held, ...]]:
    """A rescue and what it holds beyond its HEAD, private files among it."""
    site = find_site(directory)
    rescue = require_rescue(site, rescue_id)
    return rescue, keeping.list_held(site.git, rescue)


def restore(directory: Path, rescue_id: str, to: Path) -> Path:
    """The kept work in a new worktree; the rescue stays."""
    site = find_site(directory)
    rescue = require_rescue(site, rescue_id)
    place = Path(os.path.abspath(directory / to))
    if not place.parent.is_dir():
        raise UsageError(
            f"{place.parent} is not a directory", hint="name a directory to be made in one that exists"
        )
    with git_lock(site) as git:
        keeping.restore(git, rescue, place)
    return place


def restore_into_slot(pool: Pool, rescue_id: str, agent: str, *, background: Callable[[Pool], None]) -> Path:
    """The kept work in a newly acquired slot, on its branch again where that is still possible."""
    rescue = require_rescue(pool.site, rescue_id)
    tip = find_commit(pool.git, f"refs/heads/{rescue.branch}") if rescue.branch else None
    is_free = rescue.branch and rescue.branch not in checked_out(pool.site.common)
    asked = Asked(
        agent=agent, branch=rescue.branch if tip == rescue.head and tip and is_free else None,
        base=rescue.head or None, timeout=pool.settings.queue.timeout,
    )  # fmt: skip
    try:
        lent = acquire(pool, asked, background=background)
    except TimedOut as error:
        error.again, error.hint = (), f"poolmgr rescue restore {rescue_id} --to DIR needs no slot"
        raise
    git = Git(lent.slot.path)
    restore_into(git, rescue, lent.slot.path, rules_for(pool, lent.slot))
    lend_files(pool, lent.slot, lent.lease)
    if rescue.head and not find_operation(git):
        point_head(git, lent.lease.branch, message=f"poolmgr: restored {rescue.id}")
    delivered(pool, lent)
    return lent.slot.path


def find_operation(git: Git) -> bool:
    """Whether HEAD is detached because something is under way that will move it back."""
    admin = find_admin(git.cwd)
    names = ("rebase-merge", "rebase-apply", "BISECT_LOG")
    return admin is not None and any((admin / name).exists() for name in names)


def drop(directory: Path, rescue_id: str | None, older_than: str | None) -> tuple[Rescue, ...]:
    """Deleted for good: by id, or all beyond an age."""
    site = find_site(directory)
    if (rescue_id is None) == (older_than is None):
        raise UsageError("name one rescue, or an age with --older-than", hint="poolmgr rescue list")
    chosen: tuple[Rescue, ...]
    if rescue_id:
        chosen = (require_rescue(site, rescue_id),)
    else:
        limit = time.time() - require_duration(older_than or "")
        chosen = tuple(
            each for each in list_all(directory) if datetime.fromisoformat(each.created).timestamp() < limit
        )
    for rescue in chosen:
        keeping.drop(site.git, rescue)
    return chosen


def require_duration(text: str) -> float:
    """A span of time somebody typed, in seconds."""
    try:
        return float(str(parse_duration(text)))
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no age: {error}", hint="poolmgr rescue drop --older-than 30d"
        ) from error


@contextmanager
def git_lock(site: Site) -> Iterator[Git]:
    """The lock around worktree commands; where the pool is gone its directory is made again."""
    site.state.mkdir(mode=0o700, exist_ok=True)
    with gate.held(site.state / "git.lock", patience=600) as descriptor:
        yield Git(site.common, (descriptor,))
