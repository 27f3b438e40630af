"""Which version's rules say what is ready: those of `bd` 0.4x or those of 1.x, and what differs."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from typing import Any, NamedTuple

from tracks.tasks.beads import Sign
from tracks.tasks.task import Task

FIRST_OF_THE_NEW = (0, 50)  # Dolt came with it, and with it the column `is_blocked`
# Words in the reason for closing that open a conditional block under the old rules.
FAILURES = (
    "failed", "rejected", "wontfix", "won't fix", "cancelled", "canceled", "abandoned", "blocked", "error",
    "timeout", "aborted",
)  # fmt: skip


class Rules(StrEnum):
    """The rules of an era."""

    OLD = "0.4"
    NEW = "1"


class Decision(NamedTuple):
    """The rules, and how they were found."""

    rules: Rules
    why: str
    version: tuple[int, ...] | None = None  # of a `bd` of this era


class Traits(NamedTuple):
    """What an era's rules look at: the statuses that may be ready, and the types and ids that are no work."""

    workable: frozenset[str]
    no_work: frozenset[str]
    no_ids: tuple[str, ...] = ()  # what is in them
    heeds_parents: bool = False  # whether a parent that is put off puts off its children


TRAITS = {
    Rules.OLD: Traits(
        workable=frozenset({"open", "in_progress"}),
        no_work=frozenset({"merge-request", "gate", "molecule", "message", "agent"}),
    ),
    Rules.NEW: Traits(
        workable=frozenset({"open"}),
        no_work=frozenset({"merge-request", "gate", "molecule", "message", "agent", "role", "rig"}),
        heeds_parents=True,
    ),
}
# What the old rules came to, by the first version that has it; a file does not tell which one wrote it.
LATER: tuple[tuple[tuple[int, ...], dict[str, Any]], ...] = (
    ((0, 47, 2), {"no_ids": ("-wisp-",)}),
    ((0, 48), {"no_work": TRAITS[Rules.NEW].no_work}),
    ((0, 49), {"no_ids": ("-wisp-", "-mol-")}),
    ((0, 49, 4), {"workable": frozenset({"open"})}),
)
# Under the old rules only these hold others up: no custom status does.
OLD_UNFINISHED = frozenset({"open", "in_progress", "blocked", "deferred", "hooked"})
NEW_FINISHED = frozenset({"closed", "pinned"})


def decide_rules(asked: str, version: tuple[int, ...] | None, signs: Collection[Sign]) -> Decision:
    """The rules that were asked for; for `auto` those of the `bd` found, else those the file shows."""
    if asked != "auto":
        is_its_own = version and era_of(version) is Rules(asked)
        return Decision(Rules(asked), "as asked", version if is_its_own else None)
    if version:
        return Decision(era_of(version), f"bd {'.'.join(map(str, version))} is found", version)
    for sign in (Sign.TYPED_LINES, Sign.COUNTS):
        if sign in signs:
            return Decision(Rules.NEW, f"the file has {sign}")
    if Sign.TOMBSTONE in signs:
        return Decision(Rules.OLD, f"the file has {Sign.TOMBSTONE}")
    return Decision(Rules.NEW, "the file has no sign of older rules")


def era_of(version: tuple[int, ...]) -> Rules:
    """The era of a `bd`."""
    return Rules.OLD if version < FIRST_OF_THE_NEW else Rules.NEW


def traits_of(rules: Rules, version: tuple[int, ...] | None) -> Traits:
    """What the rules look at; the old ones as a version has them, 0.47.0 where none is known."""
    traits = TRAITS[rules]
    if rules is Rules.OLD and version:
        for first, changes in LATER:
            traits = traits._replace(**changes) if version >= first else traits
    return traits


def parse_version(text: str) -> tuple[int, ...] | None:
    """The numbers in what `bd version` says."""
    found = re.search(r"\b(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?", text, re.ASCII)
    return tuple(int(part) for part in found.groups() if part is not None) if found else None


def is_present(task: Task, rules: Rules) -> bool:
    """Whether the era knows the task at all: the new one forgets tombstones."""
    return rules is Rules.OLD or task.status != "tombstone"


def is_blocking(task: Task, rules: Rules) -> bool:
    """Whether a `blocks` edge to the task holds up."""
    if rules is Rules.OLD:
        return task.status in OLD_UNFINISHED
    return task.status not in NEW_FINISHED


def is_condition_unmet(task: Task, rules: Rules) -> bool:
    """Whether a `conditional-blocks` edge to the task holds up: the old rules wait for its failure."""
    if rules is Rules.NEW:
        return is_blocking(task, rules)
    if task.status == "closed":
        reason = task.close_reason.lower()
        return not any(word in reason for word in FAILURES)
    return task.status in OLD_UNFINISHED - {"hooked"}


def is_gate_shut(gate: object, children: Collection[Task], rules: Rules) -> bool:
    """Whether a `waits-for` edge holds up, whose spawner has these children."""
    if rules is Rules.OLD:
        over = {task.status in {"closed", "tombstone"} for task in children}
        if gate is None or gate == "all-children":
            return False in over
        return gate == "any-children" and True not in over
    is_pending = any(task.status not in NEW_FINISHED for task in children)
    return is_pending and not (gate == "any-children" and any(task.status == "closed" for task in children))
