"""What agents type at every turn, found without loading typer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poolmgr.cli.verb import try_parse

if TYPE_CHECKING:
    from poolmgr.cli.verb import Verb

LENDING = frozenset({"acquire", "release", "reclaim", "init"})
LOOKING = frozenset({"status", "where"})


def find_hot(typed: list[str]) -> tuple[Verb, dict[str, Any]] | None:
    """The verb and its values; None for everything that is not plainly one of them."""
    if not typed or typed[0] not in LENDING | LOOKING:
        return None
    if typed[0] in LENDING:
        from poolmgr.cli.lend import VERBS
    else:
        from poolmgr.cli.look import VERBS
    verb = next(verb for verb in VERBS if verb.name == typed[0])
    values = try_parse(verb, typed[1:])
    return None if values is None else (verb, values)
