"""db reset and db template build, list, drop: what slots' databases are made from, and made anew from."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Annotated

import typer

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import age, bytes_text, emit, out, report, safe, say, say_skipped, table
from poolmgr.cli.typed import group

if TYPE_CHECKING:
    from poolmgr.services.ground.pool import Pool

app = group(
    "template",
    "The databases that slots' databases are copied from.",
    example="poolmgr db template build --ref feature/orders",
)


NOT_WANTED = "no templates: databases begin empty, for database.template.run is not set"


def register(db: typer.Typer) -> None:
    """These commands below `db`."""
    db.command()(reset)
    db.add_typer(app)


def reset(
    context: typer.Context,
    slot: Annotated[
        str | None, typer.Argument(metavar="SLOT", help="name or path; by default the slot around you")
    ] = None,
    lease: Annotated[
        str | None, typer.Option("--lease", metavar="ID", help="refuse if the slot has another lease by now")
    ] = None,
) -> None:
    """Make a slot's database anew from its HEAD's template.

    The template is built if it is not there yet. What is in the database is lost, connections to
    it end; its name and password stay. Changes that are not committed are not in it.

    Example: poolmgr db reset
    """
    from poolmgr.services.databases.reset import reset_database
    from poolmgr.services.ground.pool import require_slot

    invocation: Invocation = context.obj
    pool = open_here(invocation)
    wanted = require_slot(pool.snapshot(), slot or ".", invocation.directory)
    done = reset_database(pool, wanted, lease or os.environ.get("POOLMGR_LEASE") or None)
    if done.uncommitted:
        say(f"not committed, so not in it: {safe(', '.join(done.uncommitted))}")
    if invocation.as_json:
        emit(
            {
                "slot": wanted.name, "database": done.name, "template": done.template or None,
                "uncommitted": list(done.uncommitted),
            }
        )  # fmt: skip
    else:
        out(f"{safe(done.name)} is new, {f'from template {done.template}' if done.template else 'and empty'}")


@app.command()
def build(
    context: typer.Context,
    ref: Annotated[
        str | None,
        typer.Option("--ref", metavar="REF", help="of this branch, tag or commit instead of the base"),
    ] = None,
) -> None:
    """Build the template that a commit needs, unless it is there already.

    Example: poolmgr db template build --ref feature/orders
    """
    from isolation.git.program import Git
    from poolmgr.core.errors import NoSuchTemplate
    from poolmgr.services.databases.templates import make_template
    from poolmgr.services.ground.start_point import require_base, require_named

    invocation: Invocation = context.obj
    pool = open_here(invocation)
    base = require_named(Git(invocation.directory), ref, "--ref") if ref else require_base(pool, None)
    made = make_template(pool, base.oid)
    if not made.fp:
        raise NoSuchTemplate(
            "no commands build a template, so databases begin empty",
            hint="set database.template.run; the page that explains it: poolmgr config path",
        )
    if invocation.as_json:
        emit({"template": made.fp, "built": made.is_new, "ref": base.ref, "commit": base.oid})
    else:
        out(f"{'built' if made.is_new else 'there is'} template {made.fp} for {safe(base.ref)}")


@app.command(name="list")
def show(context: typer.Context) -> None:
    """Show the templates: size, age, last use.

    The one marked base is what a new slot's database is copied from.

    Example: poolmgr db template list
    """
    from poolmgr.services.databases.server import open_server
    from poolmgr.services.databases.stock import list_templates

    invocation: Invocation = context.obj
    with open_server(pool := open_here(invocation)) as server:
        listed = list_templates(pool, server)
    if invocation.as_json:
        emit({"templates": [each.as_json for each in listed]})
        return
    now = time.time()
    rows = [
        (each.fp, bytes_text(each.size), age(now - each.made), age(now - each.used), "base" * each.is_base)
        for each in listed
    ]
    wanted = pool.settings.database.template
    empty = "no templates yet" if wanted.run or wanted.seed else NOT_WANTED
    for line in table(("template", "size", "age", "used", ""), rows) if rows else [empty]:
        out(line)


@app.command()
def drop(
    context: typer.Context,
    template: Annotated[
        str | None, typer.Argument(metavar="TEMPLATE", help="its fingerprint, or how that begins")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="every template of this pool")] = False,
) -> None:
    """Drop a template; databases made from it stay.

    It is built again when somebody needs it.

    Example: poolmgr db template drop 3f9c
    """
    from poolmgr.core.errors import UsageError
    from poolmgr.services.databases.server import open_server
    from poolmgr.services.databases.stock import drop_templates

    invocation: Invocation = context.obj
    if (template is None) != everything:
        raise UsageError("name one template, or --all", hint="poolmgr db template list")
    with open_server(pool := open_here(invocation)) as server:
        dropped = drop_templates(pool, server, template)
    if invocation.as_json:
        emit({"dropped": dropped})
    else:
        out(f"dropped {', '.join(dropped)}" if dropped else "no templates yet")


def open_here(invocation: Invocation) -> Pool:
    """The pool around the caller, with words for whoever waits."""
    from poolmgr.wiring import open_pool

    pool = open_pool(invocation.directory)
    say_skipped([key for key in pool.skipped if key.startswith("database.")])
    return pool._replace(tell=report)
