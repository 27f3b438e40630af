"""Rows into values."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from poolmgr.core.lifecycle import State
from poolmgr.core.records import (
    Event,
    Lease,
    LeaseKind,
    Moment,
    News,
    Op,
    OpKind,
    Request,
    RequestState,
    Slot,
)
from poolmgr.core.scope import Scope, scope_from
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
        error=values["error"], view=values["view"],
    )  # fmt: skip


def parse_lease(row: Row) -> Lease:
    """A lease as it is stored."""
    values: dict[str, Any] = dict(row)
    return Lease(
        id=values["id"], slot_id=values["slot_id"], fence=values["fence"], agent=values["agent"],
        branch=values["branch"], kind=LeaseKind(values["kind"]), holder=values["holder"],
        request_id=values["request_id"], base_ref=values["base_ref"], base_oid=values["base_oid"],
        started=values["started_wall"], used=parse_moment(values, "used"),
        scope=parse_scope(values["owns"], values["sees"]), shared=parse_texts(values["shared"]),
        outside=parse_texts(values["outside"]), changing=values["changing"],
        news=parse_news(values["news"]), database=values["database"], server=values["server"],
    )  # fmt: skip


def parse_scope(owns: str | None, sees: str | None) -> Scope | None:
    """The two lists of a lease; None for a full slot."""
    if owns is None or sees is None:
        return None
    return scope_from({"owns": json.loads(owns), "sees": json.loads(sees)})


def text_of(words: str) -> str:
    """Words for people as a database can hold them: bytes of file names that are no text are spelled out."""
    return os.fsencode(words).decode(errors="backslashreplace")


def parse_texts(text: str) -> tuple[str, ...]:
    """A list of texts; names that are not UTF-8 keep their bytes."""
    return () if text == "[]" else tuple(json.loads(text))


def parse_news(text: str) -> tuple[News, ...]:
    """Words and the lease they are about; an older poolmgr stored words alone."""
    found = () if text == "[]" else json.loads(text)
    return tuple(News(each) if isinstance(each, str) else News(*each) for each in found)


def scope_values(scope: Scope | None) -> dict[str, object]:
    """A scope as the statements name it."""
    values = scope.as_json if scope else {}
    return {key: json.dumps(values[key]) if values else None for key in ("owns", "sees")}


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
