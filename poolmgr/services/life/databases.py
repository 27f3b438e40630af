"""The database in the life of its slot. Where slots have none, nothing is loaded for it."""

from __future__ import annotations

from poolmgr.core.database import Facts
from poolmgr.core.records import Lease
from poolmgr.services.ground.job import Job
from poolmgr.services.ground.pool import Pool
from poolmgr.store.tables.leases import databases_of_slot, find_lease


def are_lent(pool: Pool) -> bool:
    """Whether slots have databases."""
    if pool.settings.database.mode == "off":
        return False
    from poolmgr.services.databases.choice import is_on

    return is_on(pool)


def prepare_database(pool: Pool, commit: str, until: float | None) -> None:
    """What a commit's database is copied from, there before anybody waits in line for a slot."""
    template = pool.settings.database.template
    if (template.run or template.seed) and are_lent(pool):
        from poolmgr.services.databases.lending import prepare

        prepare(pool, commit, until)


def lend_database(pool: Pool, job: Job, lease: Lease, commit: str, until: float | None) -> Facts | None:
    """The lease's own database; None where there are none, or where it was asked for without."""
    if job.args.get("without_database") or not are_lent(pool):
        return None
    from poolmgr.services.databases import lending

    return lending.lend_database(pool, job.slot, lease, commit, until)


def late_words(pool: Pool) -> tuple[str, ...]:
    """What to type where slots have no databases and could have."""
    if pool.settings.database.mode != "auto":
        return ()
    from poolmgr.services.databases.choice import find_late

    words = find_late(pool)
    return (words,) if words else ()


def noted(pool: Pool, lease: Lease, database: Facts | None) -> Lease:
    """The lease as it is on record, with its database."""
    if database is None:
        return lease._replace(database="")
    with pool.engine.read() as session:
        return find_lease(session, lease.id) or lease


def fence_databases(pool: Pool, job: Job) -> None:
    """Whoever held the slot is out of its database."""
    over = list_over(pool, job)
    if over and not job.args.get("fenced"):
        from poolmgr.services.databases.lending import fence_databases

        fence_databases(pool, job, over)


def drop_databases(pool: Pool, job: Job) -> None:
    """The databases of the slot's past leases are gone, or owed."""
    over = list_over(pool, job)
    if over:
        from poolmgr.services.databases.lending import try_drop

        try_drop(pool, over)


def list_over(pool: Pool, job: Job) -> tuple[Lease, ...]:
    """The slot's leases that are over and whose databases are still there."""
    with pool.engine.read() as session:
        return databases_of_slot(session, job.slot.id)
