"""pool scale-up, scale-down, resize, refresh, warm, adopt, retire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import emit, out, safe, say
from poolmgr.cli.typed import group

if TYPE_CHECKING:
    from poolmgr.core.records import Slot
    from poolmgr.services.ground.pool import Pool

app = group(
    "pool", "The slots as a whole: how many, how fresh, how prepared.", example="poolmgr pool scale-up"
)
Name = Annotated[str, typer.Argument(metavar="SLOT", help="name or path of the slot")]


@app.command()
def scale_up(context: typer.Context) -> None:
    """Add a slot, up to the maximum.

    Example: poolmgr pool scale-up
    """
    change_size(context, 1)


@app.command()
def scale_down(context: typer.Context) -> None:
    """Remove a free slot, down to the minimum; its work is kept.

    Example: poolmgr pool scale-down
    """
    change_size(context, -1)


@app.command()
def resize(
    context: typer.Context, size: Annotated[int, typer.Argument(metavar="N", min=1, help="how many slots")]
) -> None:
    """Set the number of slots, within minimum and maximum.

    Example: poolmgr pool resize 6
    """
    set_size(context, open_here(context), size)


def change_size(context: typer.Context, by: int) -> None:
    """One more or one less than there are."""
    from poolmgr.core.placing import counted

    pool = open_here(context)
    set_size(context, pool, len(counted(pool.snapshot())) + by)


def set_size(context: typer.Context, pool: Pool, size: int) -> None:
    """The new size, and what came of it."""
    from poolmgr.services.steering import sizing

    reached = sizing.resize(pool, size)
    if context.obj.as_json:
        emit({"size": reached, "wanted": size})
        return
    out(f"the pool has {reached} slots")
    if reached > size:
        say(f"hint: {reached - size} more go when they are released; poolmgr status shows who holds them")


@app.command()
def refresh(
    context: typer.Context,
    fetch: Annotated[bool, typer.Option("--fetch", help="run git fetch first")] = False,
) -> None:
    """Move free slots to where the base is by now.

    Example: poolmgr pool refresh --fetch
    """
    from poolmgr.services.steering import sizing

    moved = sizing.refresh(open_here(context), fetch=fetch)
    if context.obj.as_json:
        emit({"refreshed": list(moved)})
        return
    out(f"refreshed {', '.join(moved)}" if moved else "every free slot is at the base already")


@app.command()
def warm(
    context: typer.Context,
    slot: Annotated[
        str | None, typer.Argument(metavar="SLOT", help="by default every free slot, or the one around you")
    ] = None,
) -> None:
    """Run the commands of warm.run in a slot, again if they failed.

    Example: poolmgr pool warm pool-wt-2
    """
    from poolmgr.services.steering.rewarm import rewarm

    pool = open_here(context)
    results = rewarm(pool, slot, context.obj.directory)
    if context.obj.as_json:
        emit({"warmed": [{"slot": name, "state": state, "log": log} for name, state, log in results]})
    else:
        for name, state, log in results:
            out(f"{name}: {state}; output in {safe(log)}")
        if not results:
            out("nothing to do: warm.run names no commands (poolmgr config show)")
    if any(state == "failed" for _, state, _ in results):
        raise typer.Exit(1)


@app.command()
def adopt(context: typer.Context, slot: Name) -> None:
    """Take a parked or broken slot back in; its work is kept first.

    Example: poolmgr pool adopt pool-wt-3
    """
    from poolmgr.cli.lend import show_settled
    from poolmgr.services.steering import sizing
    from poolmgr.services.upkeep.background import ensure_worker

    pool = open_here(context)
    settled = sizing.adopt(pool, slot_named(context, pool, slot))
    ensure_worker(pool)
    show_settled(context.obj, settled, "adopted")
    if settled.parked:
        raise typer.Exit(1)


@app.command()
def retire(context: typer.Context, slot: Name) -> None:
    """Remove a free, parked or broken slot; its work is kept first.

    Example: poolmgr pool retire pool-wt-3
    """
    from poolmgr.core.errors import NotKeptError
    from poolmgr.services.steering import sizing

    pool = open_here(context)
    wanted = slot_named(context, pool, slot)
    sizing.retire(pool, wanted)
    left = next((each for each in pool.snapshot().slots if each.id == wanted.id), None)
    if left:
        raise NotKeptError(f"{left.name} is {left.state}: {left.error}", hint=f"see what is in {left.path}")
    if context.obj.as_json:
        emit({"slot": wanted.name, "state": "RETIRED"})
    else:
        out(f"retired {wanted.name}")


def open_here(context: typer.Context) -> Pool:
    """The pool around the caller."""
    from poolmgr.wiring import open_pool

    invocation: Invocation = context.obj
    return open_pool(invocation.directory)


def slot_named(context: typer.Context, pool: Pool, name: str) -> Slot:
    """The slot the caller means."""
    from poolmgr.services.ground.pool import require_slot

    return require_slot(pool.snapshot(), name, context.obj.directory)
