"""Work on a slot in an op state: taken up under the slot's lock, closed in one transaction.

The lock's descriptor is inherited by every git we start. So a slot whose owner was killed is
touched only after the last of its children is gone, whatever the process table says.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from isolation.errors import GitFailed, IsolationError
from isolation.git.program import Git
from poolmgr.core.errors import Busy, PoolError, StateUnwritable
from poolmgr.core.lifecycle import MAX_ATTEMPTS, State
from poolmgr.core.records import Moment, Op, OpKind, Slot
from poolmgr.services.ground import wake
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.turns import in_turn
from poolmgr.store import gate
from poolmgr.store.protocol import Session
from poolmgr.store.tables.events import Note
from poolmgr.store.tables.ops import add_op, close_op, leave_op, note_op, try_claim_op
from poolmgr.store.tables.slots import move_slot, note_slot


class Job:
    """A slot in our hands; it follows the slot and its intent from step to step."""

    def __init__(self, slot: Slot, op: Op, git: Git) -> None:
        self.slot = slot
        self.op = op
        self.git = git
        self.args: dict[str, Any] = json.loads(op.args)


class Turn(NamedTuple):
    """A move into an op state: what for, who does it (nobody: anybody may), and what it knows."""

    target: State
    kind: OpKind
    note: Note
    args: Mapping[str, object] = MappingProxyType({})
    owner: str | None = None


def lock_file(pool: Pool, slot_id: int) -> Path:
    """The lock of one slot."""
    return pool.site.state / "locks" / f"slot-{slot_id}.lock"


@contextmanager
def hands_on(pool: Pool, slot: Slot, op: Op, *, patience: float = 10) -> Iterator[Job]:
    """The job, for an op that is ours already."""
    with gate.held(lock_file(pool, slot.id), patience=patience) as descriptor:
        yield Job(slot, op, Git(slot.path, (descriptor,)))


@contextmanager
def taken_up(pool: Pool, slot: Slot, op: Op) -> Iterator[Job | None]:
    """The job, for an op nobody owns any more; None when somebody else is at it."""
    with ExitStack() as stack:
        try:
            descriptor = stack.enter_context(gate.held(lock_file(pool, slot.id), patience=0))
        except Busy:
            yield None
            return
        with pool.engine.write() as session:
            ours = try_claim_op(session, op, pool.me)
        yield Job(slot, ours, Git(slot.path, (descriptor,))) if ours else None


def remember(pool: Pool, job: Job, **facts: object) -> None:
    """Write down what the job has come to know, before acting on it."""
    job.args.update(facts)
    with pool.engine.write() as session:
        job.op = note_op(session, job.op, job.args)


def step(pool: Pool, job: Job, target: State, *, action: str, reason: str = "", **changes: object) -> Slot:
    """The job is done: the slot in its next state, the intent closed."""
    now = read_moment()
    with pool.engine.write() as session:
        close_op(session, job.op, now=now)
        job.slot = move_slot(session, job.slot, target, note=pool.note(action, reason), now=now, **changes)
    call_waiters(pool)
    return job.slot


def step_on(pool: Pool, job: Job, turn: Turn, **changes: object) -> Slot:
    """The job goes over into the next one, which anybody may take up."""
    now = read_moment()
    with pool.engine.write() as session:
        close_op(session, job.op, now=now)
        job.slot, job.op = turn_slot(session, job.slot, turn, now, **changes)
        job.args = dict(turn.args)
    return job.slot


def begin(pool: Pool, session: Session, slot: Slot, turn: Turn, **changes: object) -> tuple[Slot, Op]:
    """The intent and the move into an op state, in the caller's transaction; the op is ours."""
    return turn_slot(session, slot, turn._replace(owner=pool.me), read_moment(), **changes)


def turn_slot(session: Session, slot: Slot, turn: Turn, now: Moment, **changes: object) -> tuple[Slot, Op]:
    """The slot in its op state, and the intent."""
    moved = move_slot(session, slot, turn.target, note=turn.note, now=now, **changes)
    return moved, add_op(session, moved, turn.kind, owner=turn.owner, args=turn.args, now=now)


def give_up(pool: Pool, job: Job, error: Exception) -> None:
    """The job failed: left for another attempt, or after the third the slot is BROKEN.

    A full disk, a read-only directory, a git that was killed: not the slot's fault, it counts for nothing.
    """
    words = str(error)
    now = read_moment()
    with pool.engine.write() as session:
        if is_last(job, error):
            close_op(session, job.op, now=now)
            move_slot(
                session, job.slot, State.BROKEN, note=pool.note(job.op.kind, words, "failed"), now=now,
                error=words, lease_id=None,
            )  # fmt: skip
        else:
            leave_op(session, job.op, attempts=job.op.attempts if not is_environment(error) else 0)
            note_slot(session, job.slot, error=words)


def is_last(job: Job, error: Exception) -> bool:
    """Whether nobody tries again after this failure."""
    return max(job.op.attempts, 1) >= MAX_ATTEMPTS and not is_environment(error)


ENVIRONMENT = {
    errno.ENOSPC,
    errno.EROFS,
    errno.EMFILE,
    errno.ENFILE,
    errno.EDQUOT,
    errno.ENOMEM,
}
ENVIRONMENT_WORDS = (
    "No space left",
    "Read-only file system",
    "Too many open files",
    "quota",
)


def is_environment(error: Exception) -> bool:
    """Whether the machine, not the slot, stopped the work."""
    if isinstance(error, StateUnwritable):
        return True
    cause = error.__cause__ if isinstance(error, IsolationError | PoolError) and error.__cause__ else error
    if isinstance(cause, OSError):
        return cause.errno in ENVIRONMENT
    if not isinstance(cause, GitFailed):
        return False
    return cause.is_killed or any(words in cause.stderr for words in ENVIRONMENT_WORDS)


def call_waiters(pool: Pool) -> None:
    """Call as many of the next in line as there are free slots."""
    snapshot = pool.snapshot()
    free = sum(slot.state is State.READY for slot in snapshot.slots)
    if free and snapshot.queue:
        seqs = [request.seq for request in in_turn(pool, snapshot, read_moment())]
        wake.call(pool.site.state / "waiters", seqs[: free + 1])
