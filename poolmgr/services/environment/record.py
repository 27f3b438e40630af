"""What a lease was given, in its slot's admin directory: `poolmgr-environment.json`.

Written before anything it names is: what a killed hand-over left can be told from somebody's work,
and what went missing in the working tree is still known. Goes with the slot's other marks. A claim on
ports counts as long as this record names it. It may hold passwords: only its owner reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from isolation.git.worktrees import find_admin
from poolmgr.core.records import Slot
from poolmgr.services.ground.marks import RECORD
from poolmgr.services.ground.site import write_private


class Record(NamedTuple):
    """Ports as first and how many (0: none), variables, texts by path, and what the holder should know."""

    lease: str
    first: int = 0
    block: int = 0
    variables: Mapping[str, str] = {}
    password: str = ""  # of the database that they lead to
    texts: Mapping[str, str] = {}
    before: str = ""  # what `.env.worktree` said until it was written last
    words: tuple[str, ...] = ()

    @property
    def ports(self) -> range:
        """The lease's own ports."""
        return range(self.first, self.first + self.block)


def find_record(admin: Path) -> Record | None:
    """What stands in an admin directory; None when nothing is there that can be read."""
    try:
        facts = json.loads((admin / RECORD).read_bytes())
        known = {name: facts[name] for name in Record._fields if name in facts}
        return Record(**{**known, "words": tuple(facts["words"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_record(admin: Path, record: Record) -> None:
    """Replaced whole."""
    write_private(admin / RECORD, json.dumps(record._asdict()).encode())


def read_record(slot: Slot, lease_id: str | None) -> Record:
    """What a lease of a slot was given; nothing, where nothing was."""
    admin = find_admin(slot.path)
    record = find_record(admin) if admin else None
    return record if record and record.lease == lease_id else Record(lease=lease_id or "")


def read_ports(slot: Slot, lease_id: str | None) -> range:
    """The ports of a lease of a slot."""
    return read_record(slot, lease_id).ports
