"""The pool's secret, which tells the passwords of its spares: who may read the state has it, nobody else.

Without it, or with another one, a spare gets a new password when it is lent, which takes longer.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from poolmgr.services.databases.choice import room_of
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import write_private


def find_secret(pool: Pool) -> str:
    """The secret; "" when there is none yet."""
    file = file_of(pool)
    return file.read_text() if file.exists() else ""


def ensure_secret(pool: Pool) -> str:
    """The secret, made if there is none; for whoever keeps house, of whom there is one."""
    known = find_secret(pool)
    if not known:
        known = secrets.token_hex(32)
        write_private(file_of(pool), known.encode())
    return known


def file_of(pool: Pool) -> Path:
    return room_of(pool.site.state) / "secret"
