"""Who owns what among live leases. A full slot owns nothing here.

Whether two lists of globs meet is asked of a function that is handed in: this decides, it does
not know globs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from poolmgr.core.errors import ScopeTaken
from poolmgr.core.records import Lease, News, Snapshot

Judged = frozenset[tuple[str, tuple[str, ...]]]


class Met(NamedTuple):
    """A path that two lists of globs match, and the glob of each that takes it in."""

    path: bytes
    ours: str
    theirs: str


Meet = Callable[[tuple[str, ...], tuple[str, ...]], Met | None]


class Owner(NamedTuple):
    """A live lease that owns globs."""

    lease: str
    slot: str
    agent: str
    request: str
    owns: tuple[str, ...]


class Meeting(NamedTuple):
    """Somebody else owns a path that is asked for, too: who, their glob, ours, and the path."""

    owner: Owner
    theirs: str
    ours: str
    witness: str

    @property
    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "slot": self.owner.slot, "agent": self.owner.agent, "lease": self.owner.lease,
            "glob": self.ours, "their_glob": self.theirs, "witness": self.witness,
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.ours} meets {self.theirs} of {self.owner.agent} ({self.owner.slot}): {self.witness}"


def list_owners(snapshot: Snapshot) -> tuple[Owner, ...]:
    """Who owns globs now."""
    names = {slot.id: slot.name for slot in snapshot.slots}
    return tuple(
        Owner(
            lease=lease.id, slot=names[lease.slot_id], agent=lease.agent, request=lease.request_id,
            owns=lease.scope.owns,
        )
        for lease in snapshot.leases
        if lease.scope and lease.scope.owns and lease.slot_id in names
    )  # fmt: skip


def others_of(owners: Iterable[Owner], *, lease: str = "", request: str = "") -> tuple[Owner, ...]:
    """Without the asker's own lease, and the one the same request was given."""
    return tuple(each for each in owners if each.lease != lease and (not request or each.request != request))


def list_meetings(owns: tuple[str, ...], others: Iterable[Owner], meet: Meet) -> tuple[Meeting, ...]:
    """Everybody whose globs meet these."""
    asked = ((other, meet(owns, other.owns)) for other in others) if owns else ()
    return tuple(
        Meeting(owner=other, theirs=met.theirs, ours=met.ours, witness=os.fsdecode(met.path))
        for other, met in asked
        if met
    )


def current_news(news: Iterable[News], living: Iterable[Lease]) -> tuple[News, ...]:
    """Each once, without what is about leases that are over."""
    ids = {"", *(lease.id for lease in living)}
    return tuple({each.words: each for each in news if each.about in ids}.values())


def taken(meetings: tuple[Meeting, ...], *, hint: str = "") -> ScopeTaken:
    """The refusal: each holder, both globs, and a path that both mean; by default overlapping is the way."""
    first = meetings[0]
    return ScopeTaken(
        "somebody owns that already:\n" + "\n".join(f"  {each}" for each in meetings),
        hint=hint or "takes it all the same, and both are told",
        again=() if hint else ("--overlap",),
        facts={
            "holder": first.owner.agent, "slot": first.owner.slot, "glob": first.ours,
            "their_glob": first.theirs, "witness": first.witness,
            "meetings": [each.as_json for each in meetings],
        },
    )  # fmt: skip


def is_within(asked: Iterable[Lease], judged: Judged) -> bool:
    """Whether the live scopes are among those that were judged; those that ended do no harm."""
    return all((lease.id, lease.scope.owns) in judged for lease in asked if lease.scope and lease.scope.owns)


def judged_of(leases: Iterable[Lease]) -> Judged:
    """What a judgement about ownership rests on."""
    return frozenset((lease.id, lease.scope.owns) for lease in leases if lease.scope)
