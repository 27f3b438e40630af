"""Which waits are worth a line: those that no other line says already.

Near-linear but for the sets of what comes before each task, which are bits of a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tracks.graph.course import FREE
from tracks.graph.open_work import Graph


class Link(NamedTuple):
    """One task waits for another to end; with `is_begin` for it to be free to begin."""

    source: str
    target: str
    is_begin: bool = False
    is_critical: bool = False


class Before(NamedTuple):
    """What has ended, and what may have begun, when a task may begin."""

    ended: int = 0
    begun: int = 0


NONE = Before()


def list_links(graph: Graph) -> tuple[Link, ...]:
    """The waits between open tasks, without those that follow from others."""
    order = dict.fromkeys((*graph.order, *graph.tasks))
    bit = {task_id: 1 << at for at, task_id in enumerate(order)}
    before: dict[str, Before] = {}
    links: list[Link] = []
    for task_id in order:
        needs = graph.needs.get(task_id, FREE)
        ends = [(each, before.get(each, NONE)) for each in needs.ends if each in bit]
        begins = [(each, before.get(each, NONE)) for each in needs.begins if each in bit]
        implied = Before(
            union(known.ended for _, known in (*ends, *begins)),
            union(known.begun for _, known in (*ends, *begins)),
        )
        before[task_id] = Before(
            implied.ended | union(bit[each] for each, _ in ends),
            implied.begun | union(bit[each] for each, _ in (*ends, *begins)),
        )
        if task_id in graph.tasks:
            links += [Link(each, task_id) for each, _ in ends if not implied.ended & bit[each]]
            links += [
                Link(each, task_id, is_begin=True) for each, _ in begins if not implied.begun & bit[each]
            ]
    return tuple(link for link in links if link.source in graph.tasks)


def union(sets: Iterable[int]) -> int:
    """All bits of some numbers."""
    found = 0
    for each in sets:
        found |= each
    return found
