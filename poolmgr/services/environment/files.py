"""`.env.worktree` and the files of the user's choice: written for a lease, gone with it.

Files are replaced whole, mode 0600, never through a symlink, and only where git ignores them and
nobody else wrote them. What will be there is recorded first: unchanged, it is nobody's work, and
gone, it is written again.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from isolation.git.worktrees import find_admin
from poolmgr.core.database import Facts
from poolmgr.core.environment import list_ports, parse_lines
from poolmgr.core.records import Lease, Slot
from poolmgr.services.environment.own import drop_own, plan_own, read_text
from poolmgr.services.environment.record import Record, find_record, read_record, write_record
from poolmgr.services.environment.variables import fields_of, fill, own_variables
from poolmgr.services.ground import marks
from poolmgr.services.ground.pool import ENV_FILE, Pool
from poolmgr.services.ground.site import write_private

if TYPE_CHECKING:
    from poolmgr.services.environment.chosen import Chosen

MAKING = "poolmgr-making"  # not in the tree: what a kill leaves there would look like work


class Plan(NamedTuple):
    """What is to be written for a lease."""

    record: Record
    files: dict[str, Chosen]
    own: str | None  # the variables, for `.env.worktree`; None: it stays as it is


def write_environment(pool: Pool, slot: Slot, lease: Lease, database: Facts | None) -> None:
    """Everything a lease's holder finds. Repeatable, also with other facts: the ports stay."""
    admin = find_admin(slot.path)
    if admin is None:
        return
    plan = plan_environment(pool, admin, slot, lease, database)
    write_record(admin, plan.record)
    place_files(admin, slot, plan.files)
    if plan.own is not None:
        # Plain KEY=value lines for direnv, dotenv and `set -a`.
        place_file(admin, slot.path / ENV_FILE, os.fsencode(plan.own))


def plan_environment(pool: Pool, admin: Path, slot: Slot, lease: Lease, database: Facts | None) -> Plan:
    """The plan; ports are claimed and on record by then."""
    record = read_record(slot, lease.id)
    variables = own_variables(slot, lease, database)
    files: dict[str, Chosen] = {}
    words: tuple[str, ...] = ()
    if pool.settings.env:
        from poolmgr.services.environment.chosen import plan_files

        record = with_ports(pool, admin, slot, record)
        given = fill(pool.settings.env, fields_of(slot, lease, record, database))
        variables |= given.variables
        files, refused = plan_files(slot, lease, record, given.files)
        record = record._replace(texts={**record.texts, **{path: one.text for path, one in files.items()}})
        words = (*given.words, *refused)
    if pool.settings.warm.copy:
        from poolmgr.services.environment.copied import list_foreign

        words += list_foreign(slot, pool.settings.warm.copy, files, database)
    own = plan_own(slot, record._replace(password=database.password if database else ""), variables)
    return Plan(own.record._replace(words=(*words, *own.words)), files, own.text)


def with_ports(pool: Pool, admin: Path, slot: Slot, record: Record) -> Record:
    """The record with a block of ports, if templates name any; the one it has, if that is still its own."""
    if not list_ports(pool.settings.env):
        return record
    from poolmgr.services.environment import ports

    if ports.is_claimed(admin, record):
        return record
    return ports.claim(admin, record, pool.settings.ports, slot.number)


def place_files(admin: Path, slot: Slot, files: dict[str, Chosen]) -> None:
    """The files in the slot, and then on the list of what poolmgr put there."""
    if not files:
        return
    from poolmgr.services.environment.chosen import digests

    for path, one in files.items():
        (slot.path / path).parent.mkdir(parents=True, exist_ok=True)
        place_file(admin, slot.path / path, one.content)
    marks.write_placed(slot, {**marks.read_placed(slot), **digests(files)})


def place_file(admin: Path, file: Path, content: bytes) -> None:
    """One file, replaced whole."""
    making = admin / MAKING
    write_private(making, content)
    try:
        making.replace(file)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        write_private(file, content)
        making.unlink()


def drop_environment(pool: Pool, slot: Slot) -> None:
    """Ours alone: whatever was changed since is left to whoever keeps work, who goes by the record."""
    admin = find_admin(slot.path)
    record = find_record(admin) if admin else None
    drop_own(slot, record, pool.settings.env)
    if admin:
        (admin / MAKING).unlink(missing_ok=True)
    if admin and record:
        drop_recorded(admin, slot, record)


def drop_recorded(admin: Path, slot: Slot, record: Record) -> None:
    """The files of a record, and its ports."""
    from poolmgr.services.ground.copying import is_plain

    for path, text in record.texts.items():
        if is_plain(slot.path, slot.path / path) and read_text(slot.path / path) == text:
            (slot.path / path).unlink()
    if record.block:
        from poolmgr.services.environment import ports

        ports.drop_claim(admin, record)


def variables_of(slot: Slot, lease_id: str) -> dict[str, str]:
    """What a lease was given, whatever became of its file; and what its holder added there."""
    found = parse_lines(read_text(slot.path / ENV_FILE) or "")
    added = found if found.get("POOLMGR_LEASE") == lease_id else {}
    return {**added, **read_record(slot, lease_id).variables}


def list_words(slot: Slot, lease_id: str) -> tuple[str, ...]:
    """What the holder should know of the files."""
    return read_record(slot, lease_id).words
