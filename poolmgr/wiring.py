"""The composition root: the one place that knows every adapter and puts a pool together."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from poolmgr.core.errors import PoolError, StateDamaged, StateUnwritable
from poolmgr.core.lifecycle import LENT
from poolmgr.core.records import Lease
from poolmgr.core.settings import Settings
from poolmgr.services.ground.pool import Pool, find_slot_around
from poolmgr.services.ground.site import (
    Facts,
    Site,
    find_site,
    is_home,
    require_facts,
    require_home,
    require_staying,
)
from poolmgr.services.ground.use import use_slot
from poolmgr.services.settings.load import load_settings
from poolmgr.services.settings.place import find_checkout
from poolmgr.store.snapshot import read_meta
from poolmgr.store.sqlite import SqliteEngine
from resources.probes.processes import describe, read_own_identity


def open_pool(directory: Path, flags: Mapping[str, str] | None = None) -> Pool:
    """The pool around a directory, to work with."""
    site = find_site(directory)
    facts = require_facts(site)
    require_staying(site)
    require_home(site, facts)
    pool = assemble(site, facts, SqliteEngine(site.database), flags)
    return pool._replace(around=note_use(pool, directory))


def look_at_pool(directory: Path) -> Pool:
    """The pool around a directory, to look at: also a copy, also where nothing may be written."""
    site = find_site(directory)
    facts = require_facts(site)
    require_staying(site)
    try:
        require_writable(site)
        engine = SqliteEngine(site.database)
    except StateUnwritable:
        engine = SqliteEngine(site.database, read_only=True)
    is_writable = not engine.read_only and is_home(site, facts)
    pool = assemble(site, facts, engine)._replace(is_writable=is_writable)
    return pool._replace(around=note_use(pool, directory)) if is_writable else pool


def note_use(pool: Pool, directory: Path) -> Lease | None:
    """A command from inside a slot shows that its lease is used; the lease."""
    if pool.site.layout.git_dir == pool.site.layout.common:
        return None
    snapshot = pool.snapshot()
    slot = find_slot_around(snapshot, directory)
    lease = snapshot.lease_of(slot) if slot else None
    if slot and lease and slot.state in LENT:
        with suppress(PoolError, OSError):  # seen or not, the command goes on
            use_slot(pool, slot, lease)
    return lease


def require_writable(site: Site) -> None:
    """Refuse a state directory in which nothing may be written (a sandbox, a full or read-only disk)."""
    if not os.access(site.state, os.W_OK) or os.statvfs(site.state).f_flag & os.ST_RDONLY:
        raise StateUnwritable(f"{site.state} is read-only")


def assemble(site: Site, facts: Facts, engine: SqliteEngine, flags: Mapping[str, str] | None = None) -> Pool:
    """The pool with its settings; a database that is another pool's is refused."""
    with engine.read() as session:
        if read_meta(session).get("pool_id") != facts.pool_id:
            raise StateDamaged(f"{site.database} belongs to another pool", hint="poolmgr doctor --fix")
    me = read_own_identity()
    atexit.register(engine.close)
    loaded = load_settings(Path(facts.checkout), site.state, os.environ, flags or {})
    skipped = tuple(given.key for given in loaded.skipped)
    return Pool(
        site=site, facts=facts, settings=loaded.settings, engine=engine, me=me, actor=describe(me),
        skipped=skipped,
    )  # fmt: skip


def settings_of(site: Site, facts: Facts | None, flags: Mapping[str, str] | None = None) -> Settings:
    """The settings in force for a repository."""
    checkout = Path(facts.checkout) if facts else find_checkout(site)
    return load_settings(checkout, site.state, os.environ, flags or {}).settings
