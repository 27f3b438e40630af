"""Kept work for people: it needs a repository, not a pool, and never vanishes by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from isolation import rescue as keeping
from isolation.git.program import Git
from isolation.rescue import Rescue
from isolation.rescue.objects import read_manifest
from poolmgr.core.errors import NoSuchRescue, PoolError, UsageError
from poolmgr.core.settings_kinds import parse_duration
from poolmgr.services.site import Site, find_site
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


def show(directory: Path, rescue_id: str) -> tuple[Rescue, tuple[str, ...]]:
    """A rescue and the paths it holds."""
    site = find_site(directory)
    rescue = require_rescue(site, rescue_id)
    manifest = read_manifest(site.git, rescue.oid)
    return rescue, tuple(sorted(entry.path for entry in manifest.entries))


def restore(directory: Path, rescue_id: str, to: Path | None) -> Path:
    """The kept work in a worktree again; the rescue stays."""
    site = find_site(directory)
    rescue = require_rescue(site, rescue_id)
    if to is None:
        return restore_into_slot(directory, rescue)
    place = Path(directory, to)
    with git_lock(site) as git:
        keeping.restore(git, rescue, place)
    return place


def restore_into_slot(directory: Path, rescue: Rescue) -> Path:
    """A slot acquired for it and filled."""
    raise PoolError("not yet", hint=f"poolmgr rescue restore {rescue.id} --to DIR")


def drop(directory: Path, rescue_id: str | None, older_than: str | None) -> tuple[Rescue, ...]:
    """Deleted for good: by id, or all beyond an age."""
    site = find_site(directory)
    if (rescue_id is None) == (older_than is None):
        raise UsageError("name one rescue, or an age with --older-than", hint="poolmgr rescue list")
    if rescue_id:
        chosen = (require_rescue(site, rescue_id),)
    else:
        limit = time.time() - parse_duration(older_than or "")
        chosen = tuple(each for each in list_all(directory) if datetime.fromisoformat(each.created).timestamp() < limit)
    for rescue in chosen:
        keeping.drop(site.git, rescue)
    return chosen


@contextmanager
def git_lock(site: Site) -> Iterator[Git]:
    """The lock around worktree commands; where the pool is gone its directory is made again."""
    site.state.mkdir(mode=0o700, exist_ok=True)
    with gate.held(site.state / "git.lock", patience=600) as descriptor:
        yield Git(site.common, (descriptor,))
