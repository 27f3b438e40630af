"""Rows for tests of pure decisions."""

from __future__ import annotations

from pathlib import Path

from poolmgr.core.lifecycle import HELD, State
from poolmgr.core.records import Lease, LeaseKind, Moment, Request, RequestState, Slot, Snapshot


def moment(mono: float = 0.0, *, boot: str = "boot") -> Moment:
    return Moment(wall=1_000_000.0 + mono, mono=mono, boot=boot)


def slot(number: int, state: State = State.READY, *, generation: int = 1, **more: object) -> Slot:
    name = f"pool-wt-{number}" + (f".g{generation}" if generation > 1 else "")
    values: dict[str, object] = {
        "id": number * 100 + generation, "number": number, "generation": generation, "name": name,
        "path": Path("/slots") / name, "state": state, "fence": number, "branch": None,
        "lease_id": f"l{number}" if state in HELD else None, "base_ref": "main", "base_oid": "0" * 40,
        "since": moment(), "drains": False, "superseded": False, "warm": "", "warm_key": "", "error": "",
        **more,
    }  # fmt: skip
    return Slot(**values)  # type: ignore[arg-type]


def lease(agent: str, number: int = 1) -> Lease:
    return Lease(
        id=f"l{number}", slot_id=number * 100 + 1, fence=number, agent=agent, branch=f"b{number}",
        kind=LeaseKind.STANDING, holder=None, request_id=f"r{number}", base_ref="main", base_oid="0" * 40,
        started=0.0, used=moment(),
    )  # fmt: skip


def request(
    seq: int, *, agent: str = "", priority: int = 2, queued: float = 0.0, branch: str | None = None
) -> Request:
    return Request(
        seq=seq, id=f"r{seq}", agent=agent or f"agent-{seq}", priority=priority, branch=branch,
        state=RequestState.QUEUED, waiter="somebody", lease_id=None, named=False, delivered=False,
        queued=moment(queued), reason="",
    )  # fmt: skip


def snapshot(*slots: Slot, size: int = 4, queue: tuple[Request, ...] = ()) -> Snapshot:
    return Snapshot(pool_id="p", size=size, slots=slots, leases=(), queue=queue, ops=())
