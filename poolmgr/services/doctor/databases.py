"""The databases of slots against the server: what is lent is there, what is over is gone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from isolation.database.embedded.aside import list_aside
from isolation.database.embedded.place import Home
from isolation.database.embedded.server import is_running
from isolation.database.embedded.starting import read_failure
from isolation.database.errors import DatabaseError
from poolmgr.core.records import Lease, Snapshot
from poolmgr.services.databases.asking import ask_house
from poolmgr.services.databases.choice import EMBEDDED, is_on, read_mode
from poolmgr.services.databases.house import pay
from poolmgr.services.databases.losing import list_lost, make_anew
from poolmgr.services.databases.orphans import find_orphans
from poolmgr.services.databases.server import Server, open_embedded, open_server
from poolmgr.services.doctor.finding import Case, beyond_us, remark, wrong
from poolmgr.services.ground.pool import Pool
from poolmgr.store.tables.leases import owed_databases

GIVES_UP = "doctor --fix sets the data aside, keeps them, and makes new ones"


def look_at_databases(pool: Pool, snapshot: Snapshot) -> Iterator[Case]:
    """What is owed where slots have none; nothing where a server of our own rests."""
    with pool.engine.read() as session:
        owed = owed_databases(session)
    if not is_on(pool):
        yield from list_owed(pool, owed)
        return
    leases = [lease for lease in snapshot.leases if lease.database]
    yield from list_kept_aside(pool)
    if read_mode(pool) == EMBEDDED and not is_running(Home(pool.site.state)):
        failed = read_failure(Home(pool.site.state))
        if leases or owed or failed:
            detail = f"{failed}; {GIVES_UP}" if failed else "slots have databases on it, and it does not run"
            mend = partial(start, pool, gives_up=bool(failed))
            yield wrong("database_server", "the embedded server", detail, mend)
        return
    try:
        with open_server(pool) as server:
            cases = [*list_missing(pool, server), *list_owed(pool, owed), *list_orphaned(pool)]
    except DatabaseError as error:
        hint = error.hint or "poolmgr db status"
        cases = [beyond_us("database_server", "the databases' server", error.message, hint)]
    yield from cases


def list_kept_aside(pool: Pool) -> Iterator[Case]:
    """What a server of our own had as data and could not use."""
    for aside in list_aside(Home(pool.site.state)):
        detail = "data the embedded server could not use, kept to be looked at: rm -rf them when you like"
        yield remark("database_aside", str(aside), detail)


def start(pool: Pool, *, gives_up: bool) -> None:
    """The server up; on new data where it is on record that those it has are damaged, which are kept."""
    with open_embedded(pool, gives_up=gives_up):
        ask_house(pool)


def list_missing(pool: Pool, server: Server) -> Iterator[Case]:
    """Lent, and not there: its content is gone whatever is done."""
    for slot, lease in list_lost(pool, server):
        detail = f"the database {lease.database} is not on {server.where}; it can be made anew"
        yield wrong("database_missing", slot.name, detail, partial(make_anew, pool, slot, lease))


def list_owed(pool: Pool, owed: tuple[Lease, ...]) -> Iterator[Case]:
    """What is over and still there."""
    for lease in owed:
        where = f", on {lease.server}" if lease.server else ""
        yield wrong("database_owed", lease.database, f"its lease is over{where}", partial(pay, pool))


def list_orphaned(pool: Pool) -> Iterator[Case]:
    """What is nobody's."""
    for orphan in find_orphans(pool):
        yield remark("database_orphan", orphan.name, f"{orphan.reason}: poolmgr db orphans --clean")
