"""Who may do what at the same time on one server: advisory locks of its maintenance database.

Names, rights and comments of databases and roles change only within a turn, which is one short
transaction of all pools on the server. What is being made or dropped is held by the session that does
it: a lock that can be taken proves that the maker, and the statement it left running, are gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from isolation.database.session import Session

TURN = 0x706D_0001 << 32
MAKING = 0x706D_0002 << 32
TEMPLATE = 0x706D_0003 << 32
# A client that was stopped in its turn is put out before those who wait give up.
STOPPED = "20s"
WAIT = "30s"
# Nobody's turn waits longer for what anybody else on the server holds.
PATIENCE = "2s"
AT_ONCE = "100ms"
CHANGED = "XX000"  # by somebody, while a statement waited for it: the server has no code of its own for that
CLASHES = {"55P03", CHANGED}  # the first: somebody holds it still


@contextmanager
def turn(session: Session, patience: str = PATIENCE) -> Iterator[None]:
    """A transaction that no other of ours on the server overlaps; in it locks are waited for so long."""
    with session.transaction():
        session.do(
            f"SET LOCAL idle_in_transaction_session_timeout = '{STOPPED}'; SET LOCAL lock_timeout = '{WAIT}';"
            f"SELECT pg_advisory_xact_lock({TURN}); SET LOCAL lock_timeout = '{patience}'"
        )
        yield


def making_key(oid: int) -> int:
    """The lock of the role that owns what is being made."""
    return MAKING | oid


def template_key(pool_id: str, fingerprint: str) -> int:
    """The lock of whoever builds this template."""
    digest = hashlib.sha256(f"{pool_id}/{fingerprint}".encode()).digest()
    return TEMPLATE | int.from_bytes(digest[:4], "big")


def try_hold(session: Session, key: int) -> bool:
    """Take a lock until it is let go or the session ends; False when another session has it."""
    return bool(session.rows(f"SELECT pg_try_advisory_lock({key})")[0][0])


def let_go(session: Session, key: int) -> None:
    session.do(f"SELECT pg_advisory_unlock({key})")
