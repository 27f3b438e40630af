"""Keeps PUBLIC out of the databases that slots make for themselves: PostgreSQL lets everybody in.

`rails db:reset` drops a slot's database and makes it again, test runners make their own. What is in
them is their owner's alone from the start; that others may connect is ended here, afterwards.
"""

from __future__ import annotations

from isolation.database.catalog import Found, list_ours
from isolation.database.errors import DatabaseError
from isolation.database.session import Session
from isolation.database.turns import CLASHES, PATIENCE, turn

OPEN = """
SELECT d.oid FROM pg_catalog.pg_database d
WHERE d.datacl IS NULL OR EXISTS (SELECT FROM aclexplode(d.datacl) a WHERE a.grantee = 0)
"""


def shut_public_out(session: Session, pool_id: str, patience: str = PATIENCE) -> list[str]:
    """Close the databases of the pool that anybody may enter; their names.

    One that somebody holds is left for the next time, which the error says when the others are closed.
    """
    shut, held = [], None
    for found in list_open(session, pool_id):
        try:
            with turn(session, patience):
                if found.oid in {now.oid for now in list_open(session, pool_id)}:
                    session.do_by_number("REVOKE ALL ON DATABASE %I FROM PUBLIC", found.oid)
                    shut.append(found.name)
        except DatabaseError as error:
            if error.sqlstate not in CLASHES:
                raise
            held = held or error
    if held:
        raise held
    return shut


def list_open(session: Session, pool_id: str) -> list[Found]:
    """What slots have made and left open."""
    anybodys = {oid for (oid,) in session.rows(OPEN)}
    ours = list_ours(session, pool_id, sized=False)
    return [
        found
        for found in ours
        if found.oid in anybodys and found.mark.kind in ("slot", "old") and not found.is_half_dropped
    ]
