"""What is done for databases while nobody waits: drops that are owed, the template, spares ahead.

One process at a time, by lock; whoever finds it held goes on with something else. Everything can
be repeated. What the server refuses is told, and tried again a minute later.
"""

from __future__ import annotations

from isolation.database import spares
from isolation.database.errors import DatabaseError, TemplateFailed
from isolation.database.orphans import drop_orphan, list_orphans
from isolation.database.shutting import shut_public_out
from isolation.errors import IsolationError
from poolmgr.core.errors import Busy, PoolError
from poolmgr.services.databases.asking import ask_house, be_done, find_asked, put_off
from poolmgr.services.databases.choice import room_of
from poolmgr.services.databases.lending import drop_leases, fence_leases
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


def keep_house(pool: Pool) -> bool:
    """Whether it was ours to do."""
    room = room_of(pool.site.state)
    room.mkdir(mode=0o700, exist_ok=True)
    try:
        with gate.held(room / "house.lock", patience=0):
            asked = find_asked(pool)
            try:
                go_over(pool)
            except TemplateFailed as error:
                note_failed(pool, error)  # its commands are not run again until somebody asks
            except (IsolationError, PoolError) as error:
                note_failed(pool, error)
                ask_house(pool)
                put_off(pool)
                return True
            be_done(pool, asked)
    except Busy:
        return False
    return True


def go_over(pool: Pool) -> None:
    """Everything there is to do, the most urgent first."""
    with open_server(pool) as server:
        for slot, lease in list_lost(pool, server):
            make_anew(pool, server, slot, lease)
        pay(pool, server)
        drop_unfinished(pool, server)
        shut_public_out(server.opened, pool.facts.pool_id)
        if pool.snapshot().size:
            build_ahead(pool, server)


def note_failed(pool: Pool, error: IsolationError | PoolError) -> None:
    """The log says why."""
    with pool.engine.write() as session:
        add_pool_event(session, pool.note("database", error.message, "failed"), now=read_moment())


def pay(pool: Pool, server: Server) -> None:
    """Holders out that are still in, databases gone that nobody has any more; one failure stops no other."""
    with pool.engine.read() as session:
        over, owed = databases_over(session), owed_databases(session)
    failed: DatabaseError | None = None
    for lease in over:
        try:
            if lease in owed:
                drop_leases(pool, server, (lease,))
            else:
                fence_leases(pool, server, (lease,))
        except DatabaseError as error:
            failed = error
    if failed:
        raise failed


def drop_unfinished(pool: Pool, server: Server) -> None:
    """What killed commands left half made."""
    with server.session() as session:
        for orphan in list_orphans(session, pool.facts.pool_id, list_live(pool), 0):
            if orphan.role and orphan.role.mark.kind in UNFINISHED:
                drop_orphan(session, pool.facts.pool_id, orphan)


def build_ahead(pool: Pool, server: Server) -> None:
    """The template of the base, and databases made from it for those who come next."""
    template = try_ahead(pool, server, require_base(pool, None).oid)
    if template is None:
        return
    pool_id, wanted = pool.facts.pool_id, pool.settings.database.spares
    with server.session() as session:
        for spare in spares.list_spares(session, pool_id):
            if (spare.mark.template or "") != template:
                spares.drop_spare(session, pool_id, spare)
        for _ in range(wanted - spares.count_spares(session, pool_id, template)):
            spares.build_spare(session, pool_id, server.prefix, template, ensure_secret(pool))
    trim_templates(pool, server, keep={template})
