"""Worktrees and directories beside the store: the pool's own that it forgot, and other people's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from isolation.git.worktrees import list_admins
from poolmgr.core.records import Snapshot
from poolmgr.services.databases.builds import list_left
from poolmgr.services.databases.builds import try_clear as clear_build
from poolmgr.services.databases.checkout import is_build, place_of
from poolmgr.services.doctor.enter import Entrance, enter, prepare
from poolmgr.services.doctor.finding import Case, remark, wrong
from poolmgr.services.doctor.gathering import ensure_in_place, list_unregistered
from poolmgr.services.doctor.rebuild import clear_room, room_of
from poolmgr.services.doctor.registered import Registered, find_place, find_pooled, find_strayed
from poolmgr.services.ground.fences import highest_fence
from poolmgr.services.ground.marks import is_tombstone
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.life.clearing import try_clear
from poolmgr.services.scoping.asides import STUCK, is_stuck, list_asides, read_stuck


def look_at_strangers(pool: Pool, snapshot: Snapshot) -> Iterator[Case]:
    """Every worktree of the repository that no slot has, then what lies about."""
    common, busy = pool.site.common, list_busy(snapshot)
    known = {find_strayed(common, pool.facts.pool_id, slot) or slot.path for slot in snapshot.slots}
    for admin in list_admins(common):
        pooled, path = find_pooled(admin), find_place(admin)
        if path is None or path in known | busy:
            continue
        if is_build(pool, admin):
            continue
        if pooled is None:
            yield remark("hand_made", str(path), "a worktree that is not the pool's; it is left alone")
        elif pooled.pool_id == pool.facts.pool_id:
            detail = f"a worktree of slot {pooled.number} that the state does not know"
            yield wrong("unknown_worktree", str(path), detail, lambda one=pooled: take_in(pool, one))  # type: ignore[misc]
        else:
            yield remark("other_pool", str(path), f"belongs to the pool {pooled.pool_id}; it is left alone")
    for one in list_unregistered(pool.site, pool.facts.pool_id):
        if one.path not in known | busy:
            detail = "a parked directory that neither git nor the state knows"
            yield wrong("unknown_parked", str(one.path), detail, lambda one=one: take_in(pool, one))  # type: ignore[misc]
    for fp in list_left(pool):
        detail = "the checkout of a template whose build was cut off"
        yield wrong("left_build", str(place_of(pool, fp)), detail, lambda fp=fp: clear_build(pool, fp))  # type: ignore[misc]
    if room_of(pool.site).exists():
        detail = "what a rebuild of the state left that was cut off"
        yield wrong("left_rebuild", str(room_of(pool.site)), detail, lambda: clear_room(pool.site))
    yield from look_at_remains(pool, snapshot, busy)


def list_busy(snapshot: Snapshot) -> set[Path]:
    """Every path that some open intent names."""
    return {Path(str(place)) for op in snapshot.ops for place in named_paths(op.args)}


def named_paths(args: str) -> Iterator[str]:
    """Every path that an open intent names."""
    import json

    values = json.loads(args)
    for key in ("path", "parking", "trash"):
        if isinstance(values.get(key), str):
            yield values[key]


def take_in(pool: Pool, found: Registered) -> None:
    """The worktree enters the store, unless somebody moved it here since we looked.

    Who moves one names the new place in the intent first, and moves under the git lock.
    """
    with pool.git_lock(pool.git) as git:
        latest = pool.snapshot()
        if found.path in {slot.path for slot in latest.slots} | list_busy(latest):
            return
        placed = ensure_in_place(pool.site, git, found)
    ready = prepare(pool.site.common, [placed])[0]
    highest = highest_fence(pool.site, [ready.fence])
    with pool.engine.write() as session:
        session.all("lift_fence", fence=highest)
        entrance = Entrance(
            session=session,
            parked=pool.site.parked,
            note=pool.note("rebuild", "found in git"),
            now=read_moment(),
        )
        enter(entrance, ready)


def look_at_remains(pool: Pool, snapshot: Snapshot, busy: set[Path]) -> Iterator[Case]:
    """Stones on abandoned paths, and directories on their way out."""
    for stone in pool.facts.tombstones:
        if is_tombstone(Path(stone)):
            yield remark(
                "tombstone", stone, "keeps git from working on an abandoned path; cleanup removes it"
            )
        elif os.path.lexists(Path(stone) / ".git") and Path(stone) not in {
            slot.path for slot in snapshot.slots
        }:
            yield remark(
                "late_files",
                stone,
                "somebody wrote here after the slot was taken back; move them, cleanup keeps them",
            )
    for going in sorted(Path(pool.facts.slots_dir).glob(".pool-wt-*.going")):
        if going not in busy:
            yield remark(
                "going",
                str(going),
                "what is left of a slot that went, its work was kept: rm -rf it when you like",
            )
    for aside in list_asides(pool, snapshot):
        if is_stuck(aside):
            detail = f"lay in a slot before it was filled anew and cannot be kept: {read_stuck(aside)}"
            yield wrong("aside", str(aside), detail, lambda aside=aside: clear_again(pool, aside))  # type: ignore[misc]
    damaged = pool.site.state / "damaged"
    for entry in sorted(damaged.iterdir()) if damaged.is_dir() else ():
        yield remark(
            "set_aside", str(entry), "files of a lost state, kept to be looked at: rm -rf them when you like"
        )


def clear_again(pool: Pool, aside: Path) -> None:
    """What could not be kept is tried once more."""
    (aside / STUCK).unlink(missing_ok=True)
    try_clear(pool, aside)
