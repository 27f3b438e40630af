"""Which version's rules say what is ready: those of `bd` 0.4x or those of 1.x, and what differs."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

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


class Traits(NamedTuple):
    """What an era's rules look at: the statuses that may be ready, and the types that are no work."""

    workable: frozenset[str]
    no_work: frozenset[str]


TRAITS = {
    Rules.OLD: Traits(
        workable=frozenset({"open", "in_progress"}),
        no_work=frozenset({"merge-request", "gate", "molecule", "message", "agent"}),
    ),
    Rules.NEW: Traits(
        workable=frozenset({"open"}),
        no_work=frozenset({"merge-request", "gate", "molecule", "message", "agent", "role", "rig"}),
    ),
}
# Under the old rules only these hold others up: no custom status does.
OLD_UNFINISHED = frozenset({"open", "in_progress", "blocked", "deferred", "hooked"})
NEW_FINISHED = frozenset({"closed", "pinned"})


def decide_rules(asked: str, version: tuple[int, ...] | None, signs: Collection[Sign]) -> Decision:
    """The rules that were asked for; for `auto` those of the `bd` found, else those the file shows."""
    if asked != "auto":
        return Decision(Rules(asked), "as asked")
    if version:
        rules = Rules.OLD if version < FIRST_OF_THE_NEW else Rules.NEW
        return Decision(rules, f"bd {'.'.join(map(str, version))} is found")
    for sign in (Sign.TYPED_LINES, Sign.COUNTS):
        if sign in signs:
            return Decision(Rules.NEW, f"the file has {sign}")
    if Sign.TOMBSTONE in signs:
        return Decision(Rules.OLD, f"the file has {Sign.TOMBSTONE}")
    return Decision(Rules.NEW, "the file has no sign of older rules")


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
