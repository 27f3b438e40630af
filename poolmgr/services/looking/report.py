"""What `status` and `where` say of each slot, read without locks and without writing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from threading import Thread
from typing import NamedTuple

from isolation.errors import IsolationError
from isolation.git.program import Git
from isolation.git.worktrees import find_admin
from poolmgr.core.lifecycle import State
from poolmgr.core.records import Lease, Slot, Snapshot
from poolmgr.services.ground import marks
from poolmgr.services.ground.dirt import is_dirty
from poolmgr.services.ground.inside import without_watchers
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import write_private
from poolmgr.services.ground.taken import is_taken, taken_words
from poolmgr.services.scoping.weighing import Weight, weigh
from resources.probes.inside import Inside, Process, scan

LOOKED_AT = frozenset({State.LEASED, State.SUSPECT, State.RELEASING, State.PARKED, State.BROKEN, State.READY})
QUICK = 0.2
KEPT = 30.0
AT_ONCE = 6


class Seen(NamedTuple):
    """A slot with what its directory says; None where it was not looked at or could not be."""

    slot: Slot
    lease: Lease | None
    dirty: bool | None
    ahead: int | None
    looked: float | None
    inside: Inside | None
    weight: Weight = Weight("full")

    @property
    def dwellers(self) -> tuple[Process, ...]:
        """Who lives in the slot, as far as is known."""
        return self.inside.processes if self.inside else ()


class Look(NamedTuple):
    """What one look into a slot's directory found, and what it cost."""

    key: str
    dirty: bool | None
    ahead: int | None
    wall: float
    seconds: float


def look_at_slots(pool: Pool, snapshot: Snapshot, slots: Iterable[Slot] | None = None) -> list[Seen]:
    """Every slot; large ones from a cache whose age is told."""
    chosen = [
        with_taker(pool, slot)
        for slot in (snapshot.slots if slots is None else slots)
        if slot.state is not State.RETIRED
    ]
    cache = read_cache(pool)
    looks = look_at_once(pool, snapshot, chosen, cache)
    write_cache(pool, {one.key: one for one in looks if one.seconds > QUICK}, cache)
    there = [slot.path for slot in chosen if slot.path.exists()]
    inside = scan(there) if there else {}
    return [
        Seen(
            slot=slot, lease=snapshot.lease_of(slot), dirty=one.dirty, ahead=one.ahead, looked=one.wall,
            inside=without_watchers(pool, inside[slot.path]) if slot.path in inside else None,
            weight=weigh(pool, slot),
        )
        for slot, one in zip(chosen, looks, strict=True)
    ]  # fmt: skip


def with_taker(pool: Pool, slot: Slot) -> Slot:
    """The slot, and in its error whether somebody else's worktree lies in its place."""
    return slot._replace(error=taken_words(slot.path)) if is_taken(pool, slot.path) else slot


def look_at_once(
    pool: Pool, snapshot: Snapshot, slots: Sequence[Slot], cache: Mapping[str, Look]
) -> list[Look]:
    """One look into each, a few at a time: most of it is waiting for git."""
    waiting, done = list(enumerate(slots)), dict[int, Look]()

    def go_on() -> None:
        while waiting:
            try:
                place, slot = waiting.pop()
            except IndexError:  # another thread took the last
                return
            done[place] = look(pool, slot, snapshot.lease_of(slot), cache)

    threads = [Thread(target=go_on) for _ in range(min(AT_ONCE, len(slots)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [done[place] for place in range(len(slots))]


def look(pool: Pool, slot: Slot, lease: Lease | None, cache: Mapping[str, Look]) -> Look:
    """Dirty and ahead of one slot, and how long it took to find out."""
    key = f"{slot.id}:{slot.fence}:{slot.state}"
    kept = cache.get(key)
    if kept and 0 <= time.time() - kept.wall < KEPT:
        return kept
    began = time.monotonic()
    dirty, ahead = None, None
    if slot.state in LOOKED_AT and find_admin(slot.path) and not is_taken(pool, slot.path):
        git = Git(slot.path)
        with suppress(IsolationError, OSError):
            dirty = is_dirty(git, marks.read_placed(slot))
            ahead = count_ahead(git, lease) if lease else None
    return Look(key=key, dirty=dirty, ahead=ahead, wall=time.time(), seconds=time.monotonic() - began)


def count_ahead(git: Git, lease: Lease) -> int | None:
    """Commits the branch has beyond the commit its lease began at."""
    answer = git.run("rev-list", "--count", f"{lease.base_oid}..HEAD", "--", accept=(0, 128))
    return int(answer.text) if answer.code == 0 else None


def read_cache(pool: Pool) -> dict[str, Look]:
    """What was found out lately about large slots."""
    try:
        rows = json.loads((pool.site.state / "looks.json").read_bytes())
        return {row["key"]: Look(**row) for row in rows}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def write_cache(pool: Pool, slow: Mapping[str, Look], old: Mapping[str, Look]) -> None:
    """Kept for the next look; where nothing may be written, it only costs time."""
    if slow and slow != old:
        with suppress(OSError):
            write_private(
                pool.site.state / "looks.json", json.dumps([one._asdict() for one in slow.values()]).encode()
            )
