"""Each slot against its directory, git's record of it, and who is in it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from isolation.errors import IsolationError
from isolation.git.program import Git
from isolation.git.worktrees import find_admin, find_registered, lock_worktree
from isolation.work import examine
from poolmgr.core.lifecycle import LENT, OP_STATES, State
from poolmgr.core.quoting import line_of
from poolmgr.core.records import Slot, Snapshot
from poolmgr.services.doctor.finding import Case, beyond_us, remark, wrong
from poolmgr.services.doctor.lost import bury, revive, take_from_nowhere
from poolmgr.services.doctor.registered import find_strayed, read_line
from poolmgr.services.environment.missing import list_missing
from poolmgr.services.ground import marks
from poolmgr.services.ground.inside import names, without_watchers
from poolmgr.services.ground.marks import is_tombstone
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.taken import WAY_OUT, is_taken, taken_words
from poolmgr.services.life.files import find_facts, restore_files
from poolmgr.services.life.keep import restore_directory, rules_for
from poolmgr.services.upkeep.chores import start_recycle
from resources.probes.inside import scan

HINTS = {State.PARKED: "parked", State.BROKEN: "broken"}


def look_at_slots(pool: Pool, snapshot: Snapshot) -> Iterator[Case]:
    """Slots that nobody works on at this moment; those in op states are their op's business."""
    for slot in snapshot.slots:
        if slot.state in OP_STATES:
            continue
        if slot.state in HINTS:
            ways = f"poolmgr pool adopt {slot.name}, or poolmgr pool retire {slot.name}"
            detail = f"{slot.error or 'nobody knows why'}: {ways}"
            yield remark(HINTS[slot.state], slot.name, detail)
        places = list(look_at_place(pool, snapshot, slot))
        yield from places
        if not places:
            yield from look_at_content(pool, snapshot, slot)
    yield from look_inside_free(pool, snapshot)


def look_at_place(pool: Pool, snapshot: Snapshot, slot: Slot) -> Iterator[Case]:
    """The directory, its `.git` file, and git's record: all three, or what can be done without."""
    admin = find_admin(slot.path)
    registered = find_registered(pool.site.common, slot.path)
    exists = os.path.lexists(slot.path) and not is_tombstone(slot.path)
    if is_taken(pool, slot.path):
        yield beyond_us("taken_place", slot.name, taken_words(slot.path), WAY_OUT)
        return
    strayed = find_strayed(pool.site.common, pool.facts.pool_id, slot)
    if strayed:
        way_back = line_of(("git", "worktree", "move", "-f", "-f", str(strayed), str(slot.path)))
        if os.path.lexists(slot.path):  # git would move it into what lies there
            way_back = f"{line_of(('mv', str(slot.path), f'{slot.path}.aside'))} && {way_back}"
        yield beyond_us("moved", slot.name, f"its worktree was moved to {strayed}; nothing is lost", way_back)
        return
    if admin and registered:
        if not (registered / "locked").exists():
            detail = "git may prune its record: the lock is missing"
            yield wrong("unlocked", slot.name, detail, lambda: lock_again(pool, slot))
        return
    pointer = slot.path / ".git"
    if exists and registered and os.path.lexists(pointer):
        instead = f"; or poolmgr reclaim {slot.name}" if slot.state in LENT else ""
        hint = f"move it to another place, then: poolmgr doctor --fix{instead}"
        yield beyond_us("taken_place", slot.name, f"{pointer} is not what git put there", hint)
    elif exists and registered:
        detail = f"{slot.path} has lost its .git file"
        yield wrong("pointer_gone", slot.name, detail, lambda: restore_directory(pool, slot))
    elif registered:
        detail = f"{slot.path} is gone; git still has its index and commits"
        yield wrong("directory_gone", slot.name, detail, lambda: take_from_nowhere(pool, snapshot, slot))
    elif exists:
        detail = f"git's record of {slot.path} is gone"
        yield wrong("record_gone", slot.name, detail, lambda: revive(pool, snapshot, slot))
    else:
        detail = f"neither {slot.path} nor git's record of it is there; commits on branches are"
        yield wrong("nothing_left", slot.name, detail, lambda: bury(pool, snapshot, slot))


def lock_again(pool: Pool, slot: Slot) -> None:
    """Our lock on git's record."""
    with pool.git_lock(pool.git) as git:
        lock_worktree(git, slot.path, reason=marks.lock_reason(pool, slot.number, slot.generation))


def look_at_content(pool: Pool, snapshot: Snapshot, slot: Slot) -> Iterator[Case]:
    """HEAD where it belongs; a lease's files there; a free slot as free slots are."""
    admin = find_admin(slot.path)
    head = read_line(admin / "HEAD") if admin else ""
    if slot.state in LENT and slot.branch and head != f"ref: refs/heads/{slot.branch}":
        where = head.removeprefix("ref: refs/heads/")
        yield remark("off_branch", slot.name, f"lent for {slot.branch}, but HEAD is at {where[:60]}")
    lease = snapshot.lease_of(slot) if slot.state in LENT else None
    missing = list_missing(slot, lease, find_facts(slot, lease)) if lease else ()
    if lease and missing:
        detail = f"files of its lease are gone or old: {', '.join(missing)}"
        yield wrong("file_gone", slot.name, detail, lambda: restore_files(pool, slot, lease))
    if slot.state is State.READY:
        fault = find_fault(pool, slot, head)
        if fault:
            yield wrong("not_clean", slot.name, fault, lambda: start_recycle(pool, slot, f"doctor: {fault}"))


def find_fault(pool: Pool, slot: Slot, head: str) -> str:
    """Why a free slot is not fit to be lent, "" when it is."""
    if head != slot.base_oid:
        return f"is free, but HEAD is at {head.removeprefix('ref: ')[:60]} instead of {slot.base_oid[:12]}"
    try:
        found = examine(Git(slot.path), slot.path, rules_for(pool, slot)).findings
    except (IsolationError, OSError) as error:
        return f"cannot be looked at: {error}"
    if not found:
        return ""
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"is free, but holds work: {found[0].kind.value} {found[0].path} {found[0].detail}".rstrip() + more


def look_inside_free(pool: Pool, snapshot: Snapshot) -> Iterator[Case]:
    """Processes in free slots: a shell that stayed does no harm, what it writes is found."""
    free = {slot.path: slot for slot in snapshot.slots if slot.state is State.READY and slot.path.is_dir()}
    inside = scan(free) if free else {}
    for path, slot in free.items():
        stay = without_watchers(pool, inside[path])
        if stay.processes:
            yield remark("inside", slot.name, f"is free, and {names(stay)} is in it")
