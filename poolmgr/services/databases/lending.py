"""A slot's database on its way in and out: made before the lease is announced, gone before the next.

What the lease's row says comes first, so that whoever finds a killed attempt knows what to look
for; the server's own catalog, with our comments, says what is there. Every step can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from isolation.database import dropping, fencing, lending
from isolation.database.address import Address
from isolation.database.catalog import list_leases
from isolation.database.errors import DatabaseError, DropHeldUp, WrongPassword
from isolation.database.names import slot_name
from isolation.database.session import Session, open_session
from isolation.errors import IsolationError
from poolmgr.core.database import Facts
from poolmgr.core.errors import PoolError, TimedOut
from poolmgr.core.records import Lease, Slot
from poolmgr.services.databases.asking import ask_house, is_leaving
from poolmgr.services.databases.choice import EMBEDDED
from poolmgr.services.databases.facts import write_facts
from poolmgr.services.databases.secret import find_secret
from poolmgr.services.databases.server import Server, open_server_of
from poolmgr.services.databases.templates import Plan, ensure_template, from_template
from poolmgr.services.ground.job import Job, remember
from poolmgr.services.ground.pool import Pool
from poolmgr.store.tables.leases import note_database


def prepare(pool: Pool, commit: str, until: float | None) -> None:
    """The template that a commit's database is copied from."""
    with for_lease():
        ensure_template(pool, commit, until)


def lend_database(pool: Pool, slot: Slot, lease: Lease, commit: str, until: float | None) -> Facts:
    """The slot's own database, its holder's alone."""

    def lent(server: Server, template: str) -> Facts:
        return lend_from(pool, server, slot, lease, template)

    with for_lease():
        facts = from_template(pool, Plan(commit, until), lent)
    ask_house(pool)  # a spare is gone
    return facts


@contextmanager
def for_lease() -> Iterator[None]:
    """What stops a lease's database comes with the way to do without."""
    try:
        yield
    except (DatabaseError, TimedOut) as error:
        error.hint = f"{error.hint}; or without a database: --no-database".removeprefix("; or ")
        raise


def lend_from(pool: Pool, server: Server, slot: Slot, lease: Lease, template: str) -> Facts:
    """The database of a lease, on record before it is made; asked again it gets a new password."""
    expected = slot_name(server.prefix, slot.number)
    put_on_record(pool, lease, expected, server.name)
    wanted = lending.Wanted(
        prefix=server.prefix, pool_id=pool.facts.pool_id, number=slot.number, slot_id=slot.id,
        fence=lease.fence, template=template, connections=pool.settings.database.connections,
        secret=find_secret(pool), lease=lease.id,
    )  # fmt: skip
    with server.session() as session:
        lent = lending.lend(session, wanted)
    if lent.name != expected:
        put_on_record(pool, lease, lent.name, server.name)
    facts = server.facts_of(lent.name, lent.role, lent.password)
    if not server.is_embedded:
        require_way_in(facts)
    write_facts(slot, facts)
    return facts


def require_way_in(facts: Facts) -> None:
    """Refuse to lend what the server of somebody else would not let its holder into."""
    address = Address(facts.host, facts.port, facts.role, facts.password, facts.name, facts.options)
    try:
        with open_session(address):
            return
    except WrongPassword as error:
        error.hint = "let its pg_hba.conf admit every role by password: host all all ADDRESS scram-sha-256"
        raise


def put_on_record(pool: Pool, lease: Lease, name: str, server: str = "") -> None:
    """The lease's database; "" when it is gone."""
    with pool.engine.write() as session:
        note_database(session, lease.id, name, server)


def fence_databases(pool: Pool, job: Job, over: tuple[Lease, ...]) -> None:
    """The last holder is out: no password, no session. What cannot be done now is done by the house."""
    try:
        on_servers(pool, over, fence_lease)
    except (DatabaseError, PoolError) as error:
        pool.tell(f"the last holder of {job.slot.name} is not out of its database yet: {error.message}")
        ask_house(pool)
        return
    remember(pool, job, fenced=True)


def try_drop(pool: Pool, over: tuple[Lease, ...]) -> None:
    """The databases gone; what cannot be dropped now stays owed, and the slot goes on.

    What is on a server of our own is left to go with it where the whole pool goes.
    """
    if is_leaving(pool):
        over = tuple(lease for lease in over if lease.server != EMBEDDED)
    with suppress(DatabaseError, PoolError):
        on_servers(pool, over, partial(drop_lease, patience=dropping.BRIEF))
    ask_house(pool)  # also for what a killed attempt to lend left half made


def on_servers(pool: Pool, over: Collection[Lease], step: Callable[[Pool, Server, Lease], object]) -> None:
    """A step for each lease, on the server that has its database."""

    def on_server(where: str) -> None:
        with open_server_of(pool, where) as server:
            steps = (partial(step, pool, server, lease) for lease in over if lease.server == where)
            every(steps, unless=DropHeldUp)

    every(partial(on_server, where) for where in dict.fromkeys(lease.server for lease in over))


def every(steps: Iterable[Callable[[], object]], *, unless: type[IsolationError] | tuple[()] = ()) -> None:
    """Each step in its turn; one that fails stops no other, and the first failure is raised at the end.

    But after what it must not be the others do not begin, for they would fail in the same way.
    """
    failed: IsolationError | PoolError | None = None
    for step in steps:
        try:
            step()
        except unless:
            raise
        except (IsolationError, PoolError) as error:
            failed = failed or error
    if failed:
        raise failed


def fence_lease(pool: Pool, server: Server, lease: Lease) -> None:
    """Nobody comes in any more."""
    with server.session() as session:
        require_here(session, pool, server, lease)
        fencing.fence(session, pool.facts.pool_id, lease.fence, lease.id)


def drop_lease(pool: Pool, server: Server, lease: Lease, patience: int = dropping.PATIENCE) -> None:
    """The databases and the role of a lease that is over, and then their record."""
    with server.session() as session:
        require_here(session, pool, server, lease)
        dropping.drop_lease(session, pool.facts.pool_id, lease.fence, lease.id, patience=patience)
        put_on_record(pool, lease, "")


def require_here(session: Session, pool: Pool, server: Server, lease: Lease) -> None:
    """Raise when the lease's database is on another server, where it goes on until the settings name it."""
    is_known = lease.server in ("", server.name)
    if not is_known and not list_leases(session, pool.facts.pool_id, lease.fence, lease.id):
        raise DatabaseError(
            f"{lease.database} is on another server than the settings name: "
            f"{lease.server}, not {server.name}",
            hint="name it in database.mode or database.dsn, then: poolmgr doctor --fix",
        )
