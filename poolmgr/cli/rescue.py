"""rescue list, show, restore, drop: kept work, and bringing it back."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import bytes_text, emit, out, out_path, safe, say, table
from poolmgr.cli.typed import group

if TYPE_CHECKING:
    from isolation.rescue import Rescue

app = group("rescue", "Work that was kept aside.", example="poolmgr rescue list")
Id = Annotated[str, typer.Argument(metavar="ID", help="as `rescue list` shows it")]


@app.command(name="list")
def list_all(context: typer.Context) -> None:
    """Show every rescue: where from, how large, how old, and why.

    Example: poolmgr rescue list
    """
    from poolmgr.services.steering import rescues

    invocation: Invocation = context.obj
    found = rescues.list_all(invocation.directory)
    if invocation.as_json:
        emit({"rescues": [rescue_json(rescue) for rescue in found]})
        return
    rows = [
        (each.id, f"slot {each.slot}", each.files, bytes_text(each.bytes), each.created[:16], each.reason)
        for each in found
    ]
    for line in table(("id", "from", "files", "size", "made", "why"), rows) if rows else ["no rescues"]:
        out(line)


def rescue_json(rescue: Rescue) -> dict[str, object]:
    """One rescue as `rescue list --json` promises it."""
    from poolmgr.core.placing import slot_name

    return {
        "id": rescue.id, "slot": slot_name(rescue.slot, 1), "fence": rescue.fence, "ref": rescue.ref,
        "files": rescue.files, "bytes": rescue.bytes, "created": rescue.created, "reason": rescue.reason,
        "head": rescue.head, "branch": rescue.branch,
        "archive": str(rescue.archive) if rescue.archive else None,
    }  # fmt: skip


@app.command()
def show(context: typer.Context, rescue_id: Id) -> None:
    """Show what one rescue holds beyond its HEAD, file by file.

    Example: poolmgr rescue show 3-17
    """
    from poolmgr.services.steering import rescues

    invocation: Invocation = context.obj
    rescue, held = rescues.show(invocation.directory, rescue_id)
    if invocation.as_json:
        rows = [{"path": one.path, "manner": one.manner.value, "size": one.size} for one in held]
        emit({"rescue": rescue_json(rescue), "paths": [one.path for one in held], "held": rows})
        return
    for name, value in rescue_json(rescue).items():
        out(f"{name:<8}{safe(value)}")
    for one in held:
        out(f"  {one.manner.value:<9} {safe(one.path)}")
    if not held:
        out("  commits alone, no files beyond HEAD")
    say(f"hint: poolmgr rescue restore {rescue.id} --to DIR")


@app.command()
def restore(
    context: typer.Context,
    rescue_id: Id,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="a new worktree there, instead of a slot")
    ] = None,
) -> None:
    """Bring kept work back, into DIR or a newly acquired slot.

    DIR must not exist. The rescue stays until it is dropped.

    Example: poolmgr rescue restore 3-17 --to ../salvage
    """
    from poolmgr.services.steering import rescues

    invocation: Invocation = context.obj
    if to is None:
        from poolmgr.services.upkeep.background import ensure_worker
        from poolmgr.wiring import open_pool

        pool = open_pool(invocation.directory)
        place = rescues.restore_into_slot(pool, rescue_id, getpass.getuser(), background=ensure_worker)
    else:
        place = rescues.restore(invocation.directory, rescue_id, to)
    if invocation.as_json:
        emit({"id": rescue_id, "path": str(place)})
        return
    say(f"restored {safe(rescue_id)}; the rescue is kept until poolmgr rescue drop {safe(rescue_id)}")
    out_path(place)


@app.command()
def drop(
    context: typer.Context,
    rescue_id: Annotated[str | None, typer.Argument(metavar="ID", help="as `rescue list` shows it")] = None,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="D", help="every rescue older than 30d, 12h")
    ] = None,
) -> None:
    """Delete a rescue for good.

    Example: poolmgr rescue drop 3-17
    """
    from poolmgr.services.steering import rescues

    invocation: Invocation = context.obj
    gone = rescues.drop(invocation.directory, rescue_id, older_than)
    if invocation.as_json:
        emit({"dropped": [rescue.id for rescue in gone]})
        return
    for rescue in gone:
        out(f"dropped {rescue.id}")
    if not gone:
        out("no rescue is that old")
