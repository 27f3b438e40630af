"""The composition root: the one place that knows every adapter and puts a pool together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from poolmgr.core.errors import StateUnwritable
from poolmgr.core.settings import Settings
from poolmgr.services.pool import Pool
from poolmgr.services.settings import load_settings
from poolmgr.services.settings_place import find_checkout
from poolmgr.services.site import Facts, Site, find_site, require_facts, require_home
from poolmgr.store.sqlite import SqliteEngine
from resources.probes.processes import describe, read_own_identity


def open_pool(directory: Path, flags: Mapping[str, str] | None = None) -> Pool:
    """The pool around a directory, to work with."""
    site = find_site(directory)
    facts = require_facts(site)
    require_home(site, facts)
    return assemble(site, facts, SqliteEngine(site.database), flags)


def look_at_pool(directory: Path) -> Pool:
    """The pool around a directory, to look at: also a copy, also where nothing may be written."""
    site = find_site(directory)
    facts = require_facts(site)
    try:
        require_writable(site)
        engine = SqliteEngine(site.database)
    except StateUnwritable:
        engine = SqliteEngine(site.database, read_only=True)
    return assemble(site, facts, engine)


def require_writable(site: Site) -> None:
    """Refuse a state directory in which nothing may be written (a sandbox, a full or read-only disk)."""
    if not os.access(site.state, os.W_OK) or os.statvfs(site.state).f_flag & os.ST_RDONLY:
        raise StateUnwritable(f"{site.state} is read-only")


def assemble(site: Site, facts: Facts, engine: SqliteEngine, flags: Mapping[str, str] | None = None) -> Pool:
    """The pool with its settings."""
    me = read_own_identity()
    settings = settings_of(site, facts, flags)
    return Pool(site=site, facts=facts, settings=settings, engine=engine, me=me, actor=describe(me))


def settings_of(site: Site, facts: Facts | None, flags: Mapping[str, str] | None = None) -> Settings:
    """The settings in force for a repository."""
    checkout = Path(facts.checkout) if facts else find_checkout(site)
    return load_settings(checkout, site.state, os.environ, flags or {}).settings
