"""A state that is lost or damaged is made again: from a backup what only it knows, the rest from git.

The bad files are moved aside, never deleted. What lives is read from git alone: a backup is older
than the worktrees, so of it only the history, the requests and the size are taken. The new database
is filled beside the old place and appears whole.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from isolation.git.program import Git
from isolation.git.refs import list_refs
from isolation.git.worktrees import list_worktrees, repair_worktree
from poolmgr.core.errors import Busy, StateDamaged
from poolmgr.core.records import Slot
from poolmgr.services.backup import list_backups
from poolmgr.services.enter import OVER, Entrance, enter, prepare
from poolmgr.services.marks import is_tombstone
from poolmgr.services.pool import read_moment
from poolmgr.services.registered import ASIDE, Registered, is_of, list_registered
from poolmgr.services.site import Facts, Site, find_facts, write_facts
from poolmgr.store import gate
from poolmgr.store.snapshot import lift_fence, read_meta, write_meta
from poolmgr.store.soundness import find_damage
from poolmgr.store.sqlite import SqliteEngine, create
from poolmgr.store.tables.events import Note, add_pool_event
from resources.probes.inside import scan
from resources.probes.processes import describe, host_id, read_own_identity

RESCUES = "refs/poolmgr/rescue/"
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
        room = site.state / "rebuilding"
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
    highest = highest_fence(site, found)
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


def highest_fence(site: Site, found: Iterable[Registered]) -> int:
    """The highest fence that git, an archive or a parked directory names."""
    fences = [each.fence for each in found]
    for ref in list_refs(site.git, RESCUES.rstrip("/")):
        last = ref.rpartition("/")[2]
        fences.append(int(last) if last.isdigit() and len(last) < 19 else 0)
    for file in site.archives.glob("*.tar"):
        last = file.stem.partition("-")[2]
        fences.append(int(last) if last.isdigit() and len(last) < 19 else 0)
    for entry in site.parked.iterdir() if site.parked.is_dir() else ():
        match = ASIDE.fullmatch(entry.name)
        fences.append(int(match[3]) if match else 0)
    return max(fences, default=0)


def gather(site: Site, pool_id: str, git: Git) -> list[Registered]:
    """Every worktree of this pool, at its place again; and parked directories git knows nothing of."""
    found = [
        ensure_in_place(site, git, each) for each in list_registered(site.common) if each.pool_id == pool_id
    ]
    known = {each.path for each in found}
    return [*found, *(each for each in list_unregistered(site, pool_id) if each.path not in known)]


def ensure_in_place(site: Site, git: Git, found: Registered) -> Registered:
    """A directory that a killed park or retire left under another name is found by its `.git` file."""
    if found.admin is None or (found.path.exists() and not is_tombstone(found.path)):
        return found
    for place in list_set_aside(site, found.path.parent):
        if not is_of(place, found.admin):
            continue
        if place.parent == site.parked:
            repair_worktree(git, place)
            return found._replace(path=place)
        if is_tombstone(found.path):
            shutil.rmtree(found.path)
        place.rename(found.path)
        break
    return found


def list_set_aside(site: Site, beside: Path) -> Iterator[Path]:
    """The directories that park and retire make."""
    if site.parked.is_dir():
        yield from site.parked.iterdir()
    yield from beside.glob(".pool-wt-*.going")


def list_unregistered(site: Site, pool_id: str) -> Iterator[Registered]:
    """Directories in the parked room that no admin entry names."""
    for entry in sorted(site.parked.iterdir()) if site.parked.is_dir() else ():
        match = ASIDE.fullmatch(entry.name)
        if match and entry.is_dir() and not is_tombstone(entry):
            generation = int(match[2] or 1)
            yield Registered(
                admin=None, path=entry, pool_id=pool_id, number=int(match[1]), generation=generation,
                fence=int(match[3]),
            )  # fmt: skip


def rebuild_facts(site: Site) -> Facts:
    """The sentinel made again from the worktrees' own words and from the backup's copy."""
    copy = site.state / "backups" / "pool.json"
    votes = Counter(each.pool_id for each in list_registered(site.common))
    set_aside(site.state, [site.facts_file])
    if copy.exists():
        kept = find_facts(site._replace(state=copy.parent))
        if kept and (not votes or kept.pool_id in votes):
            return write_facts(site, kept)
    if not votes:
        raise StateDamaged(
            f"nobody knows whose pool {site.state} was: neither a worktree nor a backup says so",
            hint=f"mv {site.state} aside, then: poolmgr init",
        )
    pool_id = votes.most_common(1)[0][0]
    return write_facts(site, facts_from_git(site, pool_id))


def facts_from_git(site: Site, pool_id: str) -> Facts:
    """What can still be known; `cleanup` then takes back only what is surely ours."""
    checkout = list_worktrees(site.git)[0].path
    places = Counter(
        each.path.parent for each in list_registered(site.common)
        if each.pool_id == pool_id and each.path.parent != site.parked
    )  # fmt: skip
    slots_dir = places.most_common(1)[0][0] if places else checkout.with_name(f"{checkout.name}.worktrees")
    stones = [entry for entry in slots_dir.iterdir() if is_tombstone(entry)] if slots_dir.is_dir() else []
    return Facts(
        pool_id=pool_id, host=host_id(), common=os.fspath(site.common), checkout=os.fspath(checkout),
        slots_dir=os.fspath(slots_dir), created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        exclude=excluded_lines(site, pool_id), tombstones=tuple(os.fspath(stone) for stone in stones),
    )  # fmt: skip


def excluded_lines(site: Site, pool_id: str) -> str:
    """Our lines of info/exclude, from our own comment to the next one."""
    try:
        lines = os.fsdecode((site.common / "info" / "exclude").read_bytes()).split("\n")
        start = lines.index(f"# poolmgr {pool_id}")
    except (OSError, ValueError):
        return ""
    ours = [line for line in lines[start + 1 : start + 3] if line == ".env.worktree" or line.startswith("/")]
    return "\n".join([lines[start], *ours, ""])
