"""A moved repository: its slots found at their new place or the old one, its rows and facts brought along."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from isolation.git.config import replace_file
from isolation.git.program import Git
from isolation.git.worktrees import list_worktrees
from isolation.guards.facts import FACTS
from isolation.guards.install import ensure_acting
from poolmgr.core.errors import StateDamaged
from poolmgr.services.doctor.registered import Registered, find_place, list_registered, read_line
from poolmgr.services.environment.ports import renew_claim
from poolmgr.services.ground.marks import REVOKED, is_tombstone
from poolmgr.services.ground.site import Facts, Site, make_state, write_facts
from poolmgr.store import gate
from poolmgr.store.snapshot import read_snapshot
from poolmgr.store.sqlite import SqliteEngine
from poolmgr.store.tables.slots import note_slot
from resources.probes.processes import host_id


class Move(NamedTuple):
    """From where to where: the git directory and the checkout."""

    old_common: Path
    common: Path
    old_checkout: Path
    checkout: Path

    def places(self, path: Path) -> Iterator[Path]:
        """Where something may lie by now, the likeliest first; the old place last."""
        if path.is_relative_to(self.old_common):
            yield self.common / path.relative_to(self.old_common)
        if path.is_relative_to(self.old_checkout):
            yield self.checkout / path.relative_to(self.old_checkout)
        own = f"{self.old_checkout.name}.worktrees"
        if path.is_relative_to(self.old_checkout.with_name(own)):
            inner = path.relative_to(self.old_checkout.with_name(own))
            yield self.checkout.with_name(f"{self.checkout.name}.worktrees") / inner
        if path.is_relative_to(self.old_checkout.parent):
            yield self.checkout.parent / path.relative_to(self.old_checkout.parent)
        yield path


def relocate(site: Site, facts: Facts) -> str:
    """The pool bound to its new place."""
    make_state(site)
    with gate.held(site.state / "git.lock", patience=600) as descriptor:
        git = Git(site.common, (descriptor,))
        move = Move(Path(facts.common), site.common, Path(facts.checkout), list_worktrees(git)[0].path)
        ours = [each for each in list_registered(site.common) if each.pool_id == facts.pool_id]
        moved = {each.path: place for each in ours if (place := ensure_linked(move, each))}
        note_paths(site, move, moved)
        write_facts(
            site, facts, host=host_id(), common=os.fspath(site.common), checkout=os.fspath(move.checkout),
            slots_dir=os.fspath(find_room(move, Path(facts.slots_dir), moved)),
            tombstones=tuple(os.fspath(stone) for stone in list_stones(move, facts.tombstones)),
        )  # fmt: skip
    return f"moved from {facts.common}: {len(moved)} of {len(ours)} slots found"


def ensure_linked(move: Move, found: Registered) -> Path | None:
    """The directory and its admin entry name one another again; None where the directory is not found."""
    if found.admin is None:
        return None
    for place in move.places(found.path):
        if not is_of(place, found.admin, move):
            continue
        if read_line(place / ".git") != f"gitdir: {found.admin}":
            replace_file(place / ".git", b"gitdir: " + os.fsencode(found.admin) + b"\n")
        if read_line(found.admin / "gitdir") != os.fspath(place / ".git"):
            replace_file(found.admin / "gitdir", os.fsencode(place / ".git") + b"\n")
        if (found.admin / FACTS).exists() or (found.admin / REVOKED).exists():
            ensure_acting(found.admin)
        renew_claim(found.admin)
        return place
    return None


def is_of(place: Path, admin: Path, move: Move) -> bool:
    """Whether a directory's `.git` file names this admin entry, by its old path or its new one."""
    if (place / ".git").is_symlink() or not (place / ".git").is_file():
        return False
    named = Path(os.path.normpath(place / read_line(place / ".git").removeprefix("gitdir: ")))
    if named == admin or os.path.realpath(named) == os.fspath(admin):
        return True
    # Another repository may have moved in at the old place: an entry that names this directory is its own.
    return named == move.old_common / "worktrees" / admin.name and find_place(named) != place


def note_paths(site: Site, move: Move, moved: Mapping[Path, Path]) -> None:
    """The rows of the slots say where they are; a database that is lost is rebuilt from git afterwards."""
    try:
        engine = SqliteEngine(site.database)
    except StateDamaged:
        return
    with closing(engine), engine.write() as session:
        for slot in read_snapshot(session).slots:
            place = moved.get(slot.path) or find_unlinked(move, slot.path)
            if place != slot.path:
                note_slot(session, slot, path=place)


def find_unlinked(move: Move, path: Path) -> Path:
    """Where something that git does not know lies: only within our own state can we be sure."""
    inside = [place for place in move.places(path) if place.is_relative_to(move.common) and place.exists()]
    return inside[0] if inside else path


def find_room(move: Move, room: Path, moved: Mapping[Path, Path]) -> Path:
    """Where slots lie: with those that were found, else where they would be by the checkout's new name."""
    places = [new.parent for old, new in moved.items() if old.parent == room]
    return places[0] if places else next(move.places(room))


def list_stones(move: Move, stones: tuple[str, ...]) -> Iterator[Path]:
    """The stones that are still there, where they are."""
    for stone in stones:
        place = next((each for each in move.places(Path(stone)) if is_tombstone(each)), None)
        if place:
            yield place
