"""The log: what happened, to which slot, by whom, and why. Lines are added, never changed."""

from __future__ import annotations

from typing import NamedTuple

from poolmgr.core.records import Event, Moment, Slot
from poolmgr.store.protocol import Session
from poolmgr.store.tables.rows import parse_event, text_of

KEPT = 20_000


class Note(NamedTuple):
    """What an event says beside the states."""

    action: str
    actor: str
    reason: str = ""
    result: str = "ok"


def add_event(
    session: Session, *, slot: Slot | None, source: str, note: Note, seconds: float | None, now: Moment
) -> None:
    """A line about a slot, or about the pool as a whole."""
    session.all(
        "add_event", wall=now.wall, slot=slot.name if slot else "", fence=slot.fence if slot else 0,
        source=source, target=slot.state.value if slot else "", action=note.action, actor=note.actor,
        result=note.result, reason=text_of(note.reason), seconds=seconds,
    )  # fmt: skip


def add_pool_event(session: Session, note: Note, *, now: Moment) -> None:
    """A line about the pool: a request, a setting, a repair."""
    add_event(session, slot=None, source="", note=note, seconds=None, now=now)


def events_after(session: Session, after: int, *, most: int = 1000) -> tuple[Event, ...]:
    """The log from a place on."""
    return tuple(parse_event(row) for row in session.all("events_after", after=after, most=most))


def last_events(session: Session, most: int) -> tuple[Event, ...]:
    """The end of the log, oldest first."""
    return tuple(parse_event(row) for row in session.all("last_events", most=most))


def forget_events(session: Session, *, keep: int = KEPT) -> None:
    """Only the last lines stay."""
    session.all("forget_events", keep=keep)
