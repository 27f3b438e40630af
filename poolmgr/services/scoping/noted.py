"""What was noted of a lease when its slot was claimed, and is not its holder's to change."""

from __future__ import annotations

import json
from collections.abc import Mapping

from poolmgr.core.records import Lease, OpKind
from poolmgr.services.ground.pool import Pool
from poolmgr.store.tables.ops import find_op


def read_noted(pool: Pool, lease: Lease) -> Mapping[str, object]:
    """The words of the intent; none where the state was built anew."""
    with pool.engine.read() as session:
        op = find_op(session, lease.fence, OpKind.ASSIGN)
    return json.loads(op.args) if op else {}
