"""What lay in a slot before it was filled with another view: kept aside until it is proven kept.

`<slots>/.aside/<slot>-<fence>` is a worktree of its own. Nobody deletes in `acquire`; a chore
examines each, rescues what it holds, renames it to `….going`, and only then removes it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from poolmgr.core.records import Slot, Snapshot
from poolmgr.services.ground.pool import Pool

ROOM = ".aside"
STUCK = "stuck"  # why its content could not be kept; it stays until a person looks
GOING = ".going"
NAME = re.compile(r"pool-wt-([1-9]\d{0,8})(?:\.g[1-9]\d{0,8})?-(\d{1,18})(\.going)?")


def aside_of(slot: Slot, fence: int) -> Path:
    """Where a slot's content goes when it is filled anew under this fence."""
    return slot.path.parent / ROOM / f"{slot.name}-{fence}"


def number_of(aside: Path) -> tuple[int, int]:
    """The slot's number, and the fence it was filled under."""
    match = NAME.fullmatch(aside.name)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def list_asides(pool: Pool, snapshot: Snapshot) -> tuple[Path, ...]:
    """Those that no open intent is at."""
    room = Path(pool.facts.slots_dir) / ROOM
    try:
        names = sorted(os.listdir(room))
    except OSError:
        return ()
    busy = "\0".join(op.args for op in snapshot.ops) if names else ""
    # An intent names its aside as the last part of a path in JSON.
    return tuple(
        room / name for name in names if NAME.fullmatch(name) and f'/{name.removesuffix(GOING)}"' not in busy
    )


def is_stuck(aside: Path) -> bool:
    """Whether it was tried in vain."""
    return (aside / STUCK).exists()


def read_stuck(aside: Path) -> str:
    """Why it could not be kept."""
    try:
        return (aside / STUCK).read_text(errors="replace")
    except OSError:
        return "somebody else is at it"
