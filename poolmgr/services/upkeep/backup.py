"""Copies of the state database, made while it is well: the last three, in `backups/`.

The name tells when it was made and the last line of the log it holds; a copy appears whole or
not at all. `pool.json` is copied with it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from poolmgr.core.errors import Busy, StateUnwritable
from poolmgr.core.records import Moment
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.site import Site, write_private
from poolmgr.store import gate
from poolmgr.store.sqlite import SqliteEngine
from poolmgr.store.tables.events import last_events

KEPT = 3
OFTEN = 600.0
NAME = re.compile(r"state-(\d{1,12})-(\d{1,15})\.db")


def room_of(site: Site) -> Path:
    """Where backups lie."""
    return site.state / "backups"


def list_backups(site: Site) -> list[Path]:
    """Every backup, the newest first."""
    room = room_of(site)
    found = [entry for entry in room.iterdir() if NAME.fullmatch(entry.name)] if room.is_dir() else []
    return sorted(found, key=order_of, reverse=True)


def order_of(backup: Path) -> tuple[int, int]:
    """When a backup was made, and the last line of the log in it."""
    match = NAME.fullmatch(backup.name)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def is_due(site: Site, last_event: int, now: Moment) -> bool:
    """Whether the newest copy is old and something happened since; a clock set back does not stop it."""
    newest = next(iter(list_backups(site)), None)
    if newest is None:
        return True
    made, event = order_of(newest)
    return event != last_event and not 0 <= now.wall - made < OFTEN


def try_back_up(pool: Pool) -> bool:
    """A copy if one is due and nobody else is at it; no room for one is no reason to stop."""
    now = read_moment()
    with pool.engine.read() as session:
        last = max((event.id for event in last_events(session, 1)), default=0)
    site = pool.site
    try:
        if not isinstance(pool.engine, SqliteEngine) or not is_due(site, last, now):
            return False
        with gate.held(site.state / "locks" / "backup.lock", patience=0):
            if not is_due(site, last, now):
                return False
            back_up(site, pool.engine.backup, last_event=last, now=now)
    except (Busy, StateUnwritable, OSError):
        return False
    return True


def back_up(site: Site, copy: Callable[[Path], None], *, last_event: int, now: Moment) -> Path:
    """The copy, under its name; the oldest go."""
    room = room_of(site)
    room.mkdir(mode=0o700, exist_ok=True)
    making = room / "making.db"
    making.unlink(missing_ok=True)
    copy(making)
    making.chmod(0o600)
    sync(making)
    target = room / f"state-{int(now.wall):012d}-{last_event:015d}.db"
    making.replace(target)
    with suppress(OSError):
        write_private(room / "pool.json", site.facts_file.read_bytes())
    for old in list_backups(site)[KEPT:]:
        old.unlink(missing_ok=True)
    return target


def sync(file: Path) -> None:
    """The content on disk."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
