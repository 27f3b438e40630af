"""Making a pool in a repository, and what that changes in it.

What will be changed is written to `pool.json` before it is changed, so that a kill in between
leaves something `cleanup` can take back. Repeating it is safe.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

from isolation.git.config import (
    EXTENSION,
    ensure_excluded,
    exclude_file,
    find_shared,
    plan_exclude,
    set_shared,
)
from isolation.git.layout import OLDEST, read_version
from isolation.git.worktrees import list_worktrees
from poolmgr.core.errors import NotARepository, PoolError, StateDamaged, StateUnwritable
from poolmgr.core.settings import Settings
from poolmgr.services.ground.fences import highest_fence
from poolmgr.services.ground.pool import ENV_FILE
from poolmgr.services.ground.remains import drop_remains
from poolmgr.services.ground.site import Facts, Site, find_facts, make_state, require_home, write_facts
from poolmgr.store import gate
from poolmgr.store.sqlite import create
from resources.probes.filesystem import is_network, is_writable
from resources.probes.processes import host_id


def require_usable(site: Site) -> None:
    """Refuse what cannot have a pool, each in one sentence."""
    if site.layout.bare:
        raise NotARepository(
            "this repository is bare; a pool needs a checkout beside it",
            hint="git clone it, and run poolmgr init in the clone",
        )
    version = read_version(site.git)
    if version < OLDEST:
        raise PoolError(f"git {version[0]}.{version[1]} is too old", hint="install git 2.38 or newer")
    if is_network(site.common):
        raise PoolError(
            f"{site.common} lies on a network file system, where locks cannot be trusted",
            hint="clone the repository to a local disk",
        )
    if find_shared(site.git, "core.worktree"):
        raise PoolError(
            "this checkout is a submodule or has core.worktree set; its worktrees cannot differ in settings",
            hint="clone the repository by itself",
        )


def ensure_facts(site: Site, settings: Settings) -> Facts:
    """The sentinel, made once; a copy of somebody else's pool is refused."""
    facts = find_facts(site)
    if facts:
        require_home(site, facts)
        return facts
    checkout = list_worktrees(site.git)[0].path
    return Facts(
        pool_id=secrets.token_hex(8), host=host_id(), common=os.fspath(site.common),
        checkout=os.fspath(checkout), slots_dir=os.fspath(slots_directory(checkout, settings)),
        created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    )  # fmt: skip


def slots_directory(checkout: Path, settings: Settings) -> Path:
    """Where slots lie: beside the checkout unless the settings say otherwise."""
    asked = settings.pool.dir
    place = checkout / asked if asked else checkout.with_name(f"{checkout.name}.worktrees")
    return Path(os.path.realpath(place))


def ensure_pool(site: Site, settings: Settings, size: int) -> Facts:
    """The pool's files and its marks in the repository; slots come later."""
    facts = ensure_facts(site, settings)
    slots_dir = Path(facts.slots_dir)
    if not is_writable(nearest(slots_dir)):
        raise StateUnwritable(
            f"slots cannot be made in {slots_dir}: {nearest(slots_dir)} is not writable",
            hint="name another place: POOLMGR_POOL_DIR=/path poolmgr init, or pool.dir in the settings",
        )
    try:
        make_state(site)
    except OSError as error:
        raise StateUnwritable(
            f"{site.state} cannot be made: {error.strerror}", hint="allow writing there"
        ) from error
    with gate.held(site.state / "git.lock", patience=600):
        facts = mark_repository(site, find_facts(site) or facts)
    if not site.database.exists():
        refuse_lost(site, facts)
        create(
            site.database, {"pool_id": facts.pool_id, "size": str(size), "fence": str(highest_fence(site))}
        )
    slots_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    drop_remains(site)
    return facts


def mark_repository(site: Site, facts: Facts) -> Facts:
    """The two changes a pool makes in the repository's own files, recorded before they are made."""
    if not site.facts_file.exists():
        is_set = find_shared(site.git, EXTENSION) == "true"
        added = os.fsdecode(plan_exclude(site.common, exclude_lines(facts)))
        is_new = not exclude_file(site.common).exists()
        facts = write_facts(site, facts, worktree_config=not is_set, exclude=added, exclude_made=is_new)
    if facts.worktree_config:
        set_shared(site.git, EXTENSION, "true")
    ensure_excluded(site.common, os.fsencode(facts.exclude))
    return facts


def exclude_lines(facts: Facts) -> list[str]:
    """Our lines for info/exclude; the first tells this pool's from another's."""
    checkout, slots_dir = Path(facts.checkout), Path(facts.slots_dir)
    inside = [f"/{slots_dir.relative_to(checkout)}/"] if checkout in slots_dir.parents else []
    return [f"# poolmgr {facts.pool_id}", ENV_FILE, *inside]


def refuse_lost(site: Site, facts: Facts) -> None:
    """A database that is gone while its slots are there is rebuilt, not begun anew."""
    reason = f"poolmgr pool={facts.pool_id} "
    if any(listed.locked and listed.locked.startswith(reason) for listed in list_worktrees(site.git)):
        raise StateDamaged(f"the state database {site.database} is gone", hint="poolmgr doctor --fix")


def nearest(path: Path) -> Path:
    """The nearest directory upwards that exists."""
    return next(place for place in (path, *path.parents) if place.is_dir())
