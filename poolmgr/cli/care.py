"""doctor, cleanup, and the background worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import emit, out, safe, say

if TYPE_CHECKING:
    from poolmgr.services.doctor.finding import Finding


def register(app: typer.Typer) -> None:
    """These commands at the top level."""
    app.command()(doctor)
    app.command()(cleanup)
    app.command(name="_work", hidden=True)(background)
    app.command(name="_server", hidden=True)(watch)


def doctor(
    context: typer.Context,
    fix: Annotated[
        bool, typer.Option("--fix", help="mend what can be mended without losing anything")
    ] = False,
    rebind: Annotated[
        bool, typer.Option("--rebind", help="a moved repository keeps its pool, a copy gets its own")
    ] = False,
) -> None:
    """Find where state, git and processes disagree, and mend it.

    What is only worth knowing is told as a note. Nothing is removed that is not kept.

    Example: poolmgr doctor --fix
    """
    from poolmgr.services.doctor import examine_pool
    from poolmgr.services.ground.site import find_site
    from poolmgr.wiring import open_pool

    invocation: Invocation = context.obj
    directory = invocation.directory
    findings = examine_pool(find_site(directory), lambda: open_pool(directory), fix=fix, rebind=rebind)
    open_ones = [each for each in findings if each.needs_fix and not each.fixed]
    if invocation.as_json:
        emit({"findings": [each.as_json for each in findings]})
    else:
        for each in findings:
            word = "fixed" if each.fixed else "found" if each.needs_fix else "note"
            out(f"{word}: {each.kind} {safe(each.subject)}: {safe(each.detail)}")
        if not open_ones:
            out("everything agrees")
        for hint in list_hints(open_ones, fix=fix):
            say(f"hint: {safe(hint)}")
    if open_ones:
        raise typer.Exit(1)


def list_hints(open_ones: list[Finding], *, fix: bool) -> list[str]:
    """What to type next: what a person has to mend, and the mending of the rest where that was not tried."""
    by_hand = [each.hint for each in open_ones if each.hint]
    is_ours = any(not each.hint for each in open_ones) and all(
        each.kind != "pool_elsewhere" for each in open_ones
    )
    return [*by_hand, *(["poolmgr doctor --fix"] if is_ours and not fix else [])]


def cleanup(
    context: typer.Context,
    rescue: Annotated[
        bool, typer.Option("--rescue", help="keep unsaved work aside, also of living holders")
    ] = False,
) -> None:
    """Remove the pool and everything it changed; rescues stay.

    Databases of slots go, too, and a server of the pool's own with them.

    Example: poolmgr cleanup --rescue
    """
    from poolmgr.services.ground.site import find_site
    from poolmgr.services.steering.cleanup import clean_up
    from poolmgr.wiring import open_pool

    invocation: Invocation = context.obj
    directory = invocation.directory
    left = clean_up(
        find_site(directory), lambda: open_pool(directory), rescue=rescue, tell=lambda line: say(safe(line))
    )
    if invocation.as_json:
        slots = [
            {"slot": slot.name, "state": slot.state.value, "path": str(slot.path)} for slot in left.slots
        ]
        emit({"left": slots, "rescues": left.rescues})
    else:
        for slot in left.slots:
            out(f"left: {slot.name} {slot.state.value.lower()} at {safe(slot.path)}")
        out("the pool is gone" if not left.slots else "the pool stays for what is left; poolmgr status")
        if left.rescues:
            out(f"kept rescues: {left.rescues}; poolmgr rescue list")
    if left.slots:
        raise typer.Exit(1)


def background(
    context: typer.Context,
    lock: Annotated[int | None, typer.Option("--lock", help="descriptor of the worker's lock")] = None,
) -> None:
    """Do what is due in the background, then end."""
    from poolmgr.core.errors import NoPool
    from poolmgr.services.lending.bell import hear
    from poolmgr.services.upkeep.worker import work
    from poolmgr.wiring import open_pool

    invocation: Invocation = context.obj
    hear()
    try:
        work(open_pool(invocation.directory), lock)
    except NoPool:
        return


def watch(context: typer.Context) -> None:
    """End the embedded database server once nobody needs it."""
    from poolmgr.core.errors import NoPool
    from poolmgr.services.databases import watching
    from poolmgr.services.lending.bell import hear
    from poolmgr.wiring import open_pool

    invocation: Invocation = context.obj
    hear()
    try:
        pool = open_pool(invocation.directory)
    except NoPool:
        return
    pool.engine.close()
    watching.watch(pool.site, pool.settings.database.idle)
