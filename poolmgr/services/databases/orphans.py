"""What is this pool's on the server and belongs to no slot: found, and taken away on request.

Alive is what the state says, and what the marks of git's worktrees say: when either cannot be
read, nothing is an orphan. The dropping itself proves once more whose it is and that nobody is in.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from isolation.database.embedded import leaked
from isolation.database.embedded.place import Home, read_record
from isolation.database.errors import DatabaseError, ServerBusy
from isolation.database.orphans import Orphan, drop_orphan, list_orphans
from isolation.database.session import Session
from isolation.git.worktrees import find_admin, list_worktrees
from poolmgr.services.databases.server import Server, open_server
from poolmgr.services.ground import marks
from poolmgr.services.ground.pool import Pool
from poolmgr.store.tables.leases import databases_over, live_leases, owed_databases

# While it is held, no database is being made; who waits for it makes everybody wait.
LOCK = "LOCK TABLE pg_catalog.pg_database IN SHARE MODE NOWAIT"
BRIEF = 3.0
NAP = 0.05
PATIENCE = 10  # seconds for each


class Left(NamedTuple):
    """Something nobody has; `stays` says why it could not go, `is_dropped` that it went."""

    name: str
    kind: str
    reason: str
    size: int
    connections: int
    made: int | None
    is_dropped: bool = False
    stays: str = ""

    @property
    def as_json(self) -> dict[str, object]:
        """As `db orphans --json` promises it."""
        return {
            "name": self.name, "kind": self.kind, "reason": self.reason, "size": self.size,
            "connections": self.connections, "made": self.made, "dropped": self.is_dropped,
            "stays": self.stays or None,
        }  # fmt: skip


def find_orphans(pool: Pool) -> list[Left]:
    """What nobody has, whatever its age."""
    live = list_live(pool)
    with open_server(pool) as server, server.session() as session:
        found = list_orphans(session, pool.facts.pool_id, live, 0)
        leaks = list_leaks(pool, server, session)
    return [*(left_of(each) for each in found), *leaks]


def clean_orphans(pool: Pool) -> list[Left]:
    """The same; what is old enough and unused is gone."""
    live, grace = list_live(pool), pool.settings.database.grace
    with open_server(pool) as server, server.session() as session:
        every = list_orphans(session, pool.facts.pool_id, live, 0)
        old = {each.name for each in list_orphans(session, pool.facts.pool_id, live, grace)}
        cleaned = [
            try_clean(pool, session, each)
            if each.name in old
            else left_of(each)._replace(stays=f"younger than {grace / 60:.0f} minutes")
            for each in every
        ]
        return [*cleaned, *list_leaks(pool, server, session, clean=True)]


def list_live(pool: Pool) -> set[int]:
    """The fences of leases whose databases are somebody's: live, or kept with a slot that is set aside."""
    with pool.engine.read() as session:
        over, owed = databases_over(session), {lease.id for lease in owed_databases(session)}
        known = {lease.fence for lease in (*live_leases(session), *over) if lease.id not in owed}
    return known | set(list_marked(pool))


def list_marked(pool: Pool) -> Iterator[int]:
    """The fences in the marks of the worktrees that git lists; a git that does not answer is an error."""
    for worktree in list_worktrees(pool.git):
        admin = find_admin(worktree.path)
        mark = (marks.read_mark(admin) if admin else None) or {}
        if (
            mark.get("lease")
            and isinstance(mark.get("fence"), int)
            and mark.get("pool") == pool.facts.pool_id
        ):
            yield mark["fence"]


def left_of(orphan: Orphan) -> Left:
    """An orphan in words."""
    mark = orphan.role.mark if orphan.role else orphan.databases[0].mark
    return Left(
        name=orphan.name, kind="role" if not orphan.databases else mark.kind, reason=orphan.why,
        size=sum(found.size or 0 for found in orphan.databases),
        connections=sum(found.connections for found in orphan.databases), made=mark.made,
    )  # fmt: skip


def try_clean(pool: Pool, session: Session, orphan: Orphan) -> Left:
    """The orphan gone, or why it stays."""
    left = left_of(orphan)
    if left.connections:
        return left._replace(stays=f"{left.connections} connected")
    # Asked again: a lease may have been made after the first look at them.
    if fences_of(orphan) & list_live(pool):
        return left._replace(stays="a slot has it")
    try:
        drop_orphan(session, pool.facts.pool_id, orphan, PATIENCE)
    except DatabaseError as error:
        return left._replace(stays=error.message)
    return left._replace(is_dropped=True)


def fences_of(orphan: Orphan) -> set[int | None]:
    """The leases whose it could be; none for what an interrupted drop left."""
    if orphan.role:
        return {orphan.role.mark.fence}
    return {found.mark.fence for found in orphan.databases if not found.is_half_dropped}


def list_unknown(session: Session, data: Path) -> frozenset[int]:
    """Numbers of databases that the server does not know; none while somebody is at one for long."""
    deadline = time.monotonic() + BRIEF
    while time.monotonic() < deadline:
        try:
            with session.transaction():
                session.do(LOCK)
                return leaked.list_numbers(data) - list_oids(session)
        except ServerBusy:
            time.sleep(NAP)
    return frozenset()


def list_leaks(pool: Pool, server: Server, session: Session, *, clean: bool = False) -> list[Left]:
    """Files of databases that were never finished, on a server of our own; gone with `clean`.

    None while somebody is at making or dropping one for long: then it cannot be told.
    """
    record = read_record(Home(pool.site.state)) if server.is_embedded else None
    if record is None:
        return []
    look = leaked.remove_leaked if clean else leaked.list_leaked
    before = list_unknown(session, record.data)
    # Files take their time, without the lock: the server gives nobody the number of one that is there.
    found = []
    for number in sorted(before):
        with suppress(FileNotFoundError):  # somebody else removed it
            found += look(session, record.data, frozenset({number}))
    return [
        Left(
            name=f"base/{leak.path.name}", kind="files", reason="the copy they belong to was cut off",
            size=leak.size, connections=0, made=None, is_dropped=clean,
        )
        for leak in found
    ]  # fmt: skip


def list_oids(session: Session) -> frozenset[int]:
    """The numbers of the databases there are."""
    return frozenset(int(oid) for (oid,) in session.rows("SELECT oid FROM pg_catalog.pg_database"))
