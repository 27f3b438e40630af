"""init's work: the pool's files, its size in the settings, and its slots, with progress."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from poolmgr.cli.output import is_terminal, report, safe, say, say_skipped
from poolmgr.core.placing import counted
from poolmgr.core.records import Slot
from poolmgr.core.settings import Settings
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import Site, find_facts, find_site
from poolmgr.services.settings.local import set_local
from poolmgr.services.steering.setup import ensure_pool, require_usable
from poolmgr.services.upkeep.background import ensure_worker
from poolmgr.services.upkeep.worker import work_until_idle
from poolmgr.store.snapshot import write_meta
from poolmgr.wiring import open_pool, settings_of

if TYPE_CHECKING:
    from poolmgr.services.databases.setup import SetUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What init did."""

    as_json: Mapping[str, object]
    lines: tuple[str, ...]


def make_pool(directory: Path, size: int | None) -> Made:
    """A pool with its slots."""
    site = find_site(directory)
    require_usable(site)
    settings = settings_of(site, find_facts(site))
    if settings.database.mode != "off":
        from poolmgr.services.databases.setup import require_server

        require_server(settings, site.state)
    if size is not None:
        settings = fit_size(site, settings, size)
    is_new = find_facts(site) is None
    wanted = size or settings.pool.initial
    facts = ensure_pool(site, settings, wanted)
    if Path(facts.checkout) in Path(facts.slots_dir).parents:
        say("warning: slots inside the checkout see its .env, node_modules and test settings")
    pool = open_pool(directory)._replace(tell=report)
    if size is not None or is_new or not pool.snapshot().size:
        with pool.engine.write() as session:
            write_meta(session, "size", str(wanted))
    say_skipped(pool.skipped)
    make_slots(pool)
    database = set_up_databases(pool)
    ensure_worker(pool)
    return answer(pool, database, is_new=is_new)


def fit_size(site: Site, settings: Settings, size: int) -> Settings:
    """The limits of this clone made to fit the size."""
    if size < settings.pool.min:
        set_local(site.state, "pool.min", size)
    if size > settings.pool.max:
        set_local(site.state, "pool.max", size)
    if settings.pool.initial != size:
        set_local(site.state, "pool.initial", size)
    return settings_of(site, find_facts(site))


def make_slots(pool: Pool) -> None:
    """The slots, made here and by a helper process at once."""
    told: set[str] = set()

    def tell(name: str) -> None:
        ready = sum(slot.state == "READY" for slot in pool.snapshot().slots)
        if is_terminal() and name not in told:
            say(f"{name} ({ready} ready)")
        told.add(name)

    ensure_worker(pool)
    work_until_idle(pool, progress=tell)


def set_up_databases(pool: Pool) -> SetUp | None:
    """The server that slots' databases live on; None where nobody wants them."""
    if pool.settings.database.mode == "off":
        return None
    from isolation.database.errors import DatabaseError
    from poolmgr.services.databases.setup import set_up

    try:
        found = set_up(pool)
    except DatabaseError as error:  # what can be looked at beforehand was right
        way = error.hint or "mend that"
        error.hint = f"{way}; then: poolmgr init. The slots are there, only their databases are missing"
        raise
    if not found.is_local:
        say(f"warning: the databases' server {safe(found.where)} is not on this machine")
    return found


def database_lines(found: SetUp | None) -> tuple[str, ...]:
    """Where slots have their databases, or why they have none; nothing where nobody wants them."""
    if found is None:
        return ()
    if found.mode != "off":
        kind = "one of our own" if found.mode == "embedded" else "yours"
        return (f"databases on PostgreSQL {found.version} at {safe(found.where)}, {kind}",)
    return (f"databases: none, {safe(found.why)}", f"  hint: {safe(found.hint)}")


def answer(pool: Pool, database: SetUp | None, *, is_new: bool) -> Made:
    """What there is now."""
    snapshot = pool.snapshot()
    present = counted(snapshot)
    failed: list[Slot] = [slot for slot in snapshot.slots if slot.state == "BROKEN"]
    number = "1 slot" if len(present) == 1 else f"{len(present)} slots"
    head = f"{'made' if is_new else 'there is'} a pool of {number} in {pool.facts.slots_dir}"
    rows = [
        f"  {slot.name}  {slot.state.value.lower()}  base {slot.base_ref} {slot.base_oid[:10]}"
        for slot in present
    ]
    broken = [f"  {slot.name}  broken: {slot.error}" for slot in failed]
    next_step = 'next: cd "$(poolmgr acquire --agent NAME --branch BRANCH)"'
    values = {
        "pool": {"id": pool.facts.pool_id, "dir": os.fspath(pool.facts.slots_dir), "size": len(present)},
        "slots": [
            {"name": slot.name, "path": str(slot.path), "state": slot.state.value} for slot in snapshot.slots
        ],
        "database": database.as_json if database else {"mode": "off"},
    }
    return Made(as_json=values, lines=(head, *rows, *broken, *database_lines(database), next_step))
