"""`.env.worktree`: what is to be in it, and whether what lies there is ours as we wrote it.

A branch may have a file of that name, which is nobody's to replace. What the holder wrote into ours
is the holder's: new facts are set in it and the rest stays. Nothing is written through a symlink.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from isolation.git.ignored import is_tracked
from isolation.git.program import Git
from isolation.git.worktrees import find_admin
from poolmgr.core.environment import Environment, is_written, merged_own, parse_lines, written
from poolmgr.core.records import Slot
from poolmgr.services.environment.record import Record, find_record
from poolmgr.services.environment.variables import NAMES
from poolmgr.services.ground.pool import ENV_FILE


class Own(NamedTuple):
    """The record with the variables in it, and the file as it is to be; None: it stays as it is."""

    record: Record
    text: str | None = None
    words: tuple[str, ...] = ()


def plan_own(slot: Slot, record: Record, variables: dict[str, str]) -> Own:
    """The variables on record, in a file too where one may be."""
    file, text = slot.path / ENV_FILE, written(variables.items())
    is_first, is_there = not record.variables, os.path.lexists(file)
    wanted = record._replace(variables=variables, texts={**record.texts, ENV_FILE: text})
    if (is_there or not is_first) and is_tracked(Git(slot.path), ENV_FILE):
        words = f"the branch has a file {ENV_FILE}; `poolmgr run` passes the slot's variables"
        return Own(record._replace(variables=variables), words=(words,))
    there = read_text(file)
    if there in known_texts(wanted) | known_texts(record) or not is_there:
        return Own(wanted._replace(before=there or ""), text)
    if there is None:
        words = f"{ENV_FILE} is no plain file any more; `poolmgr run` passes the slot's variables"
        return Own(wanted, words=(words,))
    return Own(wanted, merged_own(there, variables))


def is_in_the_way(slot: Slot) -> bool:
    """Whether something that git does not track is at the file's name before we wrote it."""
    return os.path.lexists(slot.path / ENV_FILE) and not is_tracked(Git(slot.path), ENV_FILE)


def known_texts(record: Record) -> frozenset[str]:
    """What we wrote into the file, or are about to."""
    return frozenset(filter(None, (record.texts.get(ENV_FILE), record.before)))


def read_text(file: Path) -> str | None:
    """What a plain file says; None of anything else, and of nothing."""
    with suppress(OSError):
        if not file.is_symlink() and file.is_file():
            return os.fsdecode(file.read_bytes())
    return None


def is_own(worktree: Path, record: Record | None, setting: Environment) -> bool:
    """Whether the file is ours as we wrote it; where no record says, whether it has lines of ours alone."""
    there = read_text(worktree / ENV_FILE)
    if record is None or not record.variables:
        names = parse_lines(there or "").keys()
        return "POOLMGR_LEASE" in names and names <= NAMES | setting.keys() and is_written(there or "")
    return there in known_texts(record)


def find_own(worktree: Path, setting: Environment) -> tuple[frozenset[str], dict[str, str]]:
    """The file as nobody's work; else what it is recognised by, so that its change is seen."""
    admin = find_admin(worktree)
    record = find_record(admin) if admin else None
    if is_own(worktree, record, setting):
        return frozenset({ENV_FILE}), {}
    text = record.texts.get(ENV_FILE) if record else None
    if text is None or not os.path.lexists(worktree / ENV_FILE):
        return frozenset(), {}
    from hashlib import sha256  # three milliseconds that few slots need

    return frozenset(), {ENV_FILE: sha256(os.fsencode(text)).hexdigest()}


def drop_own(slot: Slot, record: Record | None, setting: Environment) -> None:
    """Ours alone: what was changed since is left to whoever keeps work."""
    if is_own(slot.path, record, setting):
        (slot.path / ENV_FILE).unlink()
