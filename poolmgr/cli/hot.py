"""What agents type at every turn, found without loading typer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poolmgr.cli.verb import try_parse

if TYPE_CHECKING:
    from poolmgr.cli.verb import Verb

LENDING = frozenset({"acquire", "release", "reclaim", "init"})
LOOKING = frozenset({"status", "where"})
RUNNING = frozenset({"run"})


def find_hot(typed: list[str]) -> tuple[Verb, dict[str, Any]] | None:
    """The verb and its values; None for everything that is not plainly one of them."""
    verb = next((verb for verb in verbs_beside(typed[0]) if verb.name == typed[0]), None) if typed else None
    if verb is None:
        return None
    values = try_parse(verb, typed[1:])
    return None if values is None else (verb, values)


def verbs_beside(name: str) -> tuple[Verb, ...]:
    """The verbs that are defined in one module with this one; none where it is not a hot one."""
    if name in LENDING:
        from poolmgr.cli import lend

        return lend.VERBS
    if name in LOOKING:
        from poolmgr.cli import look

        return look.VERBS
    if name in RUNNING:
        from poolmgr.cli import run

        return run.VERBS
    return ()
