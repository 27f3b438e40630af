"""Giving a clean slot back, against one `git status` in it."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.bench.bench import Bench
from tests.bench.events import read_last_ready
from tests.bench.figures import Check, Row, ratio
from tests.bench.pool import Pool, Slot
from tests.bench.rounds import Contender, interleave

NAME = "release"
TITLE = "release of a clean slot, against git status in it"
FILES, QUICK_FILES = 5_000, 1_000


def measure(bench: Bench) -> Row:
    """Until the command returns, and until the slot can be lent again."""
    files = QUICK_FILES if bench.quick else FILES
    pool = bench.pool(files=files)
    contenders = (
        contender(pool, "git status", time_status),
        contender(pool, "poolmgr release", time_return),
        contender(pool, "until READY", time_until_ready),
    )
    status, returned, ready = interleave(contenders, rounds=bench.rounds)
    checks = tuple(
        Check(name=f"{each.label} / {status.label}", value=ratio(each, status)) for each in (returned, ready)
    )
    return Row(name=NAME, title=f"{TITLE}, {files:,} files", series=(status, returned, ready), checks=checks)


def contender(pool: Pool, label: str, measure_slot: Callable[[Pool, Slot], float]) -> Contender:
    """Every turn has a slot of its own and ends with all of them READY."""
    slots: dict[int, Slot] = {}

    def branch(turn: int) -> str:
        return f"{label.replace(' ', '-')}/{turn}"

    def acquire(turn: int) -> None:
        pool.time_acquire(branch(turn))
        slots[turn] = pool.require_slot(branch(turn))

    def settle(turn: int) -> None:
        if pool.is_held(slots[turn]):
            pool.time_release(slots[turn].name)
        pool.settle(branch(turn))

    return Contender(
        label=label, before=acquire, measure=lambda turn: measure_slot(pool, slots[turn]), after=settle
    )


def time_status(pool: Pool, slot: Slot) -> float:
    """What anybody pays who looks for unsaved work."""
    return pool.shell.time("git", "status", "--porcelain", cwd=slot.path)[0]


def time_return(pool: Pool, slot: Slot) -> float:
    """Until the user has the prompt back."""
    return pool.time_release(slot.name)


def time_until_ready(pool: Pool, slot: Slot) -> float:
    """Until the next holder could have the slot."""
    started = time.time()
    pool.time_release(slot.name)
    pool.settle()
    return read_last_ready(pool.checkout, slot.name) - started
