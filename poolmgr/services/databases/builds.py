"""Builds under way: an intent for each, a file named after the template in `database/building`.

It is written before anything is made and goes last. Who builds holds the template's lock, and so
does every command it starts; a dead builder is told by both.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from isolation.git.program import Git
from poolmgr.core.errors import Busy
from poolmgr.services.databases.asking import ask_house
from poolmgr.services.databases.checkout import list_registered, make, mark_of, place_of, remove, require_ours
from poolmgr.services.databases.fingerprint import FORM
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.running import end_marked
from poolmgr.store import gate
from resources.probes.processes import Life, judge

PATIENCE = 5.0


def lock_file(pool: Pool, fp: str) -> Path:
    """The lock of whoever builds this template."""
    return pool.site.state / "locks" / f"template-{fp}.lock"


def room_of(pool: Pool) -> Path:
    """Where the intents lie."""
    return pool.site.state / "database" / "building"


@contextmanager
def checked_out(pool: Pool, fp: str, commit: str, lock: int) -> Iterator[Path]:
    """A checkout for whoever holds the template's lock."""
    require_ours(pool, place_of(pool, fp), fp)
    intent = room_of(pool) / fp
    intent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    intent.write_text(pool.me)
    git = Git(pool.site.common, (lock,))
    try:
        make(pool, git, fp, commit)
        yield place_of(pool, fp)
    finally:
        remove(pool, git, fp)
        intent.unlink(missing_ok=True)


def list_builds(pool: Pool) -> list[str]:
    """The templates that are being built, or were when their builder died."""
    with suppress(OSError):
        return sorted(filter(FORM.fullmatch, os.listdir(room_of(pool))))
    return []


def list_left(pool: Pool) -> list[str]:
    """The templates whose builder died; and those whose checkout no intent knows."""
    known = list_builds(pool)
    return [fp for fp in known if is_dead(pool, fp)] + sorted(set(list_registered(pool)) - set(known))


def is_dead(pool: Pool, fp: str) -> bool:
    """Whether the builder is proven dead, or never came to say who it is."""
    with suppress(OSError):
        owner = (room_of(pool) / fp).read_text()
        return not owner or judge(owner) is Life.DEAD
    return False


def try_clear(pool: Pool, fp: str, *, patience: float = PATIENCE) -> bool:
    """Whether nothing is left of a build; False while somebody builds."""
    if is_dead(pool, fp):
        end_marked(mark_of(pool, fp))  # its commands hold the lock
    try:
        with gate.held(lock_file(pool, fp), patience=patience) as lock:
            remove(pool, Git(pool.site.common, (lock,)), fp)
            ask_house(pool)  # what it left on the server
            (room_of(pool) / fp).unlink(missing_ok=True)
    except Busy:
        return False
    return True
