"""A state that is lost or damaged is made again: from a backup what only it knows, the rest from git.

The bad files are moved aside, never deleted. What lives is read from git alone: a backup is older
than the worktrees, so of it only the history, the requests and the size are taken. The new database
is filled beside the old place and appears whole.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from isolation.git.program import Git
from poolmgr.core.errors import Busy
from poolmgr.core.records import Slot
from poolmgr.services.doctor.enter import OVER, Entrance, enter, prepare
from poolmgr.services.doctor.gathering import gather
from poolmgr.services.doctor.registered import Registered
from poolmgr.services.ground.fences import highest_fence
from poolmgr.services.ground.pool import read_moment
from poolmgr.services.ground.site import Facts, Site
from poolmgr.services.upkeep.backup import list_backups
from poolmgr.store import gate
from poolmgr.store.snapshot import lift_fence, read_meta, write_meta
from poolmgr.store.soundness import find_damage
from poolmgr.store.sqlite import SqliteEngine, create
from poolmgr.store.tables.events import Note, add_pool_event
from resources.probes.inside import scan
from resources.probes.processes import describe, read_own_identity

PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild found."""

    leased: int
    others: int
    backup: Path | None

    def __str__(self) -> str:
        source = f"{self.backup.name} and git" if self.backup else "git"
        return (
            f"rebuilt from {source}: {self.leased} leases go on, {self.others} other worktrees are gone over"
        )


def rebuild_database(site: Site, facts: Facts) -> Rebuilt:
    """The database made again, under the locks that everybody takes."""
    await_unused(site)
    with gate.held(site.state / "git.lock", patience=600) as descriptor:
        found = gather(site, facts.pool_id, Git(site.common, (descriptor,)))
        room = room_of(site)
        shutil.rmtree(room, ignore_errors=True)
        room.mkdir(mode=0o700)
        backup = start_from_backup(site, facts, room)
        rebuilt = fill(site, room, found, backup)
        with gate.held(site.state / "gate.lock"):
            set_aside(
                site.state, [site.database, *(Path(f"{site.database}{end}") for end in ("-wal", "-shm"))]
            )
            (room / site.database.name).replace(site.database)
        shutil.rmtree(room)
    return rebuilt


def room_of(site: Site) -> Path:
    """Where it is made; what lies there afterwards is of one that was cut off."""
    return site.state / "rebuilding"


def clear_room(site: Site) -> None:
    """Nothing lies there any more; nobody is at work there who holds the lock."""
    with gate.held(site.state / "git.lock", patience=60):
        shutil.rmtree(room_of(site), ignore_errors=True)


def await_unused(site: Site) -> None:
    """Nobody may have the old file open: what they wrote would be lost with it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        users = scan((site.database,))[site.database].processes
        if not users:
            return
        if time.monotonic() > deadline:
            names = ", ".join(f"{user.name} (pid {user.pid})" for user in users)
            raise Busy(f"{names} still has {site.database} open", hint="end it, then: poolmgr doctor --fix")
        time.sleep(0.1)


def set_aside(state: Path, files: Iterable[Path]) -> Path | None:
    """The files in a directory of their own under `damaged/`."""
    present = [file for file in files if os.path.lexists(file)]
    if not present:
        return None
    room = state / "damaged"
    room.mkdir(mode=0o700, exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%S")
    place = next(each for number in range(1000) if not (each := room / f"{stamp}-{number}").exists())
    place.mkdir(mode=0o700)
    for file in present:
        file.rename(place / file.name)
    return place


def start_from_backup(site: Site, facts: Facts, room: Path) -> Path | None:
    """The newest sound backup as the beginning of the new database; None when there is none."""
    target = room / site.database.name
    for backup in list_backups(site):
        shutil.copyfile(backup, target)
        target.chmod(0o600)
        if find_damage(target, facts.pool_id) is None:
            return backup
        for end in ("", "-wal", "-shm"):
            Path(f"{target}{end}").unlink(missing_ok=True)
    create(target, {"pool_id": facts.pool_id, "size": "0", "fence": "0"})
    return None


def fill(site: Site, room: Path, found: list[Registered], backup: Path | None) -> Rebuilt:
    """What git knows, in one transaction."""
    now = read_moment()
    note = Note(action="rebuild", actor=describe(read_own_identity()), reason="found in git")
    highest = highest_fence(site, [each.fence for each in found])
    ordered = prepare(site.common, found)
    with closing(SqliteEngine(room / site.database.name)) as engine, engine.write() as session:
        session.all("note_forgotten_slots", wall=now.wall, actor=note.actor)
        session.all("forget_live_slots")
        session.all("forget_live_leases", wall=now.wall, reason=OVER)
        session.all("forget_open_ops", wall=now.wall)
        session.all("forget_queue")
        lift_fence(session, highest)
        entrance = Entrance(session=session, parked=site.parked, note=note, now=now)
        slots = [enter(entrance, each) for each in ordered]
        if read_meta(session).get("size", "0") == "0":
            write_meta(session, "size", str(len(wanted_numbers(site, slots))))
        add_pool_event(
            session, note._replace(reason=f"the state was lost; {len(slots)} worktrees found"), now=now
        )
    leased = sum(slot.lease_id is not None for slot in slots)
    return Rebuilt(leased=leased, others=len(slots) - leased, backup=backup)


def wanted_numbers(site: Site, slots: Iterable[Slot]) -> set[int]:
    """The places the pool had, parked directories aside."""
    return {slot.number for slot in slots if slot.path.parent != site.parked}
