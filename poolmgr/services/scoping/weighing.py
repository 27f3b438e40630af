"""How much of a commit a slot shows."""

from __future__ import annotations

from typing import NamedTuple

from isolation.errors import IsolationError
from isolation.git.program import Git
from poolmgr.core.records import Slot
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.taken import find_own_admin, is_taken
from poolmgr.services.scoping.viewing import read_view


class Weight(NamedTuple):
    """How a slot is checked out, and visible of total files; None where it shows all or cannot be counted."""

    mode: str
    visible: int | None = None
    total: int | None = None

    def __str__(self) -> str:
        if self.visible is None:
            return "all" if self.mode == "full" else self.mode
        return f"{self.visible} of {self.total}"


def weigh(pool: Pool, slot: Slot) -> Weight:
    """The numbers of one slot, counted again only where its index changed; a full one is not counted."""
    admin = find_own_admin(pool, slot) if slot.view else None
    if admin is None:
        return Weight("full")
    mode = read_view(admin).mode.value
    if is_taken(pool, slot.path):
        return Weight(mode)
    from isolation.scope.counting import count

    try:
        found = count(Git(slot.path), slot.path, pool.site.state / "totals.json")
    except (IsolationError, OSError):  # looking works on a full disk and in a broken slot
        return Weight(mode)
    return Weight(mode, found.visible, found.total)
