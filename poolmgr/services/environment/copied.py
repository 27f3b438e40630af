"""Copied files that name another database than the slot's: said at acquire, without a password."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from poolmgr.core.database import Facts
from poolmgr.core.environment import list_assignments
from poolmgr.core.foreign import list_other_databases, template_for
from poolmgr.core.records import Slot
from poolmgr.services.ground import marks
from poolmgr.services.ground.copying import is_plain

if TYPE_CHECKING:
    from poolmgr.services.environment.chosen import Chosen

LARGEST = 1_000_000


def list_foreign(
    slot: Slot, copies: Iterable[str], plan: Mapping[str, Chosen], database: Facts | None
) -> tuple[str, ...]:
    """A sentence for each copied file that names another database, ours already in it.

    A slot that has none is where such a file does most harm: nothing else says which one to use.
    """
    placed = marks.read_placed(slot)
    words = []
    for path in copies:
        content = plan[path].content if path in plan else read_copy(slot, path) if path in placed else b""
        found = list_other_databases(dict(list_assignments(os.fsdecode(content))), database)
        if found and database:
            named = f"{path}, a copy from the checkout, names another database than the slot's"
            templates = ", ".join(map(template_for, found))
            instead = f"env: {{{path}: {{{templates}}}}} in the settings puts the slot's own there"
            words.append(f"{named} ({', '.join(found)}); {instead}")
        elif found:
            named = f"{path}, a copy from the checkout, names a database that others use, too"
            words.append(f"{named} ({', '.join(found)}); the slot has none of its own")
    return tuple(words)


def read_copy(slot: Slot, path: str) -> bytes:
    """What was copied; nothing of what is too large to be a list of variables."""
    file = slot.path / path
    if not is_plain(slot.path, file) or not file.is_file() or file.stat().st_size > LARGEST:
        return b""
    return file.read_bytes()
