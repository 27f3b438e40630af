"""Files of a lease that are gone, as after `git clean -fdx`, or old: which they are, and written again.

Old is what a killed command left as it was before, on record or in a file, and what was lent before
there were such records. What its holder changed stays as it is.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from isolation.git.ignored import is_tracked
from isolation.git.program import Git
from isolation.git.worktrees import find_admin
from poolmgr.core.database import Facts
from poolmgr.core.records import Lease, Slot
from poolmgr.services.environment.files import place_file, place_files, write_environment
from poolmgr.services.environment.own import read_text
from poolmgr.services.environment.record import Record, read_record
from poolmgr.services.ground import marks
from poolmgr.services.ground.pool import ENV_FILE, Pool

if TYPE_CHECKING:
    from poolmgr.services.environment.chosen import Chosen


def list_missing(slot: Slot, lease: Lease, database: Facts | None) -> tuple[str, ...]:
    """The paths of files that the lease was given, that are not there as it was, and could be."""
    record = read_record(slot, lease.id)
    if is_behind(record, lease, database):
        return (ENV_FILE,)
    return tuple(
        path
        for path, text in record.texts.items()
        if (not os.path.lexists(slot.path / path) or is_old(slot, record, path, text))
        and may_be(slot, lease, path)
    )


def is_behind(record: Record, lease: Lease, database: Facts | None) -> bool:
    """Whether the record says other than the lease's database, or nothing although that is known.

    By the password, which is new with every database; a port is in the variables before it is in the facts.
    """
    if lease.database and database is None:
        return False
    return not record.variables or (database is not None and record.password != database.password)


def is_old(slot: Slot, record: Record, path: str, text: str) -> bool:
    """Whether a file says what we wrote into it the time before last."""
    there = read_text(slot.path / path)
    if not there or text == there:
        return False
    if path == ENV_FILE:
        return there == record.before
    from poolmgr.services.environment.chosen import digest_of

    return digest_of(slot.path / path) == marks.read_placed(slot).get(path)


def may_be(slot: Slot, lease: Lease, path: str) -> bool:
    """Whether a file of ours has its place there."""
    if path == ENV_FILE:
        return not is_tracked(Git(slot.path), path)
    from poolmgr.services.environment.chosen import why_not

    return not why_not(slot, lease, path)


def restore_missing(pool: Pool, slot: Slot, lease: Lease, database: Facts | None) -> None:
    """The files again as they were written; for who has the slot's lock."""
    admin, record = find_admin(slot.path), read_record(slot, lease.id)
    if admin is None:
        return
    if is_behind(record, lease, database):
        write_environment(pool, slot, lease, database)
        return
    texts = {path: record.texts[path] for path in list_missing(slot, lease, database)}
    own = texts.pop(ENV_FILE, None)
    place_files(admin, slot, {path: as_placed(text) for path, text in texts.items()})
    if own is not None:
        place_file(admin, slot.path / ENV_FILE, os.fsencode(own))


def as_placed(text: str) -> Chosen:
    """A file of the user's choice as it was written first."""
    from poolmgr.services.environment.chosen import Chosen

    return Chosen(content=os.fsencode(text), is_ours=True, text=text)
