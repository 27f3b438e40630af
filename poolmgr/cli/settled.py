"""What became of a slot that was given back or taken: for programs, and in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolmgr.cli.output import safe

if TYPE_CHECKING:
    from poolmgr.services.life.settle import Settled


def facts_of(settled: Settled) -> dict[str, object]:
    """Where its work is, what it changed beyond its scope, and who is still inside."""
    inside = settled.inside.processes if settled.inside else ()
    return {
        "rescue": settled.rescue.id if settled.rescue else None,
        "parked": settled.parked or None,
        "inside": [{"pid": process.pid, "name": process.name} for process in inside],
        "outside": [each.as_json for each in settled.outside],
        "guards": list(settled.guards),
    }


def lines_of(settled: Settled) -> Iterator[str]:
    """The same in words; nothing to say is nothing said."""
    for each in settled.outside:
        word = each.word
        yield f"{word}: {safe(each.path)} ({each.kind}, on {safe(each.branch)})"
    for found in settled.guards:
        yield f"guards: {safe(found)}"
    if settled.rescue:
        identifier = settled.rescue.id
        yield f"kept as {identifier}; bring it back: poolmgr rescue restore {identifier} --to DIR"
    if settled.parked:
        yield f"parked at {safe(settled.slot.path)}: {safe(settled.parked)}"
        yield f"hint: poolmgr pool adopt {settled.slot.name}"
    for process in settled.inside.processes if settled.inside else ():
        yield f"still inside: {safe(process.name)} (pid {process.pid}); the slot waits for it"
