"""The database of a lease on record beside the slot's mark, out of the working tree's reach.

It holds the password, so only its owner reads it; it goes with the slot's other marks.
"""

from __future__ import annotations

import json

from isolation.git.worktrees import find_admin
from poolmgr.core.database import Facts
from poolmgr.core.records import Slot
from poolmgr.services.ground.marks import DATABASE
from poolmgr.services.ground.site import write_private


def write_facts(slot: Slot, facts: Facts) -> None:
    """The database on record."""
    admin = find_admin(slot.path)
    if admin:
        write_private(admin / DATABASE, json.dumps(facts._asdict()).encode())


def read_facts(slot: Slot) -> Facts | None:
    """The slot's database; None where there is none, or none that can be read."""
    admin = find_admin(slot.path)
    try:
        said = json.loads((admin / DATABASE).read_bytes()) if admin else {}
        options = tuple((str(key), str(value)) for key, value in said["options"])
        return Facts(**{**said, "options": options})
    except (OSError, ValueError, TypeError, KeyError):
        return None
