"""A task as every source tells it: what `bd`, its files and a YAML file have in common.

Values only. An edge points from the task that waits to the one it waits for; with `parent-child`
from the child to its parent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

PARENT = "parent-child"
OVER = frozenset({"closed", "tombstone"})
NOTHING: Mapping[str, object] = MappingProxyType({})


class Edge(NamedTuple):
    """One dependency."""

    source: str
    target: str
    kind: str = "blocks"
    metadata: Mapping[str, object] = NOTHING


class Task(NamedTuple):
    """A unit of work; what a source leaves out has the value that `bd` gives it."""

    id: str
    title: str = ""
    status: str = "open"
    type: str = "task"
    priority: int = 2  # 0 first, 4 last
    labels: tuple[str, ...] = ()
    assignee: str = ""
    estimate: int | None = None  # minutes
    pinned: bool = False
    ephemeral: bool = False
    template: bool = False
    defer_until: datetime | None = None
    created: datetime | None = None
    updated: datetime | None = None
    closed: datetime | None = None
    close_reason: str = ""
    description: str = ""
    design: str = ""
    acceptance: str = ""
    notes: str = ""
    metadata: Mapping[str, object] = NOTHING
    parent: str | None = None  # of the parent-child edge, else of the hierarchical id
    edges: tuple[Edge, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nobody has to do it any more."""
        return self.status in OVER

    @property
    def is_note(self) -> bool:
        """Whether it is pinned: it stays, and nobody does it."""
        return self.pinned or self.status == "pinned"


def parent_of(task_id: str, edges: tuple[Edge, ...]) -> str | None:
    """The task above: what a parent-child edge names, else what the id says (`a-1.2` is below `a-1`)."""
    for edge in edges:
        if edge.kind == PARENT and edge.source == task_id:
            return edge.target
    above, dot, number = task_id.rpartition(".")
    return above if dot and above and number.isascii() and number.isdigit() else None
