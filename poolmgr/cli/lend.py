"""init, acquire, release, reclaim: slots come and go."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.news import tell_news
from poolmgr.cli.output import emit, out, out_path, report, safe, say, say_skipped
from poolmgr.cli.settled import facts_of, lines_of
from poolmgr.cli.verb import Values, Verb, Word

if TYPE_CHECKING:
    from poolmgr.core.scope import Scope
    from poolmgr.services.ground.pool import Pool
    from poolmgr.services.lending.acquire import Asked, Lent
    from poolmgr.services.life.settle import Settled


def init(invocation: Invocation, values: Values) -> None:
    """Make a pool in this repository; safe to repeat.

    Example: poolmgr init --size 4
    """
    from poolmgr.cli.making import make_pool

    answer = make_pool(invocation.directory, values["size"])
    if invocation.as_json:
        emit(answer.as_json)
        return
    for line in answer.lines:
        out(line)


def acquire(invocation: Invocation, values: Values) -> None:
    """Lend a slot and print its path.

    Example: cd "$(poolmgr acquire --agent alice --branch fix/login)"
    """
    from poolmgr.services.lending import acquire as service
    from poolmgr.services.upkeep.background import ensure_worker
    from poolmgr.wiring import open_pool

    pool = open_pool(invocation.directory)._replace(tell=report)
    asked = asked_for(pool, values)._replace(request_id=values["request_id"], holder=holder_of(values["pid"]))
    say_skipped(pool.skipped)
    tell_news(pool)
    lent = service.acquire(pool, asked, background=ensure_worker)
    show_lent(invocation, lent)
    service.delivered(pool, lent)
    ensure_worker(pool)


def asked_for(pool: Pool, values: Values) -> Asked:
    """What `acquire` and `run` ask for in the same words."""
    from poolmgr.services.lending.acquire import Asked

    return Asked(
        agent=values["agent"] or os.environ.get("POOLMGR_AGENT") or getpass.getuser(),
        branch=values["branch"], base=values["base"], track=values["track"], fetch=values["fetch"],
        priority=values["priority"], timeout=timeout_of(values, pool.settings.queue.timeout),
        limit=None if values["wait"] else values["timeout"],
        scope=scope_of(values), overlap=values["overlap"], database=not values["no_database"],
    )  # fmt: skip


def scope_of(values: Values) -> Scope | None:
    """The scope that was asked for; None for a full slot."""
    from poolmgr.core.errors import UsageError
    from poolmgr.core.scope import parse_scope, require_owning

    if values["scope"]:
        return require_owning(parse_scope(values["scope"], values["see"]))
    if values["see"] or values["overlap"]:
        word = "--see" if values["see"] else "--overlap"
        raise UsageError(
            f"{word} goes with --scope: without one the slot is full, it shows and may change everything",
            hint="poolmgr acquire --scope 'src/login/**' --see docs",
        )
    return None


def timeout_of(values: Values, by_default: float) -> float | None:
    """How long to wait; None: as long as it takes."""
    if values["wait"]:
        return None
    timeout: float | None = values["timeout"]
    return by_default if timeout is None else timeout


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
    from poolmgr.services.environment.variables import astray_words

    slot, lease = lent.slot, lent.lease
    warnings = [*lent.warnings, *astray_words(lease, os.environ)]
    for warning in warnings:
        say(f"warning: {safe(warning)}")
    if invocation.as_json:
        emit(
            {
                "slot": slot.name, "path": str(slot.path), "branch": lease.branch, "agent": lease.agent,
                "lease": lease.id, "fence": lease.fence, "base": lease.base_oid, "base_ref": lease.base_ref,
                "request_id": lease.request_id, "warnings": warnings,
                "scope": lease.scope.as_json if lease.scope else None, "mode": lent.mode,
                "database": lease.database or None,
            }
        )  # fmt: skip
        return
    say(line_of(lent))
    out_path(slot.path)


def line_of(lent: Lent) -> str:
    """Which slot it is, and what it shows."""
    slot, lease = lent.slot, lent.lease
    shown = "" if lease.scope is None else f", {lent.mode} view of {safe(' '.join(lease.scope.owns))}"
    shown += f", database {safe(lease.database)}" if lease.database else ""
    return f"{slot.name} on {safe(lease.branch)} (base {safe(lease.base_ref)} {lease.base_oid[:10]}{shown})"


def release(invocation: Invocation, values: Values) -> None:
    """Give a slot back; refuses while it holds unsaved work.

    Its database goes with the lease: what is in it is not work, and no rescue keeps it.

    Example: poolmgr release pool-wt-2 --rescue
    """
    from poolmgr.services.ground.pool import require_slot
    from poolmgr.services.life import release as service
    from poolmgr.services.upkeep.background import ensure_worker
    from poolmgr.wiring import open_pool

    pool = open_pool(invocation.directory)._replace(tell=report)
    snapshot = pool.snapshot()
    asked = service.Asked(
        slot=require_slot(snapshot, "." if values["slot"] is None else values["slot"], invocation.directory),
        lease=values["lease"] or os.environ.get("POOLMGR_LEASE") or None,
        rescue=values["rescue"], kill=values["kill"], allow_outside=values["allow_outside"],
    )  # fmt: skip
    tell_news(pool)
    settled = service.release(pool, snapshot, asked)
    ensure_worker(pool)
    show_settled(invocation, settled, "released")


def reclaim(invocation: Invocation, values: Values) -> None:
    """Take a slot from its holder; every file in it is rescued first.

    Its database goes with the lease, and what is in it is lost: dump before what you want to
    keep, with pg_dump "$(poolmgr db url SLOT)".

    Example: poolmgr reclaim pool-wt-2
    """
    from poolmgr.services.ground.pool import require_slot
    from poolmgr.services.ground.taken import require_own
    from poolmgr.services.life import release as service
    from poolmgr.services.upkeep.background import ensure_worker
    from poolmgr.wiring import open_pool

    pool = open_pool(invocation.directory)
    snapshot = pool.snapshot()
    wanted = require_slot(snapshot, values["slot"], invocation.directory)
    require_own(pool, wanted)
    settled = service.reclaim(pool, snapshot, wanted, reason=f"reclaimed by {getpass.getuser()}")
    ensure_worker(pool)
    show_settled(invocation, settled, "reclaimed")


def show_settled(invocation: Invocation, settled: Settled, done: str) -> None:
    """What became of the slot, where its work is, and who is still inside."""
    slot = settled.slot
    if invocation.as_json:
        emit({"slot": slot.name, "state": slot.state.value, "path": str(slot.path), **facts_of(settled)})
        return
    out(f"{done} {slot.name}")
    for line in lines_of(settled):
        say(line)


# What a slot is asked for by, in `acquire` and in `run`.
WISHES = (
    Word("agent", "who will hold the slot", metavar="NAME"),
    Word("branch", "made from the base unless it exists", metavar="NAME"),
    Word("base", "what a new branch starts from", metavar="REF"),
    Word("track", "take up the remote's branch of that name", bool),
    Word("fetch", "run git fetch first", bool),
    Word("priority", "0 first, 4 last", int, metavar="N", default=2, low=0, high=4),
    Word("wait", "wait for a slot as long as it takes", bool),
    Word(
        "timeout",
        "seconds for slot and template; else queue.timeout, 10 s, for the slot",
        float,
        metavar="S",
        low=0,
    ),
    Word("scope", "what the holder may change; as often as you like", metavar="GLOB", many=True),
    Word("see", "what it may read besides; all: everything", metavar="GLOB", many=True),
    Word("overlap", "take what somebody else owns all the same", bool),
    Word("no_database", "a slot without its database", bool),
)

VERBS = (
    Verb(
        "init",
        init.__doc__ or "",
        (Word("size", "how many slots to make", int, metavar="N", low=1, high=1000),),
        init,
    ),
    Verb(
        "acquire",
        acquire.__doc__ or "",
        (
            *WISHES,
            Word("request_id", "asking again gives the same lease", metavar="ID"),
            Word("pid", "the lease ends with this process", int, metavar="PID", low=1),
        ),
        acquire,
    ),
    Verb(
        "release",
        release.__doc__ or "",
        (
            Word("slot", "name or path; by default the slot around you", metavar="SLOT", is_argument=True),
            Word("rescue", "keep all unsaved files aside first; not the database", bool),
            Word("kill", "end what the lease started", bool),
            Word("lease", "refuse if the slot has another by now", metavar="ID"),
            Word("allow_outside", "let changes beyond the scope go; they are put on record", bool),
        ),
        release,
    ),
    Verb(
        "reclaim",
        reclaim.__doc__ or "",
        (Word("slot", "name or path of the slot", metavar="SLOT", is_argument=True, is_required=True),),
        reclaim,
    ),
)
