"""Preparing a slot before somebody wants it: files copied from the checkout, commands run.

Copies are made always and are quick. Commands run only while nobody waits, are stopped when
somebody comes, and their output is kept. What failed is told and tried again on demand.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from isolation.work import Kind, examine
from poolmgr.core.records import Slot
from poolmgr.services.ground import marks
from poolmgr.services.ground.copying import read_copies, write_copies
from poolmgr.services.ground.dirt import is_placed
from poolmgr.services.ground.job import Job
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.running import MARK, Command, end_marked, run_logged
from poolmgr.services.life import caches
from poolmgr.services.life.keep import rules_for

OUTPUTS = frozenset({Kind.CHANGED, Kind.UNTRACKED, Kind.IGNORED})


class Warmth(NamedTuple):
    """How a slot stands: '' (commands are due), ok, failed, stopped; and what for."""

    state: str
    key: str


def prepare(pool: Pool, job: Job, *, is_due: bool) -> Warmth:
    """The slot's copies made, and its commands run when they are due and nobody waits."""
    copy_files(pool, job.slot)
    key = warm_key(pool, job.slot.path)
    if not pool.settings.warm.run:
        return Warmth(state="ok", key=key)
    if not is_due:
        return Warmth(state=job.slot.warm if job.slot.warm_key == key else "", key=key)
    state = run_commands(pool, job.slot, job.git.keep_open)
    place_outputs(pool, job)
    return Warmth(state=state, key=key)


def place_outputs(pool: Pool, job: Job) -> None:
    """What the commands left is ours, not the next holder's work, as long as nobody changes it."""
    slot = job.slot
    work = examine(job.git, slot.path, rules_for(pool, slot))
    placed = marks.read_placed(slot)
    for finding in work.findings:
        file = slot.path / finding.path
        if finding.kind in OUTPUTS and file.is_file() and not file.is_symlink():
            placed[finding.path] = hashlib.sha256(file.read_bytes()).hexdigest()
    if placed:
        marks.write_placed(slot, placed)


def has_outputs(pool: Pool, slot: Slot) -> bool:
    """Whether the commands left files that cleaning takes away, so that they are due again."""
    ours = {*pool.settings.warm.copy, *pool.settings.env}
    return bool(set(marks.read_placed(slot)) - ours)


def warm_key(pool: Pool, root: Path) -> str:
    """What the commands' result depends on: the commands and the lockfiles at the top."""
    text = "\0".join(pool.settings.warm.run) + caches.lock_digest(pool, root, root)
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def copy_files(pool: Pool, slot: Slot) -> None:
    """Untracked files of the user's checkout; on record as ours before they are there."""
    copies = read_copies(Path(pool.facts.checkout), pool.settings.warm.copy, slot.path)
    if copies:
        digests = {path: copy.digest for path, copy in copies.items()}
        marks.write_placed(slot, marks.read_placed(slot) | digests)
        write_copies(slot.path, copies)


def copy_anew(pool: Pool, slot: Slot) -> None:
    """The copies as the checkout has them now: a slot may have waited since before they were asked for."""
    placed = marks.read_placed(slot)
    stale = read_copies(Path(pool.facts.checkout), pool.settings.warm.copy, slot.path, over=placed)
    for name, copy in stale.items():
        if is_placed(slot.path, name, placed) and placed[name] != copy.digest:
            (slot.path / name).unlink()
    copy_files(pool, slot)


def run_commands(pool: Pool, slot: Slot, keep_open: tuple[int, ...] = ()) -> str:
    """ok, failed, or stopped because somebody came to wait."""
    with log_file(pool, slot).open("wb") as log:
        for command in pool.settings.warm.run:
            log.write(f"$ {command}\n".encode(errors="surrogateescape"))
            log.flush()
            code = run_one(pool, slot, command, log.fileno(), keep_open)
            if code is None:
                return "stopped"
            if code:
                log.write(f"ended with exit code {code}\n".encode())
                return "failed"
    return "ok"


def run_one(pool: Pool, slot: Slot, command: str, log: int, keep_open: tuple[int, ...]) -> int | None:
    """The exit code; None when it was stopped."""
    variables = {"POOLMGR_SLOT": slot.name, MARK: mark(pool, slot)}

    def is_wanted() -> bool:
        snapshot = pool.snapshot()
        return not snapshot.queue and bool(snapshot.size)

    return run_logged(Command(command, slot.path, variables, log, keep_open), is_wanted=is_wanted)


def mark(pool: Pool, slot: Slot) -> str:
    """What the commands of a slot carry in their environment, to be found by."""
    return f"{pool.facts.pool_id}:{slot.id}"


def end_orphans(pool: Pool, slot: Slot) -> None:
    """End commands whose worker was killed; they would keep the slot's lock as long as they run."""
    end_marked(mark(pool, slot))


def log_file(pool: Pool, slot: Slot) -> Path:
    """Where the output of a slot's commands is kept."""
    return pool.site.state / "logs" / f"warm-{slot.name}.log"
