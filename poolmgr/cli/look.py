"""status, where, events, branches: looking without touching."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.news import tell_news
from poolmgr.cli.output import age, ago, emit, out, safe, table
from poolmgr.cli.verb import Values, Verb, Word

if TYPE_CHECKING:
    from poolmgr.core.records import Event, Request
    from poolmgr.services.ground.pool import Pool
    from poolmgr.services.looking.report import Seen


def status(invocation: Invocation, _values: Values) -> None:
    """Show every slot: state, holder, branch, age, unsaved work.

    Example: poolmgr status --json
    """
    from poolmgr.core.errors import PoolError
    from poolmgr.core.placing import counted
    from poolmgr.services.ground.pool import read_moment
    from poolmgr.services.looking.report import look_at_slots
    from poolmgr.services.upkeep.background import ensure_worker
    from poolmgr.wiring import look_at_pool

    pool = look_at_pool(invocation.directory)
    tell_news(pool)
    snapshot = pool.snapshot()
    seen = look_at_slots(pool, snapshot)
    order = queue_order(pool)
    now = read_moment()
    if pool.is_writable:
        with suppress(PoolError, OSError):  # looking works on a full disk too
            ensure_worker(pool)
    if invocation.as_json:
        limits = pool.settings.pool
        emit(
            {
                "pool": {"min": limits.min, "max": limits.max, "size": len(counted(snapshot))},
                "slots": [slot_json(one) for one in seen],
                "queue": [request_json(request, now.since(request.queued)) for request in order],
            }
        )
        return
    show_slots(seen)
    show_base(pool, seen)
    for request in order:
        waits = f"priority {request.priority}, {age(now.since(request.queued))}"
        out(f"waiting: {request.agent} ({waits})  {request.id}")


def queue_order(pool: Pool) -> tuple[Request, ...]:
    """The queue in the order of service."""
    from poolmgr.core.queue import service_order
    from poolmgr.services.ground.pool import read_moment

    return service_order(pool.snapshot().queue, now=read_moment(), aging=pool.settings.queue.aging)


def slot_json(seen: Seen) -> dict[str, object]:
    """One slot as `status --json` promises it."""
    slot, lease = seen.slot, seen.lease
    return {
        "name": slot.name, "state": slot.state.value, "path": str(slot.path),
        "branch": lease.branch if lease else None, "agent": lease.agent if lease else None,
        "lease": lease.id if lease else None, "fence": lease.fence if lease else None,
        "dirty": seen.dirty if lease else None, "ahead": seen.ahead if lease else None,
        "since": lease.started if lease else None,
        "state_since": slot.since.wall, "base": slot.base_oid, "base_ref": slot.base_ref,
        "inside": [{"pid": each.pid, "name": each.name} for each in seen.dwellers],
        "looked": seen.looked, "error": slot.error or None, "warm": slot.warm,
        "scope": lease.scope.as_json if lease and lease.scope else None, "mode": seen.weight.mode,
        "visible": seen.weight.visible, "total": seen.weight.total,
        "database": lease.database or None if lease else None,
    }  # fmt: skip


def request_json(request: Request, waiting: float) -> dict[str, object]:
    """One waiting request as `status --json` promises it."""
    return {
        "request_id": request.id, "agent": request.agent, "priority": request.priority,
        "branch": request.branch, "waiting_s": round(waiting, 3),
    }  # fmt: skip


def slot_rows(seen: list[Seen]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The table's cells; what is shown of the files only where some slot does not show all."""
    is_partial = any(one.weight.mode != "full" for one in seen)
    rows = [
        (
            one.slot.name,
            one.slot.state.value.lower() + ("*" if one.slot.error else ""),
            one.lease.agent if one.lease else "-",
            one.lease.branch if one.lease else "-",
            ago(one.lease.started if one.lease else one.slot.since.wall),
            work_text(one),
            *((str(one.weight),) if is_partial else ()),
            inside_text(one),
        )
        for one in seen
    ]
    shown = ("files",) if is_partial else ()
    return ("slot", "state", "agent", "branch", "age", "work", *shown, "inside"), rows


def scope_text(seen: Seen) -> str:
    """What the lease owns, in one line."""
    scope = seen.lease.scope if seen.lease else None
    if scope is None:
        return "everything"
    sees = "all" if scope.everything else " ".join(scope.sees)
    return (" ".join(scope.owns) or "nothing") + (f", sees {sees}" if sees else "")


def show_slots(seen: list[Seen]) -> None:
    """The table for people, and what needs a word under it."""
    headers, rows = slot_rows(seen)
    for line in table(headers, rows) if rows else ["the pool is empty; run poolmgr pool scale-up"]:
        out(line)
    for one in seen:
        if one.lease and one.lease.scope:
            out(f"  {one.slot.name} owns {safe(scope_text(one))}")
        if one.lease and one.lease.database:
            out(f"  {one.slot.name} has the database {safe(one.lease.database)}")
        if one.slot.error:
            out(f"* {one.slot.name}: {safe(one.slot.error)}")
        if is_orphaned(one):
            out(f"! {one.slot.name}: the process its lease was bound to has ended; it is taken back")
        if one.slot.warm == "failed":
            out(f"! {one.slot.name}: preparing failed; poolmgr pool warm {one.slot.name}")


def is_orphaned(seen: Seen) -> bool:
    """Whether the process that a lease was bound to is proven dead."""
    from resources.probes.processes import Life, judge

    holder = seen.lease.holder if seen.lease else None
    return holder is not None and judge(holder) is Life.DEAD


def show_base(pool: Pool, seen: list[Seen]) -> None:
    """Where new branches start, how old that is, and which free slots lag behind it."""
    from poolmgr.services.looking.lag import read_base_lag

    lag = read_base_lag(pool, [one.slot for one in seen if one.slot.state == "READY"])
    if lag.text:
        out(f"base: {safe(lag.text)}")


def work_text(seen: Seen) -> str:
    """dirty, clean, and how far ahead."""
    if seen.dirty is None:
        return "-"
    old = f" ({ago(seen.looked)} ago)" if seen.looked and time.time() - seen.looked > 2 else ""
    return ("dirty" if seen.dirty else "clean") + (f" +{seen.ahead}" if seen.ahead else "") + old


def inside_text(seen: Seen) -> str:
    """Who lives there."""
    if not seen.dwellers:
        return "-"
    first = seen.dwellers[0]
    more = len(seen.dwellers) - 1
    return f"{first.name} {first.pid}" + (f" +{more}" if more else "")


def where(invocation: Invocation, _values: Values) -> None:
    """Show the slot around you, and the next command.

    Example: poolmgr where
    """
    from poolmgr.core.errors import NoSuchSlot
    from poolmgr.services.environment.record import read_ports
    from poolmgr.services.ground.pool import find_slot_around
    from poolmgr.services.looking.lag import read_lag
    from poolmgr.services.looking.report import look_at_slots
    from poolmgr.services.scoping.ownership import list_overlaps
    from poolmgr.wiring import look_at_pool

    pool = look_at_pool(invocation.directory)
    tell_news(pool)
    snapshot = pool.snapshot()
    slot = find_slot_around(snapshot, invocation.directory)
    if slot is None:
        raise NoSuchSlot(
            f"no slot around {invocation.directory}",
            hint='cd "$(poolmgr acquire --agent NAME --branch BRANCH)"',
        )
    seen = look_at_slots(pool, snapshot, [slot])[0]
    lag = read_lag(pool, slot, seen.lease)
    ports = read_ports(slot, slot.lease_id)
    if invocation.as_json:
        overlaps = [each.as_json for each in list_overlaps(pool, seen.lease)] if seen.lease else []
        more = {"behind": lag.behind, "fetched": lag.fetched, "overlaps": overlaps, "ports": list(ports)}
        emit({**slot_json(seen), **more})
        return
    facts = [("slot", slot.name), ("state", slot.state.value.lower()), ("path", str(slot.path))]
    if seen.lease:
        facts += [("agent", seen.lease.agent), ("branch", seen.lease.branch), ("lease", seen.lease.id)]
    if seen.lease and seen.lease.scope:
        facts += [("owns", scope_text(seen)), ("files", f"{seen.weight} ({seen.weight.mode} view)")]
        facts += [("overlap", str(each)) for each in list_overlaps(pool, seen.lease)]
    facts += [("ports", f"{ports[0]} to {ports[-1]}")] if ports else []
    if seen.lease and seen.lease.database:
        facts += [("db", seen.lease.database)]
    facts += [("base", lag.text), ("work", work_text(seen)), ("inside", inside_text(seen))]
    for name, value in facts:
        out(f"{name:<8}{safe(value)}")
    out(f"next    {'poolmgr release' if seen.lease else 'poolmgr acquire'}")


def events(invocation: Invocation, values: Values) -> None:
    """Show what happened to the slots, and why.

    Example: poolmgr events --follow
    """
    from poolmgr.store.tables.events import events_after, last_events
    from poolmgr.wiring import look_at_pool

    pool = look_at_pool(invocation.directory)
    tell_news(pool)
    with pool.engine.read() as session:
        found = last_events(session, values["last"])
    if invocation.as_json and not values["follow"]:
        emit({"events": [event_json(event) for event in found]})
        return
    at = 0
    while True:
        for event in found:
            show_event(event, as_json=invocation.as_json)
            at = event.id
        if not values["follow"]:
            break
        time.sleep(0.5)
        with pool.engine.read() as session:
            found = events_after(session, at)
    if not at and not invocation.as_json:
        out("nothing has happened yet")


def event_json(event: Event) -> dict[str, object]:
    """One line of the log for programs."""
    return {
        "id": event.id, "time": event.wall, "slot": event.slot or None, "fence": event.fence,
        "from": event.source or None,
        "to": event.target or None, "action": event.action, "actor": event.actor, "result": event.result,
        "reason": event.reason, "seconds": event.seconds,
    }  # fmt: skip


def show_event(event: Event, *, as_json: bool) -> None:
    """One line of the log."""
    if as_json:
        import json

        out(json.dumps({"contract_version": 1, **event_json(event)}))
        return
    clock = time.strftime("%m-%d %H:%M:%S", time.localtime(event.wall))
    move = f"{event.source.lower() or '·'} → {event.target.lower()}" if event.target else event.action
    took = f" after {age(event.seconds)}" if event.seconds is not None else ""
    words = f": {event.reason}" if event.reason else ""
    result = "" if event.result == "ok" else f" [{event.result}]"
    out(safe(f"{clock}  {event.slot:<12} {move}{took}{result}{words}"))


def branches(invocation: Invocation, values: Values) -> None:
    """Show the branches the pool made: ahead, merged, held.

    Example: poolmgr branches --prune
    """
    from poolmgr.services.looking.branches import list_branches, prune_branches
    from poolmgr.wiring import look_at_pool, open_pool

    pool = open_pool(invocation.directory) if values["prune"] else look_at_pool(invocation.directory)
    tell_news(pool)
    gone = prune_branches(pool) if values["prune"] else ()
    found = list_branches(pool)
    if invocation.as_json:
        emit({"branches": [each.as_json for each in found], "pruned": list(gone)})
        return
    for name in gone:
        out(f"deleted {safe(name)}")
    rows = [(each.name, each.agent, f"+{each.ahead}", each.state, each.slot or "-") for each in found]
    for line in (
        table(("branch", "agent", "ahead", "state", "held in"), rows) if rows else ["no branches yet"]
    ):
        out(line)
    for each in found:
        if each.outside:
            out(f"! {safe(each.name)} changes beyond its scope: {safe(', '.join(each.outside))}")


VERBS = (
    Verb("status", status.__doc__ or "", (), status),
    Verb("where", where.__doc__ or "", (), where),
    Verb(
        "events",
        events.__doc__ or "",
        (
            Word("follow", "go on as things happen", bool, short="-f"),
            Word("last", "how many lines to begin with", int, metavar="N", default=20, low=1, short="-n"),
        ),
        events,
    ),
    Verb(
        "branches",
        branches.__doc__ or "",
        (Word("prune", "delete those that are merged and held by nobody", bool),),
        branches,
    ),
)
