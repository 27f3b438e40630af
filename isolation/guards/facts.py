"""What the hooks of a slot know of its lease: `poolmgr-guard.json` in git's admin directory.

Written before a scoped slot is handed over, replaced whole, removed with the lease. Without it
a slot is full: its hooks look for `revoked` and nothing else.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

FACTS = "poolmgr-guard.json"
VERSION = 1

# Whether it takes paths out, and the expression, the last first: `Globs.runs` without its compiled part.
Runs = tuple[tuple[bool, bytes], ...]


class GuardFacts(NamedTuple):
    """A scoped lease. `visible` is what is checked out, beyond what is owned too; empty means everything."""

    slot: str
    lease: str
    branch: str
    bases: tuple[str, ...]
    base_oid: str
    owns: tuple[str, ...]
    runs: Runs
    shared: Runs = ()
    unstage: Runs = ()
    visible: Runs = ()
    fold_case: bool = False
    program: tuple[str, ...] = ()


def write_facts(admin: Path, facts: GuardFacts) -> None:
    """The facts of this lease, whole or not at all."""
    told = facts._asdict() | {name: told_runs(getattr(facts, name)) for name in RUNS} | {"version": VERSION}
    making = admin / f".{FACTS}.{os.getpid()}"  # a name by which doctor knows what a kill left
    making.write_bytes(json.dumps(told, indent=1).encode("ascii"))
    making.replace(admin / FACTS)


def drop_facts(admin: Path) -> None:
    """From now on the slot is full for its hooks."""
    (admin / FACTS).unlink(missing_ok=True)


def find_facts(admin: Path) -> GuardFacts | None:
    """The facts as they are written; None when there are none that can be read."""
    try:
        told = json.loads((admin / FACTS).read_bytes())
        return parse_facts(told) if told["version"] == VERSION else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def parse_facts(told: dict[str, Any]) -> GuardFacts:
    """Facts from their JSON."""
    fields = {name: told[name] for name in GuardFacts._fields}
    lists = {name: tuple(fields[name]) for name in ("bases", "owns", "program")}
    return GuardFacts(**(fields | lists | {name: parse_runs(fields[name]) for name in RUNS}))


RUNS = ("runs", "shared", "unstage", "visible")


def told_runs(runs: Runs) -> list[tuple[bool, str]]:
    """Expressions as JSON can hold them: every byte a character."""
    return [(negated, expression.decode("latin-1")) for negated, expression in runs]


def parse_runs(told: list[tuple[bool, str]]) -> Runs:
    """Expressions from JSON."""
    return tuple((bool(negated), expression.encode("latin-1")) for negated, expression in told)
