"""Goes into another database of the server for a few statements, and leaves without a trace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from isolation.database.session import Session, open_session

PATIENCE = 5.0
NAP = 0.001


@contextmanager
def inside(session: Session, database: str) -> Iterator[Session]:
    """A session in a database; afterwards it is gone for the server, too.

    A closed connection lives on in the server for an instant, in which the database counts as in use.
    """
    with open_session(session.address, database, major=session.major) as visit:
        pid = visit.rows("SELECT pg_backend_pid()")[0][0]
        yield visit
    deadline = time.monotonic() + PATIENCE
    while session.rows("SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = %s", (pid,)):
        if time.monotonic() > deadline:
            return
        time.sleep(NAP)
