"""Rows into values."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from poolmgr.core.lifecycle import State
from poolmgr.core.records import (
    Event,
    Lease,
    LeaseKind,
    Moment,
    Op,
    OpKind,
    Request,
    RequestState,
    Slot,
)
from poolmgr.store.protocol import Row


def parse_slot(row: Row) -> Slot:
    """A slot as it is stored."""
    values: dict[str, Any] = dict(row)
    return Slot(
        id=values["id"], number=values["number"], generation=values["generation"], name=values["name"],
        path=Path(os.fsdecode(values["path"])), state=State(values["state"]), fence=values["fence"],
        branch=values["branch"], lease_id=values["lease_id"], base_ref=values["base_ref"],
        base_oid=values["base_oid"], since=parse_moment(values, "since"), drains=bool(values["drains"]),
        superseded=bool(values["superseded"]), warm=values["warm"], warm_key=values["warm_key"],
        error=values["error"],
    )  # fmt: skip


def parse_lease(row: Row) -> Lease:
    """A lease as it is stored."""
    values: dict[str, Any] = dict(row)
    return Lease(
        id=values["id"], slot_id=values["slot_id"], fence=values["fence"], agent=values["agent"],
        branch=values["branch"], kind=LeaseKind(values["kind"]), holder=values["holder"],
        request_id=values["request_id"], base_ref=values["base_ref"], base_oid=values["base_oid"],
        started=values["started_wall"], used=parse_moment(values, "used"),
    )  # fmt: skip


def parse_request(row: Row) -> Request:
    """A request as it is stored."""
    values: dict[str, Any] = dict(row)
    return Request(
        seq=values["seq"], id=values["id"], agent=values["agent"], priority=values["priority"],
        branch=values["branch"], state=RequestState(values["state"]), waiter=values["waiter"],
        lease_id=values["lease_id"], named=bool(values["named"]), delivered=bool(values["delivered"]),
        queued=parse_moment(values, "queued"), reason=values["reason"],
    )  # fmt: skip


def parse_op(row: Row) -> Op:
    """An intent as it is stored."""
    values: dict[str, Any] = dict(row)
    return Op(
        id=values["id"], slot_id=values["slot_id"], kind=OpKind(values["kind"]), fence=values["fence"],
        owner=values["owner"], args=values["args"], attempts=values["attempts"],
        started=parse_moment(values, "started"),
    )  # fmt: skip


def parse_event(row: Row) -> Event:
    """A line of the log."""
    values: dict[str, Any] = dict(row)
    return Event(**values)


def parse_moment(values: dict[str, Any], prefix: str) -> Moment:
    """The three columns of one moment."""
    return Moment(wall=values[f"{prefix}_wall"], mono=values[f"{prefix}_mono"], boot=values[f"{prefix}_boot"])


def moment_values(now: Moment) -> dict[str, object]:
    """A moment as the statements name it."""
    return {"wall": now.wall, "mono": now.mono, "boot": now.boot}
