"""The rows of the state as values.

Times come in pairs: `wall` for people, `mono` with `boot` for decisions. A monotonic time means
nothing under another boot id, and stands still while the machine sleeps.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from poolmgr.core.lifecycle import State
from poolmgr.core.scope import Scope


class Moment(NamedTuple):
    """One reading of the clocks."""

    wall: float
    mono: float
    boot: str

    def since(self, other: Moment) -> float:
        """Observed seconds since `other`; none are known across a reboot."""
        return max(0.0, self.mono - other.mono) if self.boot == other.boot else 0.0


class LeaseKind(StrEnum):
    """What a lease ends with."""

    BOUND = "bound"  # with the process named at acquire
    STANDING = "standing"  # with a release


class Slot(NamedTuple):
    """One generation of a numbered place in the pool, and the directory it owns."""

    id: int
    number: int
    generation: int
    name: str
    path: Path
    state: State
    fence: int
    branch: str | None
    lease_id: str | None
    base_ref: str
    base_oid: str
    since: Moment
    drains: bool
    superseded: bool
    warm: str
    warm_key: str
    error: str
    view: str = ""  # the digest of what is checked out; "" for everything


class News(NamedTuple):
    """Words for a holder; those about a lease are worth telling only as long as it lasts."""

    words: str
    about: str = ""


class Lease(NamedTuple):
    """Who holds a slot."""

    id: str
    slot_id: int
    fence: int
    agent: str
    branch: str
    kind: LeaseKind
    holder: str | None
    request_id: str
    base_ref: str
    base_oid: str
    started: float
    used: Moment
    scope: Scope | None = None  # None: a full slot, nothing is refused
    shared: tuple[str, ...] = ()  # globs it may change though it does not own them
    outside: tuple[str, ...] = ()  # paths beyond its scope that were let go
    changing: str | None = None  # the process that sets files and guards to a new scope
    news: tuple[News, ...] = ()  # what its holder has not been told yet
    database: str = ""  # its name, from before it is made until after it is dropped; "" for none
    server: str = ""  # where that is: "embedded", or the user's server; "" where nobody knows


class RequestState(StrEnum):
    """What became of a request."""

    QUEUED = "QUEUED"
    GRANTED = "GRANTED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class Request(NamedTuple):
    """A place in the queue."""

    seq: int
    id: str
    agent: str
    priority: int
    branch: str | None
    state: RequestState
    waiter: str
    lease_id: str | None
    named: bool
    delivered: bool
    queued: Moment
    reason: str


class OpKind(StrEnum):
    """What is being done to a slot in an op state."""

    CREATE = "create"
    ASSIGN = "assign"
    RELEASE = "release"
    RECYCLE = "recycle"
    RETIRE = "retire"


class Op(NamedTuple):
    """An intent: what is being done to a slot, by whom, and what it may leave behind."""

    id: int
    slot_id: int
    kind: OpKind
    fence: int
    owner: str | None
    args: str
    attempts: int
    started: Moment


class Event(NamedTuple):
    """One line of the log; never changed."""

    id: int
    wall: float
    slot: str
    fence: int
    source: str
    target: str
    action: str
    actor: str
    result: str
    reason: str
    seconds: float | None


class Snapshot(NamedTuple):
    """Everything a decision needs, read in one transaction."""

    pool_id: str
    size: int
    slots: tuple[Slot, ...]
    leases: tuple[Lease, ...]
    queue: tuple[Request, ...]
    ops: tuple[Op, ...]
    unmade: frozenset[int] = frozenset()  # ids of slots that broke before they ever stood

    def lease_of(self, slot: Slot) -> Lease | None:
        """The live lease of a slot."""
        return next((lease for lease in self.leases if lease.id == slot.lease_id), None)

    def slot_of(self, lease: Lease) -> Slot:
        """The slot of a live lease."""
        return next(slot for slot in self.slots if slot.id == lease.slot_id)

    def op_of(self, slot: Slot) -> Op | None:
        """The open op of a slot."""
        return next((op for op in self.ops if op.slot_id == slot.id), None)
