"""run: a command in a slot. stdout is the command's alone; what we have to say goes to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.lend import WISHES, asked_for, line_of
from poolmgr.cli.news import tell_news
from poolmgr.cli.output import CONTRACT, safe, safe_lines, say, say_skipped
from poolmgr.cli.settled import facts_of, lines_of
from poolmgr.cli.verb import Values, Verb, Word

if TYPE_CHECKING:
    from poolmgr.core.records import Lease
    from poolmgr.services.ground.pool import Pool
    from poolmgr.services.lending.acquire import Lent
    from poolmgr.services.lending.run import Held
    from poolmgr.services.life.settle import Settled

EXAMPLE = "poolmgr run --agent alice --branch fix/login -- make test"


def run(invocation: Invocation, values: Values) -> int:
    """Run a command in a slot, and give the slot back when it ends.

    Inside a slot that is yours the command runs right there, and the slot stays yours.

    Example: poolmgr run --agent alice --branch fix/login -- make test
    """
    from poolmgr.core.errors import UsageError
    from poolmgr.services.lending.run import find_held
    from poolmgr.wiring import open_pool

    if not invocation.command:
        raise UsageError("nothing to run: the command stands after --", hint=EXAMPLE)
    pool = open_pool(invocation.directory)
    if not invocation.as_json:
        pool = pool._replace(tell=tell)
    held = find_held(pool, invocation.directory, os.environ.get("POOLMGR_LEASE"))
    if held:
        run_here(pool, held, invocation, values)
    return run_in_slot(pool, invocation, values)


def run_here(pool: Pool, held: Held, invocation: Invocation, values: Values) -> NoReturn:
    """Become the command: nothing is ours to do when it ends."""
    from poolmgr.services.lending.child import replace
    from poolmgr.services.lending.run import variables_for

    require_fit(pool, held, values)
    variables = variables_for(pool, held, os.environ)
    if invocation.as_json:
        tell_json(held, state="used")
    else:
        tell_news(pool)
    pool.engine.close()
    replace(invocation.command, invocation.directory, variables)


def require_fit(pool: Pool, held: Held, values: Values) -> None:
    """Refuse words that ask for another slot than the one around us."""
    from poolmgr.core.errors import UsageError

    slot, lease = held.slot, held.lease
    misfit = find_misfit(lease, values)
    if misfit:
        raise UsageError(
            f"this is {slot.name}, lent to {lease.agent} on {lease.branch}; {misfit} asks for another slot",
            hint=f"poolmgr run --repo {pool.facts.checkout} {misfit} … -- …",
        )


def find_misfit(lease: Lease, values: Values) -> str | None:
    """The first word that this lease does not answer."""
    plain = {"agent": lease.agent, "branch": lease.branch, "base": lease.base_ref}
    for name, own in plain.items():
        if values[name] and values[name] != own:
            return f"--{name}"
    scope = lease.scope
    if set(values.get("scope") or ()) - set(scope.owns if scope else ()):
        return "--scope"
    sees_all = scope is None or scope.everything
    if not sees_all and set(values.get("see") or ()) - set(scope.sees if scope else ()):
        return "--see"
    return None


def run_in_slot(pool: Pool, invocation: Invocation, values: Values) -> int:
    """The command in a slot of its own: its exit code, or below zero the signal that ended it."""
    from poolmgr.core.errors import PoolError
    from poolmgr.services.lending import acquire, child
    from poolmgr.services.lending.run import Held, variables_for
    from poolmgr.services.upkeep.background import ensure_worker

    if not invocation.as_json:
        say_skipped(pool.skipped)
    asked = asked_for(pool, values)._replace(holder=pool.me)
    lent = acquire.acquire(pool, asked, background=ensure_worker)
    held = Held(slot=lent.slot, lease=lent.lease)
    try:
        acquire.delivered(pool, lent)
        tell_lent(held, lent, as_json=invocation.as_json)
        ensure_worker(pool)
        variables = variables_for(pool, held, {**os.environ, "PWD": os.fspath(held.slot.path)})
        pool.engine.close()  # the command may take days; the state may be rebuilt or upgraded meanwhile
        code = child.run(invocation.command, held.slot.path, variables)
    except (PoolError, KeyboardInterrupt):
        give_back(pool.site.common, held, values, as_json=invocation.as_json)
        raise
    is_back = give_back(pool.site.common, held, values, as_json=invocation.as_json)
    return code if code or is_back else 1


def give_back(repository: Path, held: Held, values: Values, *, as_json: bool) -> bool:
    """Whether the slot is given back; where it is not, its holder is told how to go on."""
    from isolation.errors import IsolationError
    from poolmgr.core.errors import PoolError
    from poolmgr.services.lending import run as service
    from poolmgr.services.lending.bell import deaf
    from poolmgr.services.upkeep.background import ensure_worker
    from poolmgr.wiring import open_pool

    pool = None
    try:
        with deaf():
            pool = open_pool(repository)
            current = pool.snapshot().lease_of(held.slot)  # its scope may be another by now
            held = held._replace(lease=current or held.lease)
            settled = service.give_back(pool, held, rescue=values["rescue"])
            ensure_worker(pool)
    except (PoolError, IsolationError, OSError) as error:
        tell_kept(held, error, as_json=as_json)
        return False
    finally:
        if pool:
            pool.engine.close()
    tell_back(held, settled, as_json=as_json)
    return True


def tell_lent(held: Held, lent: Lent, *, as_json: bool) -> None:
    """Where the command runs."""
    if as_json:
        tell_json(held, state="lent", mode=lent.mode, warnings=list(lent.warnings))
        return
    for warning in lent.warnings:
        tell(f"warning: {safe(warning)}")
    tell(line_of(lent))


def tell_back(held: Held, settled: Settled | None, *, as_json: bool) -> None:
    """What became of the slot."""
    if as_json:
        tell_json(held, **({"state": "released", **facts_of(settled)} if settled else {"state": "over"}))
    elif settled is None:
        tell(f"{held.slot.name} was given back or taken before the command ended")
    else:
        tell(f"released {held.slot.name}")
        for line in lines_of(settled):
            tell(line)


def tell_kept(held: Held, error: Exception, *, as_json: bool) -> None:
    """Why the slot was not given back, where it is, and what to type."""
    slot = held.slot
    message, hint = getattr(error, "message", str(error)), getattr(error, "hint", "")
    code = getattr(error, "code", "refused")
    if as_json:
        facts = getattr(error, "facts", {})
        tell_json(held, state="kept", error={"code": code, "message": message, "hint": hint, **facts})
        return
    tell(f"poolmgr: {safe_lines(message)}")
    if slot.path.exists():
        tell(f"{slot.name} stays as it is, lent to {safe(held.lease.agent)}: cd {safe(slot.path)}")
    tell(f"hint: {safe_lines(hint or f'poolmgr release {slot.name}')}")


def tell_json(held: Held, **more: object) -> None:
    """One line for programs."""
    slot, lease = held
    facts: Mapping[str, object] = {
        "contract_version": CONTRACT, "slot": slot.name, "path": os.fspath(slot.path), "branch": lease.branch,
        "agent": lease.agent, "lease": lease.id, "base": lease.base_oid, "base_ref": lease.base_ref,
        "scope": lease.scope.as_json if lease.scope else None, "database": lease.database or None,
    }  # fmt: skip
    tell(json.dumps({**facts, **more}, ensure_ascii=True))


def tell(line: str) -> None:
    """A line for people; the terminal may be gone by now."""
    if sys.stderr is None:
        return
    try:
        say(line)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), 2)


VERBS = (
    Verb(
        "run",
        run.__doc__ or "",
        (
            *WISHES,
            Word("rescue", "keep unsaved work aside when the command ends, and give the slot back", bool),
        ),
        run,
        usage="[OPTIONS] -- COMMAND...",
    ),
)
