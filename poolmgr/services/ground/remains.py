"""Files under temporary names that a killed process left; a living one's are never touched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from isolation.git.worktrees import list_admins
from poolmgr.services.ground.site import Site
from resources.probes.processes import read_identity

ROOMS = ("backups", "database", "logs")
# `.name.PID` (replaced whole), `state.db.new-PID` and what SQLite lays beside it.
TEMPORARY = re.compile(r"\..+\.(\d{1,10})|.+\.new-(\d{1,10})(?:-wal|-shm|-journal)?")


def list_remains(site: Site) -> Iterator[Path]:
    """Temporary names with the number of a process that is gone."""
    rooms = (site.state, *(site.state / name for name in ROOMS))
    for room in (*rooms, *list_admins(site.common)):
        for file in sorted(room.iterdir()) if room.is_dir() else ():
            match = TEMPORARY.fullmatch(file.name)
            if match and file.is_file() and read_identity(int(match[1] or match[2])) is None:
                yield file


def drop_remains(site: Site) -> None:
    """They go; a writer that is gone will not miss them."""
    for file in list_remains(site):
        file.unlink(missing_ok=True)
