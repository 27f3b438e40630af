"""db status, url, psql, orphans: the databases that go with slots."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Annotated

import typer

from poolmgr.cli import db_template
from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import age, bytes_text, emit, out, report, safe, table
from poolmgr.cli.typed import group

if TYPE_CHECKING:
    from poolmgr.core.records import Lease, Slot
    from poolmgr.services.databases.orphans import Left
    from poolmgr.services.databases.showing import Kept, Shown
    from poolmgr.services.ground.pool import Pool

app = group("db", "The PostgreSQL databases of slots.", example="poolmgr db status")
Name = Annotated[
    str | None, typer.Argument(metavar="SLOT", help="name or path; by default the slot around you")
]


@app.command()
def status(context: typer.Context) -> None:
    """Show the server and what of this pool is on it.

    Of each database: whose it is, its size, connections, template and age.

    Example: poolmgr db status
    """
    from poolmgr.services.databases.showing import show_server
    from poolmgr.services.upkeep.background import ensure_worker
    from poolmgr.wiring import open_pool

    invocation: Invocation = context.obj
    pool = open_pool(invocation.directory)
    shown = show_server(pool)
    ensure_worker(pool)
    if invocation.as_json:
        emit(status_json(shown))
        return
    owner = "one of our own" if shown.mode == "embedded" else f"yours, as {shown.role}"
    out(safe(f"PostgreSQL {shown.version} at {shown.where}, {owner}"))
    out(f"connections: {shown.connected} of {shown.most}")
    for name in shown.anybodys:
        out(safe(note_of(shown, name)))
    rows = [row_of(each) for each in shown.databases]
    headers = ("database", "for", "size", "conn", "template", "age")
    for line in table(headers, rows) if rows else ["no databases here yet"]:
        out(line)
    for slot, lease in shown.elsewhere:
        out(safe(f"! {slot.name}: {lease.database} is on another server: {lease.server or 'unknown'}"))
    for slot, lease in shown.lost:
        out(safe(f"! {slot.name}: {lease.database} is not on this server; poolmgr db reset {slot.name}"))


def note_of(shown: Shown, name: str) -> str:
    """That everybody may enter one of the server's own databases, and how its owner leaves it to us."""
    where = f'CONNECT ON DATABASE "{name}"'
    return (
        f"note: every role of this server may connect to its database {name}; "
        f'as its owner: GRANT {where} TO "{shown.role}"; REVOKE {where} FROM PUBLIC'
    )


def row_of(kept: Kept) -> tuple[str, ...]:
    """One database in the table."""
    found = kept.found
    return (
        found.name,
        use_of(kept),
        "-" if found.size is None else bytes_text(found.size),
        str(found.connections),
        (found.mark.template or "-")[:8],
        "-" if found.made is None else age(time.time() - found.made),
    )


def use_of(kept: Kept) -> str:
    """What a database is for, in a word or two."""
    if kept.slot:
        return f"{kept.slot} ({kept.agent or kept.state})"
    if kept.found.is_half_dropped:
        return "half dropped"
    return "over" if kept.found.kind in {"slot", "framework"} else kept.found.kind


def status_json(shown: Shown) -> dict[str, object]:
    """As `db status --json` promises it."""
    return {
        "server": {
            "mode": shown.mode, "address": shown.where, "version": shown.version, "role": shown.role,
            "prefix": shown.prefix, "max_connections": shown.most, "connections": shown.connected,
            "maintenance": shown.maintenance, "maintenance_open": shown.maintenance in shown.anybodys,
            "template1_open": "template1" in shown.anybodys,
        },
        "databases": [database_json(each) for each in shown.databases],
        "lost": [{"slot": slot.name, "database": lease.database} for slot, lease in shown.lost],
        "elsewhere": [
            {"slot": slot.name, "database": lease.database, "server": lease.server or None}
            for slot, lease in shown.elsewhere
        ],
    }  # fmt: skip


def database_json(kept: Kept) -> dict[str, object]:
    """One database for programs."""
    found = kept.found
    return {
        "name": found.name, "kind": found.kind, "slot": kept.slot or None, "agent": kept.agent or None,
        "owner": found.owner, "size": found.size, "connections": found.connections,
        "template": found.mark.template or None, "made": found.made, "used": found.mark.used,
        "half_dropped": found.is_half_dropped,
    }  # fmt: skip


@app.command()
def url(context: typer.Context, name: Name = None) -> None:
    """Print a slot's DATABASE_URL, password included.

    A server of the pool's own that does not run is started for it.

    Example: psql "$(poolmgr db url pool-wt-2)"
    """
    from poolmgr.services.databases.reaching import require_facts
    from poolmgr.services.environment.variables import url_of
    from poolmgr.wiring import open_pool

    invocation: Invocation = context.obj
    pool = open_pool(invocation.directory)._replace(tell=report)
    slot, lease = find_slot(pool, invocation, name)
    facts = require_facts(pool, slot, lease)
    if invocation.as_json:
        emit(
            {
                "slot": slot.name, "url": url_of(facts), "host": facts.host, "port": facts.port,
                "database": facts.name, "user": facts.role, "password": facts.password,
            }
        )  # fmt: skip
    else:
        out(url_of(facts))


def find_slot(pool: Pool, invocation: Invocation, name: str | None) -> tuple[Slot, Lease | None]:
    """The slot that is meant, and its lease."""
    from poolmgr.services.ground.pool import require_slot

    snapshot = pool.snapshot()
    slot = require_slot(snapshot, name or ".", invocation.directory)
    return slot, snapshot.lease_of(slot)


@app.command()
def psql(
    context: typer.Context,
    name: Name = None,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="-- ARGS...", help="what psql is given, after a --")
    ] = None,
) -> None:
    """Open psql in a slot's database.

    Example: poolmgr db psql pool-wt-2 -- -c 'SELECT 1'
    """
    from poolmgr.core.errors import UsageError
    from poolmgr.services.databases.reaching import psql_for
    from poolmgr.services.lending.child import replace
    from poolmgr.wiring import open_pool

    invocation: Invocation = context.obj
    if words:
        raise UsageError(
            f"what psql is given stands after --, and {words[0]!r} stands before it",
            hint="poolmgr db psql SLOT -- -c 'SELECT 1'",
        )
    pool = open_pool(invocation.directory)._replace(tell=report)
    program, variables = psql_for(pool, *find_slot(pool, invocation, name), os.environ)
    pool.engine.close()
    replace((program, *invocation.command), invocation.directory, variables)


@app.command()
def orphans(
    context: typer.Context,
    clean: Annotated[
        bool, typer.Option("--clean", help="drop those older than database.grace that nobody uses")
    ] = False,
) -> None:
    """Show databases of this pool that belong to no slot.

    Each with its reason. Another pool's, and those nobody can prove to be ours, are never
    listed nor touched.

    Example: poolmgr db orphans --clean
    """
    from poolmgr.services.databases.orphans import clean_orphans, find_orphans
    from poolmgr.wiring import open_pool

    invocation: Invocation = context.obj
    pool = open_pool(invocation.directory)
    found = clean_orphans(pool) if clean else find_orphans(pool)
    if invocation.as_json:
        emit({"orphans": [each.as_json for each in found]})
        return
    rows = [orphan_row(each) for each in found]
    for line in table(("name", "kind", "size", "age", "why"), rows) if rows else ["no orphans"]:
        out(line)
    for each in found:
        if each.stays:
            out(safe(f"! {each.name} stays: {each.stays}"))


def orphan_row(left: Left) -> tuple[str, ...]:
    """One orphan in the table."""
    made = "-" if left.made is None else age(time.time() - left.made)
    return left.name, left.kind, bytes_text(left.size), made, "dropped" if left.is_dropped else left.reason


db_template.register(app)
