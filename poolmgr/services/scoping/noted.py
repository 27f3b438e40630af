"""What was noted of a lease when its slot was claimed, and is not its holder's to change."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from isolation.git.reflog import read_log
from poolmgr.core.records import Lease, OpKind
from poolmgr.services.ground.pool import Pool
from poolmgr.store.tables.ops import find_op

REMOTES = "refs/remotes/"
USUAL_REMOTE = "origin"


def read_noted(pool: Pool, lease: Lease) -> Mapping[str, object]:
    """The words of the intent; none where the state was built anew."""
    with pool.engine.read() as session:
        op = find_op(session, lease.fence, OpKind.ASSIGN)
    return json.loads(op.args) if op else {}


def list_remotes(pool: Pool, lease: Lease) -> Mapping[str, str | None]:
    """The remotes that were there when the slot was lent, each with its place; None: nobody noted it."""
    noted = read_noted(pool, lease).get("remotes")
    if isinstance(noted, dict):
        return {str(name): str(place) for name, place in noted.items()}
    common = pool.site.common
    try:
        names = sorted(os.listdir(common / "logs" / REMOTES))
    except OSError:
        return {}
    return {
        name: None
        for name in names
        if name == USUAL_REMOTE
        or lease.base_ref.startswith(f"{name}/")
        or was_there(common, name, lease.started)
    }


def was_there(common: Path, remote: str, moment: float) -> bool:
    """Whether something was fetched from a remote before."""
    room = common / "logs" / REMOTES / remote
    lines = (read_log(common, os.fspath(file.relative_to(common / "logs"))) for file in room.rglob("*"))
    return any(line[0].time < moment for line in lines if line)
