"""Who lives in a slot, apart from those who do not matter."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path

from poolmgr.core.records import Slot
from poolmgr.services.ground.job import Job
from poolmgr.services.ground.pool import Pool
from resources.probes.inside import Inside, Process, list_carriers, list_inside
from resources.probes.processes import Life, ancestors, judge, own_session, pid_of, read_identity


def look_inside(pool: Pool, job: Job) -> Inside:
    """Everybody in the job's slot but the session that gave it back and the watchers."""
    spared = {pid_of(text) for text in job.args.get("spared", []) if judge(text) is not Life.DEAD}
    ignored = frozenset(pid for pid in spared if pid is not None)
    inside = list_inside(job.slot.path, ignore_pids=ignored, since=job.args.get("began"))
    return without_watchers(pool, inside)


def without_watchers(pool: Pool, inside: Inside) -> Inside:
    """Named in `release.ignore`: they look on and write nothing."""
    stay = tuple(process for process in inside.processes if not is_watcher(pool, process))
    return Inside(processes=stay, complete=inside.complete, why=inside.why)


def is_watcher(pool: Pool, process: Process) -> bool:
    """Whether the settings name this process."""
    return any(fnmatchcase(process.name, pattern) for pattern in pool.settings.release.ignore)


def list_spared(path: Path, *, session: bool = True) -> list[str]:
    """The identities of those in a slot who belong to the session that gives it back.

    Where what the lease started shares our session, only our ancestors do.
    """
    ours = own_session() if session else frozenset(ancestors(os.getpid()))
    inside = list_inside(path)
    identities = [read_identity(process.pid) for process in inside.processes if process.pid in ours]
    return [text for text in identities if text]


def names(inside: Inside) -> str:
    """Who is inside, in words."""
    return ", ".join(f"{process.name} (pid {process.pid})" for process in inside.processes)


def started_by(slot: Slot, lease_id: str) -> tuple[int, ...]:
    """The processes that a lease started: inside the slot, or carrying its id in their environment."""
    inside = {process.pid for process in list_inside(slot.path).processes}
    return tuple(sorted((inside | set(list_carriers("POOLMGR_LEASE", lease_id))) - own_session()))
