"""What the pool stands on: git, SQLite, and the locks that everybody takes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from isolation.errors import IsolationError
from isolation.git.layout import OLDEST, read_version
from poolmgr.core.errors import Busy
from poolmgr.services.doctor.finding import Case, remark, wrong
from poolmgr.services.ground.site import Site
from poolmgr.store import gate
from poolmgr.store.soundness import library_fault
from resources.probes.filesystem import is_network
from resources.probes.inside import scan
from resources.probes.processes import describe, is_stopped, read_identity

EVERYBODYS = ("gate.lock", "git.lock")
HOLDERS = Path("/proc/locks")


def look_at_machine(site: Site) -> Iterator[Case]:
    """Programs that are too old, a place that cannot be trusted."""
    try:
        version = read_version(site.git)
        if version < OLDEST:
            yield wrong(
                "old_git", "git", f"git {version[0]}.{version[1]} is too old: install git 2.38 or newer"
            )
    except (IsolationError, ValueError, IndexError) as error:
        yield wrong("no_git", "git", str(error))
    fault = library_fault()
    if fault:
        yield remark("old_sqlite", "SQLite", fault)
    if is_network(site.common):
        yield wrong(
            "network", str(site.common), "lies on a network file system, where locks cannot be trusted"
        )


def look_for_frozen(site: Site) -> Iterator[Case]:
    """Processes that hold a lock everybody needs, and are stopped."""
    for name in EVERYBODYS:
        file = site.state / name
        for pid in list_frozen(file) if is_taken(file) else ():
            identity = read_identity(pid)
            who = describe(identity) if identity else f"pid {pid}"
            detail = (
                f"{who} holds {file} and is stopped: kill -CONT {pid} lets it go on, kill -9 {pid} ends it"
            )
            yield wrong("frozen_process", str(pid), detail)


def is_taken(file: Path) -> bool:
    """Whether somebody holds a lock now."""
    if not file.exists():
        return False
    try:
        with gate.held(file, patience=0):
            return False
    except Busy:
        return True


def list_frozen(file: Path) -> tuple[int, ...]:
    """The stopped processes that hold a lock; without the kernel's list, all that have it open."""
    pids = list_holders(file) or tuple(process.pid for process in scan((file,))[file].processes)
    identities = {pid: read_identity(pid) for pid in pids}
    return tuple(pid for pid, identity in identities.items() if identity and is_stopped(identity))


def list_holders(file: Path) -> tuple[int, ...]:
    """The living processes that the kernel's list names as holders of a file's lock."""
    with suppress(OSError, ValueError, IndexError):
        status = file.stat()
        inode = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        lines = [line.split() for line in HOLDERS.read_text(encoding="ascii").splitlines()]
        found = {int(words[4]) for words in lines if words[1] == "FLOCK" and words[5] == inode}
        return tuple(pid for pid in sorted(found) if pid > 0 and read_identity(pid))
    return ()
