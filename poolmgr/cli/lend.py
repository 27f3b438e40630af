"""init, acquire, release, reclaim: slots come and go."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING, Annotated

import typer

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import emit, out, out_path, safe, say, say_skipped

if TYPE_CHECKING:
    from poolmgr.services.acquire import Lent
    from poolmgr.services.settle import Settled


def register(app: typer.Typer) -> None:
    """These commands at the top level."""
    app.command()(init)
    app.command()(acquire)
    app.command()(release)
    app.command()(reclaim)


def init(
    context: typer.Context,
    size: Annotated[
        int | None, typer.Option("--size", min=1, max=1000, help="how many slots to make")
    ] = None,
) -> None:
    """Make a pool in this repository; safe to repeat.

    Example: poolmgr init --size 4
    """
    from poolmgr.cli.making import make_pool

    invocation: Invocation = context.obj
    answer = make_pool(invocation.directory, size)
    if invocation.as_json:
        emit(answer.as_json)
        return
    for line in answer.lines:
        out(line)


def acquire(  # noqa: PLR0917 - typer reads the options from the parameters
    context: typer.Context,
    agent: Annotated[str | None, typer.Option("--agent", help="who will hold the slot")] = None,
    branch: Annotated[
        str | None, typer.Option("--branch", help="made from the base unless it exists")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", metavar="REF", help="what a new branch starts from")
    ] = None,
    track: Annotated[bool, typer.Option("--track", help="take up the remote's branch of that name")] = False,
    fetch: Annotated[bool, typer.Option("--fetch", help="run git fetch first")] = False,
    priority: Annotated[int, typer.Option("--priority", min=0, max=4, help="0 first, 4 last")] = 2,
    wait: Annotated[bool, typer.Option("--wait", help="wait for a slot as long as it takes")] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0, help="seconds to wait for a slot")
    ] = None,
    request_id: Annotated[
        str | None, typer.Option("--request-id", metavar="ID", help="asking again gives the same lease")
    ] = None,
    pid: Annotated[int | None, typer.Option("--pid", min=1, help="the lease ends with this process")] = None,
) -> None:
    """Lend a slot and print its path.

    Example: cd "$(poolmgr acquire --agent alice --branch fix/login)"
    """
    from poolmgr.services import acquire as service
    from poolmgr.services.background import ensure_worker
    from poolmgr.wiring import open_pool

    invocation: Invocation = context.obj
    pool = open_pool(invocation.directory)
    asked = service.Asked(
        agent=agent or os.environ.get("POOLMGR_AGENT") or getpass.getuser(), branch=branch, base=base,
        track=track, fetch=fetch, priority=priority, request_id=request_id, holder=holder_of(pid),
        timeout=None if wait else pool.settings.queue.timeout if timeout is None else timeout,
    )  # fmt: skip
    say_skipped(pool.skipped)
    lent = service.acquire(pool, asked, background=ensure_worker)
    show_lent(invocation, lent)
    service.delivered(pool, lent)
    pool.engine.close()


def holder_of(pid: int | None) -> str | None:
    """The identity of the process a lease is bound to."""
    from poolmgr.core.errors import UsageError
    from resources.probes.processes import read_identity

    if pid is None:
        return None
    identity = read_identity(pid)
    if identity is None:
        raise UsageError(f"there is no process {pid} to bind the lease to", hint="poolmgr acquire --pid $$")
    return identity


def show_lent(invocation: Invocation, lent: Lent) -> None:
    """The path on stdout; everything else for people."""
    slot, lease = lent.slot, lent.lease
    for warning in lent.warnings:
        say(f"warning: {safe(warning)}")
    if invocation.as_json:
        emit(
            {
                "slot": slot.name, "path": str(slot.path), "branch": lease.branch, "agent": lease.agent,
                "lease": lease.id, "fence": lease.fence, "base": lease.base_oid, "base_ref": lease.base_ref,
                "request_id": lease.request_id, "warnings": list(lent.warnings),
            }
        )  # fmt: skip
        return
    say(f"{slot.name} on {safe(lease.branch)} (base {safe(lease.base_ref)} {lease.base_oid[:10]})")
    out_path(slot.path)


def release(
    context: typer.Context,
    slot: Annotated[str | None, typer.Argument(help="name or path; by default the slot around you")] = None,
    rescue: Annotated[bool, typer.Option("--rescue", help="keep all unsaved work aside first")] = False,
    kill: Annotated[bool, typer.Option("--kill", help="end what the lease started")] = False,
    lease: Annotated[
        str | None, typer.Option("--lease", metavar="ID", help="refuse if the slot has another by now")
    ] = None,
) -> None:
    """Give a slot back; refuses while it holds work that is saved nowhere else.

    Example: poolmgr release pool-wt-2 --rescue
    """
    from poolmgr.services import release as service
    from poolmgr.services.background import ensure_worker
    from poolmgr.services.pool import require_slot
    from poolmgr.wiring import open_pool

    invocation: Invocation = context.obj
    pool = open_pool(invocation.directory)
    snapshot = pool.snapshot()
    asked = service.Asked(
        slot=require_slot(snapshot, slot or ".", invocation.directory),
        lease=lease or os.environ.get("POOLMGR_LEASE") or None, rescue=rescue, kill=kill,
    )  # fmt: skip
    settled = service.release(pool, snapshot, asked)
    ensure_worker(pool)
    show_settled(invocation, settled, "released")


def reclaim(
    context: typer.Context,
    slot: Annotated[str, typer.Argument(help="name or path of the slot")],
) -> None:
    """Take a slot from its holder; everything in it is rescued first.

    Example: poolmgr reclaim pool-wt-2
    """
    from poolmgr.services import release as service
    from poolmgr.services.background import ensure_worker
    from poolmgr.services.pool import require_slot
    from poolmgr.wiring import open_pool

    invocation: Invocation = context.obj
    pool = open_pool(invocation.directory)
    snapshot = pool.snapshot()
    wanted = require_slot(snapshot, slot, invocation.directory)
    settled = service.reclaim(pool, snapshot, wanted, reason=f"reclaimed by {getpass.getuser()}")
    ensure_worker(pool)
    show_settled(invocation, settled, "reclaimed")


def show_settled(invocation: Invocation, settled: Settled, done: str) -> None:
    """What became of the slot, where its work is, and who is still inside."""
    inside = settled.inside.processes if settled.inside else ()
    if invocation.as_json:
        emit(
            {
                "slot": settled.slot.name, "state": settled.slot.state.value, "path": str(settled.slot.path),
                "rescue": settled.rescue.id if settled.rescue else None,
                "parked": settled.parked or None,
                "inside": [{"pid": process.pid, "name": process.name} for process in inside],
            }
        )  # fmt: skip
        return
    out(f"{done} {settled.slot.name}")
    if settled.rescue:
        say(
            f"kept as {settled.rescue.id}; bring it back: poolmgr rescue restore {settled.rescue.id} --to DIR"
        )
    if settled.parked:
        say(f"parked at {safe(settled.slot.path)}: {safe(settled.parked)}")
        say(f"hint: poolmgr pool adopt {settled.slot.name}")
    for process in inside:
        say(f"still inside: {safe(process.name)} (pid {process.pid}); the slot waits for it")
