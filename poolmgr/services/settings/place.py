"""Where a repository's settings come from."""

from __future__ import annotations

from pathlib import Path

import poolmgr
from isolation.git.worktrees import list_worktrees
from poolmgr.services.ground.site import Site, find_facts, is_home


def find_checkout(site: Site) -> Path | None:
    """The main checkout, whose root may hold a committed file; None where there is none."""
    facts = find_facts(site)
    if facts and is_home(site, facts):
        return Path(facts.checkout)
    layout = site.layout
    if layout.git_dir == layout.common:
        return layout.top
    listed = list_worktrees(site.git)
    return listed[0].path if listed and (listed[0].path / ".git").exists() else None


def defaults_page() -> Path:
    """The commented page of all settings: in a wheel inside the package, else in the source tree."""
    package = Path(poolmgr.__file__).parent
    shipped = package / "defaults.yaml"
    return shipped if shipped.exists() else package.parent / "config" / "defaults.yaml"
