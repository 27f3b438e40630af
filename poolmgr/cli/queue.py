"""queue list, queue cancel."""

from __future__ import annotations

from typing import Annotated

import typer

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import age, emit, out, safe, table
from poolmgr.cli.typed import group

app = group("queue", "Who waits for a slot.", example="poolmgr queue list")


@app.command(name="list")
def list_requests(context: typer.Context) -> None:
    """Show who waits, in the order of service.

    Example: poolmgr queue list
    """
    from poolmgr.cli.look import queue_order, request_json
    from poolmgr.services.ground.pool import read_moment
    from poolmgr.wiring import look_at_pool

    invocation: Invocation = context.obj
    pool = look_at_pool(invocation.directory)
    order, now = queue_order(pool), read_moment()
    if invocation.as_json:
        emit({"queue": [request_json(request, now.since(request.queued)) for request in order]})
        return
    rows = [
        (request.id, request.agent, request.priority, request.branch or "-", age(now.since(request.queued)))
        for request in order
    ]
    for line in (
        table(("request", "agent", "priority", "branch", "waits"), rows) if rows else ["nobody waits"]
    ):
        out(line)


@app.command()
def cancel(
    context: typer.Context,
    request_id: Annotated[str, typer.Argument(metavar="ID", help="as `queue list` shows it")],
) -> None:
    """Take a request out of the queue; its waiter ends with code 75.

    Example: poolmgr queue cancel 4f1c0a9d2b7e6f35
    """
    from poolmgr.services.lending.cancel import cancel_request
    from poolmgr.wiring import open_pool

    invocation: Invocation = context.obj
    cancel_request(open_pool(invocation.directory), request_id)
    if invocation.as_json:
        emit({"request_id": request_id, "state": "CANCELLED"})
    else:
        out(f"cancelled {safe(request_id)}")
