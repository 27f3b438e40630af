"""Requests: the queue and its past. The id is the caller's idempotency key."""

from __future__ import annotations

from typing import NamedTuple

from poolmgr.core.records import Moment, Request, RequestState
from poolmgr.store.protocol import Row, Session
from poolmgr.store.tables.rows import moment_values, parse_request, text_of


class NewRequest(NamedTuple):
    """What somebody asks for."""

    id: str
    agent: str
    priority: int
    branch: str | None
    waiter: str
    named: bool


def queued_requests(session: Session) -> tuple[Request, ...]:
    """Everybody who waits, oldest first."""
    return tuple(parse_request(row) for row in session.all("queued_requests"))


def find_request(session: Session, request_id: str) -> Request | None:
    """One request, whatever became of it."""
    return parsed(session.one("request_by_id", id=request_id))


def undelivered_requests(session: Session) -> tuple[Request, ...]:
    """Granted, but the caller may never have heard of it."""
    return tuple(parse_request(row) for row in session.all("undelivered_requests"))


def add_request(session: Session, new: NewRequest, *, now: Moment) -> Request:
    """A place at the end of the queue."""
    return required(session.one("add_request", **columns(new), **moment_values(now)))


def requeue_request(session: Session, new: NewRequest, *, now: Moment) -> Request:
    """The same request asks again after its last turn came to an end."""
    values = columns(new)
    del values["named"]
    return required(session.one("requeue_request", **values, **moment_values(now)))


def adopt_request(session: Session, request_id: str, waiter: str) -> Request | None:
    """The waiting request gets another process that waits for it."""
    return parsed(session.one("adopt_request", id=request_id, waiter=waiter))


def grant_request(session: Session, request_id: str, lease_id: str) -> Request | None:
    """The waiting request gets its lease; None when it no longer waits."""
    return parsed(session.one("grant_request", id=request_id, lease_id=lease_id))


def settle_request(session: Session, request_id: str, state: RequestState, reason: str) -> Request | None:
    """The waiting request leaves the queue; None when it no longer waits."""
    return parsed(session.one("settle_request", id=request_id, state=state.value, reason=text_of(reason)))


def undo_grant(session: Session, request_id: str, lease_id: str) -> Request | None:
    """The grant came to nothing; the request has its old place again."""
    return parsed(session.one("undo_grant", id=request_id, lease_id=lease_id))


def deliver_request(session: Session, request_id: str) -> None:
    """The caller has been told."""
    session.all("deliver_request", id=request_id)


def columns(new: NewRequest) -> dict[str, object]:
    """A new request as the statements name it."""
    return {
        "id": new.id, "agent": new.agent, "priority": new.priority, "branch": new.branch,
        "waiter": new.waiter, "named": new.named,
    }  # fmt: skip


def parsed(row: Row | None) -> Request | None:
    """A row as a request."""
    return parse_request(row) if row else None


def required(row: Row | None) -> Request:
    """A row that is always there."""
    if row is None:
        raise AssertionError("an insert answers its row")
    return parse_request(row)
