"""A pool that has been opened: everything a service needs, made once at the composition root."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from isolation.git.program import Git
from poolmgr.core.errors import NoSuchSlot, NotTheHolder, WrongState
from poolmgr.core.lifecycle import LENT, State
from poolmgr.core.records import Lease, Moment, Slot, Snapshot
from poolmgr.core.settings import Settings
from poolmgr.services.ground.site import Facts, Site
from poolmgr.store import gate
from poolmgr.store.protocol import Engine
from poolmgr.store.snapshot import read_snapshot
from poolmgr.store.tables.events import Note
from resources.probes.clock import read_instant

ENV_FILE = ".env.worktree"


def read_moment() -> Moment:
    """The clocks, now."""
    instant = read_instant()
    return Moment(wall=instant.wall, mono=instant.mono, boot=instant.boot)


def be_silent(_words: str) -> None:
    """Nobody waits for words."""


class Pool(NamedTuple):
    """One repository's pool, open."""

    site: Site
    facts: Facts
    settings: Settings
    engine: Engine
    me: str
    actor: str
    skipped: tuple[str, ...] = ()
    is_writable: bool = True
    around: Lease | None = None  # of the slot the command was called from
    tell: Callable[[str], None] = be_silent  # words for whoever waits for something slow

    @property
    def git(self) -> Git:
        """Git on the repository as a whole."""
        return self.site.git

    def snapshot(self) -> Snapshot:
        """Everything a decision needs."""
        with self.engine.read() as session:
            return read_snapshot(session)

    def note(self, action: str, reason: str = "", result: str = "ok") -> Note:
        """What an event of ours says."""
        return Note(action=action, actor=self.actor, reason=reason, result=result)

    @contextmanager
    def git_lock(self, git: Git) -> Iterator[Git]:
        """The lock around worktree, config and gc commands, inherited by git."""
        with gate.held(self.site.state / "git.lock", patience=600) as descriptor:
            yield Git(git.cwd, (*git.keep_open, descriptor), git.variables)


def find_slot_around(snapshot: Snapshot, directory: Path) -> Slot | None:
    """The slot a directory lies in."""
    here = Path(os.path.realpath(directory))
    return next((slot for slot in snapshot.slots if slot.path == here or slot.path in here.parents), None)


def require_slot(snapshot: Snapshot, name: str, directory: Path) -> Slot:
    """The slot a person means: a name, a number, or a path."""
    by_name = [slot for slot in snapshot.slots if slot.name == name]
    by_number = [slot for slot in snapshot.slots if name in {str(slot.number), f"wt-{slot.number}"}]
    found = by_name or sorted(
        by_number, key=lambda slot: (slot.state is State.PARKED, slot.superseded, -slot.generation)
    )
    if found:
        return found[0]
    around = find_slot_around(snapshot, directory / name) if name else None
    if around is None and name == ".":
        raise NoSuchSlot(
            f"no slot around {directory}; name one",
            hint="poolmgr status lists them; a name, a number or a path will do",
        )
    if around is None:
        raise NoSuchSlot(f"no slot {name!r} in this pool", hint="poolmgr status")
    return around


def require_lease(snapshot: Snapshot, slot: Slot) -> Lease:
    """The live lease of a held slot."""
    lease = snapshot.lease_of(slot)
    if lease is None:
        raise NoSuchSlot(f"{slot.name} has no lease", hint="poolmgr status")
    return lease


def require_holder(snapshot: Snapshot, slot: Slot, lease_id: str | None) -> Lease:
    """The live lease, for what only its holder may do; a former holder does nothing to somebody else's."""
    if slot.state not in LENT:
        raise WrongState(f"{slot.name} is {slot.state}; nobody holds it", hint="poolmgr status")
    lease = require_lease(snapshot, slot)
    if lease_id is not None and lease_id != lease.id:
        raise NotTheHolder(
            f"{slot.name} belongs to {lease.agent} by now; the lease you name is over",
            hint="poolmgr status",
            facts={"slot": slot.name, "agent": lease.agent},
        )
    return lease
