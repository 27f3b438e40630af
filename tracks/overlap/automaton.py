"""A glob as an automaton over the bytes of a path.

State i stands before the i-th token; the states of a `**` that is under way come behind the last.
"""

from __future__ import annotations

from typing import NamedTuple

from tracks.globs import Glob
from tracks.wildmatch.tokens import DEEP, EVERY, NAMING, SLASH, STAR, opens_component

Edges = tuple[tuple[int, int], ...]  # a set of bytes, and the state they lead to


class Machine(NamedTuple):
    """`ends[state]`: what was read is what the glob names; `covers`: what lies below is matched, too."""

    edges: tuple[Edges, ...]
    ends: tuple[bool, ...]
    directories_only: bool
    covers: bool


def machine_of(glob: Glob, *, covers: bool = True) -> Machine:
    """The automaton of a glob; without `covers` it names files, below which nothing lies."""
    tokens = glob.tokens
    edges: list[Edges] = [() for _ in range(len(tokens) + 1)]
    ends = [False] * len(tokens) + [True]
    for at in range(len(tokens) - 1, -1, -1):
        token = tokens[at]
        if token == STAR:
            edges[at] = ((NAMING, at), *edges[at + 1])
            ends[at] = ends[at + 1]
        elif token == DEEP and at == len(tokens) - 1:
            # All that lies below; behind a literal the bare name, too.
            edges[at] = ((EVERY, at + 1),)
            edges[at + 1] = ((EVERY, at + 1),)
            ends[at] = not opens_component(tokens, at)
        elif token == DEEP:
            edges.append(((EVERY, len(edges)), (SLASH, at + 2)))
            ends.append(False)
            edges[at] = (*edges[-1], *edges[at + 2])
        else:
            edges[at] = ((token & EVERY, at + 1),)
    if glob.floating:
        edges.append(((NAMING, len(edges)), (SLASH, 0)))
        ends.append(False)
        edges[0] = ((NAMING, len(edges) - 1), *edges[0])
    return Machine(tuple(edges), tuple(ends), glob.directories_only, covers)
