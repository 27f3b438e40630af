"""Preparing a slot before somebody wants it: files copied from the checkout, commands run.

Copies are made always and are quick. Commands run only while nobody waits, are stopped when
somebody comes, and their output is kept. What failed is told and tried again on demand.
"""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from isolation.git.program import KEPT_VARIABLES
from isolation.work import Kind, examine
from poolmgr.core.records import Slot
from poolmgr.services.ground import marks
from poolmgr.services.ground.job import Job
from poolmgr.services.ground.pool import Pool
from poolmgr.services.life import caches
from poolmgr.services.life.keep import rules_for
from resources.probes.inside import list_carriers
from resources.probes.signals import terminate

LIMIT = 3600.0
LOOK = 0.2
MARK = "POOLMGR_PREPARES"
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
    return bool(set(marks.read_placed(slot)) - set(pool.settings.warm.copy))


def warm_key(pool: Pool, root: Path) -> str:
    """What the commands' result depends on: the commands and the lockfiles at the top."""
    text = "\0".join(pool.settings.warm.run) + caches.lock_digest(pool, root, root)
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def copy_files(pool: Pool, slot: Slot) -> None:
    """Untracked files of the user's checkout; never through a symlink, never over something."""
    checkout = Path(pool.facts.checkout)
    placed: dict[str, str] = {}
    for name in pool.settings.warm.copy:
        source, target = checkout / name, slot.path / name
        if is_plain(checkout, source) and is_plain(slot.path, target.parent) and not os.path.lexists(target):
            content = source.read_bytes()
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "wb") as stream:
                stream.write(content)
            target.chmod(stat.S_IMODE(source.stat().st_mode))
            placed[name] = hashlib.sha256(content).hexdigest()
    if placed or marks.read_placed(slot):
        marks.write_placed(slot, placed)


def is_plain(root: Path, path: Path) -> bool:
    """Inside the root, no part of it a symlink, and there (a directory may still be missing)."""
    if root not in (path, *path.parents):
        return False
    for part in (path, *path.parents):
        if part == root:
            return True
        if part.is_symlink():
            return False
    return False


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
    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    environment |= {"POOLMGR_SLOT": slot.name, MARK: mark(pool, slot)}
    process = subprocess.Popen(
        ("sh", "-c", command), cwd=slot.path, env=environment,
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=keep_open,
    )  # fmt: skip
    deadline = time.monotonic() + LIMIT
    while True:
        try:
            return process.wait(LOOK)
        except subprocess.TimeoutExpired:
            snapshot = pool.snapshot()
            if time.monotonic() < deadline and not snapshot.queue and snapshot.size:
                continue
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None


def mark(pool: Pool, slot: Slot) -> str:
    """What the commands of a slot carry in their environment, to be found by."""
    return f"{pool.facts.pool_id}:{slot.id}"


def end_orphans(pool: Pool, slot: Slot) -> None:
    """End commands whose worker was killed; they would keep the slot's lock as long as they run."""
    terminate(list_carriers(MARK, mark(pool, slot)))


def log_file(pool: Pool, slot: Slot) -> Path:
    """Where the output of a slot's commands is kept."""
    return pool.site.state / "logs" / f"warm-{slot.name}.log"
