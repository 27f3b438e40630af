"""Branches made from inside a slot: which of them hold what was made there, which what was fetched."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from isolation.git.reflog import read_log
from isolation.git.remotes import place_of
from isolation.git.worktrees import find_admin, find_registered
from isolation.guards.born import Birth, read_births
from poolmgr.core.records import Lease, Slot
from poolmgr.services.ground.pool import Pool
from poolmgr.services.scoping.noted import list_remotes

FETCH = re.compile(r"(?:fetch|pull|remote update)((?: [^ ]+)*): [a-z][a-z -]*", re.IGNORECASE)


class Born(NamedTuple):
    """A branch, the commit it began on, and whether that was made for it."""

    ref: str
    oid: str
    is_made: bool


def list_born(pool: Pool, slot: Slot, lease: Lease) -> tuple[Born, ...]:
    """The branches that the guards saw being made."""
    admin = find_registered(pool.site.common, slot.path) or find_admin(slot.path)
    births = read_births(admin) if admin else []
    remotes = list_remotes(pool, lease) if births else {}
    return tuple(
        Born(each.ref, each.oid, each.is_new and not is_brought(pool, slot, each, remotes)) for each in births
    )


def is_brought(pool: Pool, slot: Slot, birth: Birth, remotes: Mapping[str, str | None]) -> bool:
    """Whether a fetch from a remote that is known brought the commit, before the branch or with it."""
    places = remotes.values()
    if birth.place and (None in places or place_of(birth.place, slot.path) in places):
        return True
    return any(
        names_only(match[1], remotes)
        for line in read_log(pool.site.common, birth.ref)
        if line.new == birth.oid and (match := FETCH.fullmatch(line.message))
    )


def names_only(words: str, remotes: Collection[str]) -> bool:
    """Whether a fetch was from a known remote; without a name it is from the usual one."""
    names = [word for word in words.split() if not word.startswith("-")]
    return not names or names[0] in remotes
