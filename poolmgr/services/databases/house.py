"""What is done for databases while nobody waits: drops that are owed, the template, spares ahead.

Each duty by one process at a time, by lock; whoever finds it held goes on with something else. What
is owed waits for no template's commands. Everything can be repeated. What the server refuses is told,
and tried again a minute later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from isolation.database import spares
from isolation.database.errors import DropHeldUp, TemplateFailed
from isolation.database.orphans import Orphan, drop_orphan, list_orphans
from isolation.database.shutting import shut_public_out
from isolation.errors import IsolationError
from poolmgr.core.errors import Busy, PoolError
from poolmgr.services.databases.asking import (
    Duty,
    ask_house,
    be_done,
    find_asked,
    has_news,
    is_missed,
    put_off,
)
from poolmgr.services.databases.choice import room_of
from poolmgr.services.databases.lending import drop_lease, every, fence_lease, on_servers
from poolmgr.services.databases.losing import list_lost, make_anew
from poolmgr.services.databases.orphans import list_live
from poolmgr.services.databases.secret import ensure_secret
from poolmgr.services.databases.server import Server, open_server
from poolmgr.services.databases.stock import trim_templates
from poolmgr.services.databases.templates import try_ahead
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.start_point import require_base
from poolmgr.store import gate
from poolmgr.store.tables.events import add_pool_event
from poolmgr.store.tables.leases import databases_over, owed_databases

UNFINISHED = ("making", "spare", "template")
Failed = dict[str, Exception]


def keep_house(pool: Pool) -> bool:
    """Whether it was ours to do."""
    room = room_of(pool.site.state)
    room.mkdir(mode=0o700, exist_ok=True)
    try:
        with gate.held(room / "house.lock", patience=0):
            do(pool, Duty.HOUSE, clear)
    except Busy:
        return False
    return True


def work_ahead(pool: Pool) -> None:
    """What may run a template's commands, for whoever holds the lock of that."""
    do(pool, Duty.AHEAD, prepare)


def do(pool: Pool, duty: Duty, steps: Callable[[Pool], Failed]) -> None:
    """A duty, once more where our own server died meanwhile: opening it starts it."""
    asked = find_asked(pool, duty)
    failed = steps(pool)
    if failed and is_missed(pool, pool.snapshot()):
        failed = steps(pool)
    if has_news(pool, duty, "; ".join(failed)):
        note_failed(pool, "; ".join(failed))
    # A template's commands are not run again until somebody asks.
    if all(isinstance(error, TemplateFailed) for error in failed.values()):
        be_done(pool, duty, asked)
    else:
        ask_house(pool, (duty,))
        put_off(pool, duty)


def clear(pool: Pool) -> Failed:
    """What is owed, open or left, the most urgent first; what failed, by its words. It stops nothing else."""
    failed: Failed = {}
    with noted(failed):
        pay(pool)
    with noted(failed), open_server(pool) as server:
        for step in (shut, drop_unfinished):
            with noted(failed):
                step(pool, server)
    return failed


def prepare(pool: Pool) -> Failed:
    """The same of what those who have a slot, or come next, need."""
    failed: Failed = {}
    for step in (make_lost, build_ahead):
        with noted(failed):
            step(pool)
    return failed


@contextmanager
def noted(failed: Failed) -> Iterator[None]:
    """What fails inside is among what failed, and stops nothing behind it."""
    try:
        yield
    except (IsolationError, PoolError) as error:
        failed.setdefault(error.message, error)


def note_failed(pool: Pool, words: str) -> None:
    """The log says why."""
    with pool.engine.write() as session:
        add_pool_event(session, pool.note("database", words, "failed"), now=read_moment())


def make_lost(pool: Pool) -> None:
    """What is lent and not there."""
    with open_server(pool) as server:
        lost = list_lost(pool, server)
    every(partial(make_anew, pool, *each) for each in lost)


def pay(pool: Pool) -> None:
    """Holders out that are still in, databases gone that nobody has any more."""
    with pool.engine.read() as session:
        over, owed = databases_over(session), owed_databases(session)
    closed = [lease for lease in over if lease not in owed]
    every((partial(on_servers, pool, closed, fence_lease), partial(on_servers, pool, owed, drop_lease)))


def drop_unfinished(pool: Pool, server: Server) -> None:
    """What killed commands left half made, or half dropped."""
    pool_id = pool.facts.pool_id
    with server.session() as session:
        orphans = list_orphans(session, pool_id, list_live(pool), 0)
        left = [each for each in orphans if is_unfinished(each)]
        every((partial(drop_orphan, session, pool_id, each) for each in left), unless=DropHeldUp)


def is_unfinished(orphan: Orphan) -> bool:
    """Whether nobody can miss it: nothing of it was whole, or is any more."""
    if orphan.role:
        return orphan.role.mark.kind in UNFINISHED
    return all(found.is_half_dropped for found in orphan.databases)


def shut(pool: Pool, server: Server) -> None:
    """What others made is closed to PUBLIC."""
    shut_public_out(server.opened, pool.facts.pool_id)


def build_ahead(pool: Pool) -> None:
    """The template of the base, and databases made from it for those who come next."""
    if not pool.snapshot().size:
        return
    template = try_ahead(pool, require_base(pool, None).oid)
    if template is None:
        return
    pool_id, wanted = pool.facts.pool_id, pool.settings.database.spares
    with open_server(pool) as server, server.session() as session:
        with suppress(DropHeldUp):  # those are for later
            for spare in spares.list_spares(session, pool_id):
                if (spare.mark.template or "") != template:
                    spares.drop_spare(session, pool_id, spare)
        for _ in range(wanted - spares.count_spares(session, pool_id, template)):
            spares.build_spare(session, pool_id, server.prefix, template, ensure_secret(pool))
        trim_templates(pool, server, keep={template})
