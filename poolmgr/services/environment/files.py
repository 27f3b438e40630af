"""`.env.worktree` and the files of the user's choice: written for a lease, gone with it.

Files are replaced whole, mode 0600, never through a symlink, and only where git ignores them and
nobody else wrote them. What will be there is recorded first: unchanged, it is nobody's work.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from isolation.git.worktrees import find_admin
from poolmgr.core.database import Facts
from poolmgr.core.environment import list_ports, parse_lines, written
from poolmgr.core.records import Lease, Slot
from poolmgr.services.environment.record import RECORD, Record, find_record, read_record, write_record
from poolmgr.services.environment.variables import fields_of, fill, own_variables
from poolmgr.services.ground import marks
from poolmgr.services.ground.pool import ENV_FILE, Pool
from poolmgr.services.ground.site import write_private

if TYPE_CHECKING:
    from poolmgr.services.environment.chosen import Chosen

MAKING = "poolmgr-making"  # not in the tree: what a kill leaves there would look like work
SPARE = "poolmgr-env"  # the variables, where the branch has a file of their file's name


class Plan(NamedTuple):
    """What is to be written for a lease."""

    record: Record
    variables: dict[str, str]
    files: dict[str, Chosen]


def write_environment(pool: Pool, slot: Slot, lease: Lease, database: Facts | None) -> None:
    """Everything a lease's holder finds. Repeatable, also with other facts: the ports stay."""
    admin = find_admin(slot.path)
    if admin is None:
        return
    plan = plan_environment(pool, admin, slot, lease, database)
    if plan.record != Record(lease=lease.id) or (admin / RECORD).exists():
        write_record(admin, plan.record)
    place_files(admin, slot, plan.files)
    # Plain KEY=value lines for direnv, dotenv and `set -a`.
    place_file(admin, file_of(admin, slot), os.fsencode(written(plan.variables.items())))


def plan_environment(pool: Pool, admin: Path, slot: Slot, lease: Lease, database: Facts | None) -> Plan:
    """The plan; ports are claimed and on record by then."""
    record = read_record(slot, lease.id)
    variables = own_variables(slot, lease, database)
    files: dict[str, Chosen] = {}
    words: tuple[str, ...] = ()
    if pool.settings.env:
        from poolmgr.services.environment.chosen import digests, plan_files

        record = with_ports(pool, admin, slot, record)
        given = fill(pool.settings.env, fields_of(slot, lease, record, database))
        variables |= given.variables
        files, refused = plan_files(slot, lease, record, given.files)
        record = record._replace(files={**record.files, **digests(files)})
        words = (*given.words, *refused)
    if pool.settings.warm.copy:
        from poolmgr.services.environment.copied import list_foreign

        words += list_foreign(slot, pool.settings.warm.copy, files, database)
    if file_of(admin, slot).parent == admin:
        words += (f"the branch has a file {ENV_FILE}; `poolmgr run` passes the slot's variables",)
    return Plan(record._replace(words=words), variables, files)


def file_of(admin: Path, slot: Slot) -> Path:
    """Where the variables go: a branch may have something of that name, which is not ours to replace."""
    file = slot.path / ENV_FILE
    return file if not os.path.lexists(file) or is_our_env(file) else admin / SPARE


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


def is_our_env(file: Path) -> bool:
    """Whether the file is the one we write: a regular file that names a lease."""
    with suppress(OSError):
        return not file.is_symlink() and file.is_file() and b"\nPOOLMGR_LEASE=" in file.read_bytes()
    return False


def drop_environment(slot: Slot) -> None:
    """Ours alone: whatever was changed since is left to whoever keeps work."""
    if is_our_env(slot.path / ENV_FILE):
        (slot.path / ENV_FILE).unlink()
    admin = find_admin(slot.path)
    if admin is None:
        return
    for name in (MAKING, SPARE):
        (admin / name).unlink(missing_ok=True)
    record = find_record(admin)
    if record:
        drop_recorded(admin, slot, record)


def drop_recorded(admin: Path, slot: Slot, record: Record) -> None:
    """The files of a record, its ports, and last the record."""
    from poolmgr.services.environment import ports
    from poolmgr.services.environment.chosen import digest_of
    from poolmgr.services.ground.copying import is_plain

    for path, digest in record.files.items():
        if is_plain(slot.path, slot.path / path) and digest_of(slot.path / path) == digest:
            (slot.path / path).unlink()
    ports.drop_claim(admin, record)
    (admin / RECORD).unlink(missing_ok=True)


def variables_of(slot: Slot, lease_id: str) -> dict[str, str]:
    """What the slot's own file says; a file of that name that is not of this lease says nothing."""
    admin = find_admin(slot.path)
    for file in (slot.path / ENV_FILE, *((admin / SPARE,) if admin else ())):
        with suppress(OSError):
            found = parse_lines(os.fsdecode(file.read_bytes()))
            if found.get("POOLMGR_LEASE") == lease_id:
                return found
    return {}


def list_words(slot: Slot, lease_id: str) -> tuple[str, ...]:
    """What the holder should know of the files."""
    return read_record(slot, lease_id).words
