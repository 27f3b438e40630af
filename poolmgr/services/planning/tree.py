"""The files that tasks are about: those of the commit new branches start from."""

from __future__ import annotations

from poolmgr.core.settings import Settings
from poolmgr.services.ground.site import Site
from poolmgr.services.ground.start_point import Base, find_default, require_named


def find_start(site: Site, settings: Settings) -> Base | None:
    """The base in the settings, else the default branch; None before the first commit."""
    name = settings.pool.base
    return require_named(site.git, name) if name else find_default(site.git)


def list_files(site: Site, settings: Settings) -> list[bytes]:
    """Every path of that commit; submodules are paths, too."""
    start = find_start(site, settings)
    if start is None:
        return []
    listed = site.git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", start.oid).stdout
    return [path for path in listed.split(b"\0") if path]
