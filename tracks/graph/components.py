"""Which nodes of a directed graph hang together: strongly (they wait for one another) or at all.

Near-linear, without recursion: real graphs have chains of thousands of nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

Edges = Mapping[str, Sequence[str]]


class Walk:
    """Tarjan's walk over a graph; `knots` are the sets of nodes that reach one another."""

    def __init__(self, edges: Edges) -> None:
        self.edges = edges
        self.knots: list[list[str]] = []
        self.index: dict[str, int] = {}
        self.low: dict[str, int] = {}
        self.stack: list[str] = []
        self.on_stack: set[str] = set()

    def run(self, start: str) -> None:
        """Everything that can be reached from a node."""
        path = [(start, self._enter(start))]
        while path:
            node, rest = path[-1]
            for target in rest:
                if target not in self.index:
                    path.append((target, self._enter(target)))
                    break
                if target in self.on_stack:
                    self.low[node] = min(self.low[node], self.index[target])
            else:
                path.pop()
                if path:
                    above = path[-1][0]
                    self.low[above] = min(self.low[above], self.low[node])
                if self.low[node] == self.index[node]:
                    self._leave(node)

    def _enter(self, node: str) -> Iterator[str]:
        """Take a node up; its edges."""
        self.index[node] = self.low[node] = len(self.index)
        self.stack.append(node)
        self.on_stack.add(node)
        return iter(self.edges.get(node, ()))

    def _leave(self, first: str) -> None:
        """Everything above a node on the stack is one set with it."""
        knot = [self.stack.pop()]
        while knot[-1] != first:
            knot.append(self.stack.pop())
        self.on_stack.difference_update(knot)
        if len(knot) > 1 or first in self.edges.get(first, ()):
            self.knots.append(knot[::-1])


def list_knots(edges: Edges, starts: Iterable[str] | None = None) -> list[list[str]]:
    """The sets of nodes that reach one another, and the single ones that reach themselves.

    Where starts are given, only of what these reach.
    """
    walk = Walk(edges)
    for node in edges if starts is None else starts:
        if node not in walk.index:
            walk.run(node)
    return walk.knots


def list_components(nodes: Iterable[str], edges: Edges) -> list[list[str]]:
    """The sets of nodes that hang together whatever the direction, each in the order of `nodes`."""
    above: dict[str, str] = {}

    def top(node: str) -> str:
        while (parent := above.get(node, node)) != node:
            above[node] = node = above.get(parent, parent)
        return node

    for source, targets in edges.items():
        whole = top(source)
        for target in targets:
            part = top(target)
            if part != whole:
                above[part] = whole
    found: dict[str, list[str]] = {}
    for node in nodes:
        found.setdefault(top(node), []).append(node)
    return list(found.values())
