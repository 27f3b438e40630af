"""What killed processes left half written: files under temporary names, and rescues half brought back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from isolation.git.worktrees import list_admins, worktree_of
from isolation.rescue.restoring import discard, finish
from poolmgr.core.errors import Busy
from poolmgr.services.doctor.finding import Case, wrong
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.remains import list_remains
from poolmgr.store import gate

RESTORE = "poolmgr restore "


def look_at_half_done(pool: Pool) -> Iterator[Case]:
    """Files of dead writers, archives nobody writes any more, restores nobody goes on with."""
    for file in (*list_remains(pool.site), *list_archives(pool.site.archives)):
        yield wrong("half_written", str(file), "a process that was killed left it", partial(drop, file))
    if is_free(pool.site.state / "git.lock"):
        for admin in list_admins(pool.site.common):
            reason = read_reason(admin)
            if reason.startswith(RESTORE):
                place = worktree_of(admin, pool.site.common)
                detail = "a rescue was being brought back when its process was killed; the rescue is whole"
                yield wrong("half_restored", str(place), detail, partial(end, pool, place, reason))


def list_archives(room: Path) -> Iterator[Path]:
    """Archives under their temporary names while nobody keeps anything."""
    found = sorted(room.glob("*.tmp"))
    if found and is_free(room / "lock"):
        yield from found


def is_free(lock: Path) -> bool:
    """Whether nobody holds a lock; where it cannot be tried, somebody may."""
    try:
        with gate.held(lock, patience=0):
            return True
    except (Busy, OSError):
        return False


def read_reason(admin: Path) -> str:
    """Why a worktree is locked, in its own file's words."""
    try:
        return (admin / "locked").read_text(errors="replace").strip()
    except OSError:
        return ""


def drop(file: Path) -> None:
    """Unlink it."""
    file.unlink(missing_ok=True)


def end(pool: Pool, place: Path, reason: str) -> None:
    """A restore that had come to its last step is finished; any other is taken back."""
    staging = f".{reason.replace(' ', '-')}"
    with pool.git_lock(pool.git) as git:
        if place.exists() and place.parent.name != staging:
            finish(place, reason)
        elif place.parent.name == staging:
            discard(git, place, reason)
        else:
            discard(git, place.parent / staging / place.name, reason)
