"""Intents: what is being done to a slot, written down before it is done.

An intent has at most one owner. It is taken up by somebody else only once the owner is proven
dead, and by exchanging the owner that was read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from poolmgr.core.errors import LostRace
from poolmgr.core.records import Moment, Op, OpKind, Slot
from poolmgr.store.protocol import ConstraintBroken, Session
from poolmgr.store.tables.rows import moment_values, parse_op


def open_ops(session: Session) -> tuple[Op, ...]:
    """Every intent that is not done."""
    return tuple(parse_op(row) for row in session.all("open_ops"))


def find_op(session: Session, fence: int, kind: OpKind) -> Op | None:
    """What was intended under a fence, done or not."""
    row = session.one("find_op", fence=fence, kind=kind.value)
    return parse_op(row) if row else None


def add_op(
    session: Session, slot: Slot, kind: OpKind, *, owner: str | None, args: Mapping[str, object], now: Moment
) -> Op:
    """An intent, before its first action."""
    try:
        row = session.one(
            "add_op", slot_id=slot.id, kind=kind.value, fence=slot.fence, owner=owner,
            args=json.dumps(dict(args)), **moment_values(now),
        )  # fmt: skip
    except ConstraintBroken as error:
        raise LostRace(f"{slot.name} is being worked on", hint="try again") from error
    if row is None:
        raise AssertionError("an insert answers its row")
    return parse_op(row)


def try_claim_op(session: Session, op: Op, owner: str) -> Op | None:
    """The intent as ours; None when somebody else was first."""
    row = session.one("claim_op", id=op.id, owner=owner, previous=op.owner)
    return parse_op(row) if row else None


def note_op(session: Session, op: Op, args: Mapping[str, object]) -> Op:
    """The intent with what it has come to know."""
    row = session.one("note_op", id=op.id, args=json.dumps(dict(args)))
    if row is None:
        raise LostRace("the work was taken over by another process", hint="poolmgr status")
    return parse_op(row)


def leave_op(session: Session, op: Op, *, attempts: int) -> None:
    """We go no further; anybody may."""
    session.all("leave_op", id=op.id, owner=op.owner, attempts=attempts)


def close_op(session: Session, op: Op, *, now: Moment) -> None:
    """Done, or come to nothing."""
    if session.one("close_op", id=op.id, wall=now.wall) is None:
        raise LostRace("the work was taken over by another process", hint="poolmgr status")
