"""Whether somebody else's worktree lies where a slot's belongs: then nothing there is ours to touch."""

from __future__ import annotations

import os
from pathlib import Path

from isolation.git.worktrees import find_admin, find_registered
from poolmgr.core.errors import WrongState
from poolmgr.core.records import Slot
from poolmgr.services.ground.pool import Pool

WAY_OUT = "git worktree move it elsewhere, move the slot's own directory back, then: poolmgr doctor --fix"


def is_taken(pool: Pool, path: Path) -> bool:
    """Whether the directory belongs to another repository."""
    admin = find_admin(path)
    ours = os.path.realpath(pool.site.common / "worktrees")
    return admin is not None and os.path.dirname(os.path.realpath(admin)) != ours


def taken_words(path: Path) -> str:
    """What is wrong with it."""
    return f"{path} is not this slot's worktree any more: it belongs to another repository"


def require_own(pool: Pool, slot: Slot) -> None:
    """Refuse what is not ours."""
    if is_taken(pool, slot.path):
        raise WrongState(taken_words(slot.path), hint=WAY_OUT, facts={"slot": slot.name})


def find_own_admin(pool: Pool, slot: Slot) -> Path | None:
    """Git's record of the slot, whoever's worktree lies in its place."""
    return (
        find_registered(pool.site.common, slot.path) if is_taken(pool, slot.path) else find_admin(slot.path)
    )
