"""Who lives in a directory: by working directory, root, program, open file or mapped file.

`complete` is the half that matters: nobody found counts as nobody there only when every process
of the machine was in sight and could be read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from resources.probes import system

DELETED = b" (deleted)"
ROUNDS = 5
INIT = 1  # often not readable, even for root in a sandbox; it lives in no slot
NAMED = 3


class Process(NamedTuple):
    """A process inside, and how it was found: cwd, root, exe, file or map."""

    pid: int
    name: str
    command: str
    how: str


class Inside(NamedTuple):
    """Who was found, whether that is everybody, and if not, why."""

    processes: tuple[Process, ...]
    complete: bool
    why: str = ""

    @property
    def is_proven_empty(self) -> bool:
        """Nobody is inside, and nobody could have been overlooked."""
        return self.complete and not self.processes


class Scan:
    """One pass over the process table for any number of directories."""

    def __init__(self, roots: dict[Path, bytes], skipped: frozenset[int], since: int | None) -> None:
        self.roots = roots
        self.skipped = skipped
        self.since = since
        self.found: dict[Path, dict[int, str]] = {}
        self.unread: list[str] = []
        self.views: dict[tuple[str, bytes], dict[Path, tuple[bytes, ...]]] = {}

    def look_at(self, pid: int) -> None:
        """Note in which directories a process lives, or that it could not be read."""
        try:
            try:
                self.match(pid, pid)
            except ProcessLookupError:
                # Gone; or its first thread alone has ended, and the others live somewhere.
                for thread in system.list_other_threads(pid):
                    self.match(pid, thread)
        except ProcessLookupError:
            return
        except PermissionError:
            self.note_unread(pid)

    def match(self, pid: int, thread: int) -> None:
        """Compare each place of a process with each directory, as the process sees them."""
        prefixes = self.prefixes_for(thread)
        every = tuple(prefix for some in prefixes.values() for prefix in some)
        matches: dict[Path, str] = {}
        for how, place in system.list_places(thread):
            if not is_inside(place, every):
                continue
            for root, some in prefixes.items():
                if root not in matches and is_inside(place, some):
                    matches[root] = how
        maps = system.read_maps(thread)
        for root, some in prefixes.items():
            if root not in matches and any(b" " + prefix in maps for prefix in some):
                matches[root] = "map"
        for root, how in matches.items():
            self.found.setdefault(root, {}).setdefault(pid, how)

    def prefixes_for(self, pid: int) -> dict[Path, tuple[bytes, ...]]:
        """The beginnings of paths that are inside, in the view of one process."""
        view = system.read_view(pid)
        if view not in self.views:
            aliases = system.list_aliases(self.roots.values(), pid)
            self.views[view] = {
                root: tuple(alias.rstrip(b"/") + b"/" for alias in aliases[path])
                for root, path in self.roots.items()
            }
        return self.views[view]

    def note_unread(self, pid: int) -> None:
        """Count a process that may not be read, unless it cannot have come inside."""
        try:
            record = system.find_record(pid)
            if record is None or record.is_kernel or not record.is_alive or pid == INIT:
                return
            is_older = self.since is not None and record.start < self.since
            if is_older and system.read_owner(pid) != os.geteuid():
                return
            self.unread.append(f"{pid} ({record.name})")
        except PermissionError:
            self.unread.append(str(pid))
        except ProcessLookupError:
            return

    def why_incomplete(self) -> str:
        """What may have been overlooked, empty when nothing."""
        partial = system.why_partial()
        if partial or not self.unread:
            return partial
        rest = len(self.unread) - NAMED
        more = f" and {rest} more" if rest > 0 else ""
        return f"may not read pid {', '.join(self.unread[:NAMED])}{more}"


def scan(
    roots: Iterable[Path], *, ignore_pids: frozenset[int] = frozenset(), since: int | None = None
) -> dict[Path, Inside]:
    """Who is inside each directory, with one look at every process.

    Other users' processes that may not be read do not count if they began before `since` (see
    `clock.read_ticks`): they were there before the directory had its present holder.
    """
    places = {root: os.fsencode(os.path.realpath(root)) for root in roots}
    work = Scan(roots=places, skipped=ignore_pids | {os.getpid()}, since=since)
    seen: set[int] = set(work.skipped)
    # Again for those born meanwhile: a child may have left its parent before we got there.
    for _ in range(ROUNDS):
        fresh = [pid for pid in system.list_pids() if pid not in seen]
        if not fresh:
            break
        for pid in fresh:
            work.look_at(pid)
        seen.update(fresh)
    why = work.why_incomplete()
    return {
        root: Inside(
            processes=tuple(named(pid, how) for pid, how in work.found.get(root, {}).items()),
            complete=not why,
            why=why,
        )
        for root in places
    }


def list_inside(root: Path, *, ignore_pids: frozenset[int] = frozenset(), since: int | None = None) -> Inside:
    """Who is inside one directory."""
    return scan((root,), ignore_pids=ignore_pids, since=since)[root]


def list_carriers(name: str, value: str) -> tuple[int, ...]:
    """Every process that was started with this variable in its environment, wherever it is now."""
    mark = os.fsencode(f"{name}={value}")
    found = []
    for pid in system.list_pids():
        with suppress(ProcessLookupError, PermissionError):
            if mark in system.read_variables(pid):
                found.append(pid)
    return tuple(found)


def is_inside(place: bytes, prefixes: tuple[bytes, ...]) -> bool:
    """Whether a link of /proc leads into one of the directories, removed since or not."""
    if (place + b"/").startswith(prefixes):
        return True
    return place.endswith(DELETED) and (place.removesuffix(DELETED) + b"/").startswith(prefixes)


def named(pid: int, how: str) -> Process:
    """A process with the words people know it by."""
    try:
        record = system.find_record(pid)
    except PermissionError:
        record = None
    name = record.name if record is not None else "?"
    return Process(pid=pid, name=name, command=system.read_command(pid), how=how)
