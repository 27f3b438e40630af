"""scope …: what a slot may change, what it shows, and who owns a path."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.news import tell_news
from poolmgr.cli.output import emit, out, safe, say
from poolmgr.cli.typed import add_verb, group
from poolmgr.cli.verb import Values, Verb, Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolmgr.core.records import Slot
    from poolmgr.core.scope import Scope
    from poolmgr.services.ground.pool import Pool
    from poolmgr.services.scoping.change import Changed
    from poolmgr.services.scoping.outside import Outside

app = group(
    "scope", "What a slot may change and what it shows.", example="poolmgr scope request 'src/session/**'"
)


def show(invocation: Invocation, values: Values) -> None:
    """Show what a slot owns and sees, and how it is checked out.

    Example: poolmgr scope show pool-wt-2
    """
    from poolmgr.services.scoping.showing import show_scope
    from poolmgr.wiring import look_at_pool

    pool = look_at_pool(invocation.directory)
    shown = show_scope(pool, slot_of(pool, invocation, values))
    if invocation.as_json:
        emit(shown.as_json)
        return
    for name, value in shown.facts:
        out(f"{name:<9}{safe(value)}")


def change(invocation: Invocation, values: Values) -> None:
    """Give a slot this scope instead of the one it has.

    Example: poolmgr scope set 'src/login/**' --see docs
    """
    from poolmgr.services.scoping.outside import list_outside
    from poolmgr.wiring import look_at_pool

    wanted = typed_scope(values, "set")
    found = changed(invocation, values, "set", lambda _: wanted)
    show_changed(invocation, found)
    beyond = list_outside(look_at_pool(invocation.directory), found.slot, found.lease)
    if any(each.is_refused for each in beyond):
        say("warning: the branch changes paths outside of that already: poolmgr scope check names them")


def add(invocation: Invocation, values: Values) -> None:
    """Own and see more.

    A full slot has all already: there it is refused, and `scope set` is what narrows it.

    Example: poolmgr scope add 'src/session/**' --see docs
    """
    from poolmgr.core.scope import added

    more = typed_scope(values, "add")
    show_changed(invocation, changed(invocation, values, "add", lambda scope: added(scope, more)))


def drop(invocation: Invocation, values: Values) -> None:
    """Own and see less; globs are named as they were given.

    Example: poolmgr scope drop 'src/session/**'
    """
    from poolmgr.core.scope import dropped

    less = typed_scope(values, "drop")
    show_changed(invocation, changed(invocation, values, "drop", lambda scope: dropped(scope, less)))


def request(invocation: Invocation, values: Values) -> None:
    """Ask to own more: granted at once when nobody owns it. Seeing more is never refused.

    A full slot has all already: there is nothing to ask for, and exit code 1 says so.

    Example: poolmgr scope request 'src/session/**'
    """
    from poolmgr.core.scope import added

    more = typed_scope(values, "request")
    show_changed(invocation, changed(invocation, values, "request", lambda scope: added(scope, more)))


def grant(invocation: Invocation, values: Values) -> None:
    """Let a slot own globs, whoever owns them already; all are told. For people, from outside of slots.

    Example: poolmgr scope grant pool-wt-2 'src/session/**'
    """
    from poolmgr.core.scope import added
    from poolmgr.services.scoping.change import Asked, change_scope, require_person
    from poolmgr.wiring import open_pool

    pool = open_pool(invocation.directory)
    require_person(pool, invocation.directory, os.environ.get("POOLMGR_LEASE"))
    more = typed_scope(values, f"grant {values['slot']}")
    asked = Asked(
        slot=slot_of(pool, invocation, values), change=lambda scope: added(scope, more), action="grant",
        overlap=True, news="it was granted",
    )  # fmt: skip
    show_changed(invocation, change_scope(pool, asked))


def check(invocation: Invocation, values: Values) -> int:
    """Name every path that is changed beyond the scope.

    Exit code 1 when there is any that is refused at release.

    Example: poolmgr scope check --base origin/main
    """
    from isolation.guards.words import command
    from poolmgr.services.ground.pool import require_lease
    from poolmgr.services.scoping.outside import list_outside
    from poolmgr.wiring import look_at_pool

    pool = look_at_pool(invocation.directory)
    slot = slot_of(pool, invocation, values)
    lease = require_lease(pool.snapshot(), slot)
    found = list_outside(pool, slot, lease, values["base"])
    refused = [each for each in found if each.is_refused]
    if invocation.as_json:
        scope = lease.scope.as_json if lease.scope else None
        emit(
            {
                "slot": slot.name, "branch": lease.branch, "scope": scope, "inside": not refused,
                "paths": [each.path for each in refused], "outside": [each.as_json for each in found],
            }
        )  # fmt: skip
        return 1 if refused else 0
    if lease.scope is None:
        out(f"{slot.name} is full: it may change everything")
        return 0
    owned = safe(" ".join(lease.scope.owns))
    count = "a path" if len(refused) == 1 else f"{len(refused)} paths"
    beyond = f"changes {count} outside what {slot.name} owns: {owned}"
    out(f"{safe(lease.branch)} {beyond if refused else f'stays inside: {owned}'}")
    for each in found:
        out(f"{each.word:<9}  {each.kind:<9} {safe(each.path)}")
    if refused:
        ask = command(f"poolmgr scope request --slot {slot.name}", literals(refused), as_glob=True)
        say(f"hint: take the changes back, or ask for more: {ask}")
    return 1 if refused else 0


def literals(refused: list[Outside]) -> list[bytes]:
    """The paths that were refused, as git has them."""
    return [os.fsencode(each.path) for each in refused]


def verify(invocation: Invocation, values: Values) -> None:
    """Compare files and guards with what should be; repair them.

    Edits stay.

    Example: poolmgr scope verify pool-wt-2
    """
    from poolmgr.services.scoping.verifying import verify_slot
    from poolmgr.wiring import open_pool

    pool = open_pool(invocation.directory)
    slot = slot_of(pool, invocation, values)
    found = verify_slot(pool, slot)
    if invocation.as_json:
        emit({"slot": slot.name, **found.as_json})
        return
    for kind, what in found.words:
        out(f"{kind}: {safe(what)}")
    out(f"{slot.name} is as it should be" if found.is_sound else f"{slot.name} is as it should be again")


def owner(invocation: Invocation, values: Values) -> None:
    """Show who owns a path now.

    Example: poolmgr scope owner src/login/form.py
    """
    from poolmgr.services.scoping.showing import list_path_owners, require_path
    from poolmgr.wiring import look_at_pool

    pool = look_at_pool(invocation.directory)
    named = {path: require_path(pool, invocation.directory, path) for path in values["path"]}
    found = list_path_owners(pool, named)
    if invocation.as_json:
        emit({"owners": [each.as_json for each in found]})
        return
    for each in found:
        out(safe(each))
    for path in values["path"]:
        if not any(each.path == path for each in found):
            out(f"{safe(path)}: nobody")


def slot_of(pool: Pool, invocation: Invocation, values: Values) -> Slot:
    """The slot that is named, or the one around us."""
    from poolmgr.services.ground.pool import require_slot

    tell_news(pool)
    return require_slot(pool.snapshot(), values.get("slot") or ".", invocation.directory)


def typed_scope(values: Values, action: str) -> Scope:
    """The globs of the command line; something has to be named."""
    from poolmgr.core.errors import UsageError
    from poolmgr.core.scope import parse_scope

    named = values.get("slot") if not action.startswith("grant") else None
    command = f"poolmgr scope {action}" + (f" --slot {named}" if named else "")
    if not values["glob"] and not values["see"]:
        raise UsageError("name a glob, or one to read with --see", hint=f"{command} 'src/login/**'")
    return parse_scope(values["glob"], values["see"], command=command, flag="")


def changed(invocation: Invocation, values: Values, action: str, how: Callable[[Scope], Scope]) -> Changed:
    """The slot under its new scope."""
    from poolmgr.core.quoting import line_of
    from poolmgr.services.ground.pool import find_slot_around
    from poolmgr.services.scoping.change import Asked, change_scope, require_person
    from poolmgr.wiring import open_pool

    pool = open_pool(invocation.directory)
    slot, globs = slot_of(pool, invocation, values), tuple(values["glob"])
    lease = os.environ.get("POOLMGR_LEASE") or None
    around = find_slot_around(pool.snapshot(), invocation.directory)
    is_own = around is not None and around.id == slot.id
    if values.get("overlap") or (around and not is_own):
        require_person(pool, invocation.directory, lease)
    grant = line_of(("poolmgr", "scope", "grant", slot.name, *globs))
    asked = Asked(
        slot=slot, change=how, action=action, lease=lease, overlap=bool(values.get("overlap")),
        hint=f"ask them, or a person in {pool.facts.checkout}: {grant}",
        news="" if is_own or lease else f"by scope {action}",
    )  # fmt: skip
    return change_scope(pool, asked)


def show_changed(invocation: Invocation, found: Changed) -> None:
    """The scope by now, what could not leave the view, and who owns the same."""
    scope = found.lease.scope
    if invocation.as_json:
        emit(
            {
                "slot": found.slot.name, "lease": found.lease.id, "mode": found.mode,
                "scope": scope.as_json if scope else None, "stayed": list(found.stayed),
                "overlaps": [each.as_json for each in found.meetings],
            }
        )  # fmt: skip
        return
    owns, sees = (scope.owns, scope.sees) if scope else ((), ())
    seen = "all" if scope and scope.everything else " ".join(sees)
    out(
        f"{found.slot.name} owns {safe(' '.join(owns)) or 'nothing'}"
        + (f", sees {safe(seen)}" if seen else "")
    )
    for path in found.stayed:
        say(f"stays, it has changes: {safe(path)}")
    for each in found.meetings:
        say(f"warning: {safe(each)}; both are told")


SLOT = Word("slot", "name or path; by default the slot around you", metavar="SLOT", is_argument=True)
NAMED = SLOT._replace(is_argument=False)
GLOBS = Word("glob", "what it may change", metavar="GLOB", is_argument=True, many=True)
SEES = Word("see", "what it may read besides; all: everything", metavar="GLOB", many=True)
OVERLAP = Word("overlap", "take what somebody else owns all the same", bool)
VERBS = (
    Verb("show", show.__doc__ or "", (SLOT,), show),
    Verb("set", change.__doc__ or "", (GLOBS, SEES, NAMED, OVERLAP), change),
    Verb("add", add.__doc__ or "", (GLOBS, SEES, NAMED, OVERLAP), add),
    Verb("drop", drop.__doc__ or "", (GLOBS, SEES, NAMED), drop),
    Verb("request", request.__doc__ or "", (GLOBS, SEES, NAMED), request),
    Verb(
        "grant",
        grant.__doc__ or "",
        (SLOT._replace(help="name or path", is_required=True), GLOBS, SEES),
        grant,
    ),
    Verb(
        "check",
        check.__doc__ or "",
        (SLOT, Word("base", "compare with this instead of the lease's base", metavar="REF")),
        check,
    ),
    Verb("verify", verify.__doc__ or "", (SLOT,), verify),
    Verb(
        "owner",
        owner.__doc__ or "",
        (Word("path", "as git names it", metavar="PATH", is_argument=True, many=True, is_required=True),),
        owner,
    ),
)
for verb in VERBS:
    add_verb(app, verb)
