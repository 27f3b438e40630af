"""What lay in a slot before it was filled with another view: kept aside until it is proven kept.

`<slots>/.aside/<slot>-<fence>` is a worktree of its own. Nobody deletes in `acquire`; a chore
renames each to `….proving`, so that nobody finds it, examines it, rescues what it holds, renames
it to `….going`, and only then removes it. Only what is called `….going` is proven.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from poolmgr.core.records import Slot, Snapshot
from poolmgr.services.ground.pool import Pool
from resources.probes.processes import Life, judge

ROOM = ".aside"
STUCK = "stuck"  # why its content could not be kept; it stays until a person looks
INSIDE = "inside"  # who was in it when it was to go: words, then a line for each process
PROVING = ".proving"
GOING = ".going"
AGAIN = 60.0  # seconds until it is tried again while they live: they may have gone elsewhere
NAME = re.compile(r"(pool-wt-([1-9]\d{0,8})(?:\.g[1-9]\d{0,8})?-(\d{1,18}))(\.proving|\.going)?")


def aside_of(slot: Slot, fence: int) -> Path:
    """Where a slot's content goes when it is filled anew under this fence."""
    return slot.path.parent / ROOM / f"{slot.name}-{fence}"


def number_of(aside: Path) -> tuple[int, int]:
    """The slot's number, and the fence it was filled under."""
    match = NAME.fullmatch(aside.name)
    return (int(match[2]), int(match[3])) if match else (0, 0)


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
        room / name for name in names if (match := NAME.fullmatch(name)) and f'/{match[1]}"' not in busy
    )


def renamed(aside: Path, ending: str) -> Path:
    """It under the name that says how far it is."""
    match = NAME.fullmatch(aside.name)
    return aside.with_name((match[1] if match else aside.name) + ending)


def is_stuck(aside: Path) -> bool:
    """Whether it was tried in vain."""
    return (aside / STUCK).exists()


def is_waiting(aside: Path) -> bool:
    """Whether those who were in it lately still live."""
    try:
        age = time.time() - os.stat(aside / INSIDE).st_mtime
    except OSError:
        return False
    living = any(judge(identity) is not Life.DEAD for identity in read_inside(aside)[1:])
    return living and abs(age) < AGAIN


def read_inside(aside: Path) -> list[str]:
    """Who was in it, in words; then the identity of each."""
    try:
        return (aside / INSIDE).read_text(errors="replace").split("\n")
    except OSError:
        return []


def read_stuck(aside: Path) -> str:
    """Why it could not be kept."""
    try:
        return (aside / STUCK).read_text(errors="replace")
    except OSError:
        inside = read_inside(aside)
        return f"{inside[0]} is inside" if inside else "somebody else is at it"
