"""Fences that left a trace: new ones go on above them, also when the state is new."""

from __future__ import annotations

import re
from collections.abc import Iterable

from isolation.git.refs import list_refs
from poolmgr.services.ground.site import Site

RESCUES = "refs/poolmgr/rescue/"
ASIDE = re.compile(r"pool-wt-([1-9]\d{0,8})(?:\.g([1-9]\d{0,8}))?-(\d{1,18})(?:-unregistered|-late)?")


def highest_fence(site: Site, known: Iterable[int] = ()) -> int:
    """The highest of those known and those that git, an archive or a parked directory names."""
    names = [ref.rpartition("/")[2] for ref in list_refs(site.git, RESCUES.rstrip("/"))]
    names += [file.stem.partition("-")[2] for file in site.archives.glob("*.tar")]
    parked = site.parked.iterdir() if site.parked.is_dir() else ()
    names += [match[3] for entry in parked if (match := ASIDE.fullmatch(entry.name))]
    return max((*known, *(int(name) for name in names if name.isdigit() and len(name) < 19)), default=0)
