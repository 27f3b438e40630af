"""A path that two globs match, found in the product of their automata, the cheapest to read first.

A side is one glob with the later negated globs of its list, its vetoes: it takes a path at the end, or at
a directory from where on all below is matched, if there no veto names the same. The vetoes run as sets of
states, which can be exponentially many: the search has a limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import NamedTuple, Protocol

from tracks.overlap.automaton import Edges, Machine
from tracks.overlap.names import ENDABLE, OPEN, steps
from tracks.wildmatch.tokens import EVERY, SLASH

COVERED = -1  # the state of a side that a directory above has decided
ANYTHING: Edges = ((EVERY, COVERED),)
Places = frozenset[tuple[int, int]]  # where automata are: their numbers and states
Stand = tuple[int, Places]  # where one side is
NONE: Places = frozenset()


class Exhausted(Exception):
    """The search came to its limit before it knew."""


class Limit:
    """How many steps are left, for all searches of one question."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Count what a state costs."""
        self.left -= steps
        if self.left < 0:
            raise Exhausted


class Side(NamedTuple):
    """One glob, and what could take out again what it names."""

    machine: Machine
    vetoes: tuple[Machine, ...] = ()

    @property
    def start(self) -> Places:
        return frozenset((number, 0) for number in range(len(self.vetoes)))

    def edges(self, state: int) -> Edges:
        return ANYTHING if state == COVERED else self.machine.edges[state]

    def is_done(self, stand: Stand) -> bool:
        """Whether a file that ends here is matched."""
        state, vetoes = stand
        if state == COVERED:
            return True
        if self.machine.directories_only or not self.machine.ends[state]:
            return False
        return not any(
            self.vetoes[number].ends[at] and not self.vetoes[number].directories_only for number, at in vetoes
        )

    def below(self, stand: Stand) -> list[Stand]:
        """Where the side can be behind a slash."""
        state, vetoes = stand
        covers = state == COVERED or (
            self.machine.covers
            and self.machine.ends[state]
            and not any(self.vetoes[number].ends[at] for number, at in vetoes)
        )
        if covers:
            return [(COVERED, NONE)]
        after = self.step(vetoes, SLASH)
        return [(target, after) for taken, target in self.machine.edges[state] if taken & SLASH]

    def step(self, vetoes: Places, byte: int) -> Places:
        return advanced(self.vetoes, vetoes, byte)

    def sets(self, vetoes: Places) -> set[int]:
        return sets_at(self.vetoes, vetoes)


def advanced(machines: Sequence[Machine], places: Places, byte: int) -> Places:
    """Where automata are after a byte, given as a set of one."""
    if not places:
        return places
    return frozenset(
        (number, target)
        for number, at in places
        for taken, target in machines[number].edges[at]
        if taken & byte
    )


def sets_at(machines: Sequence[Machine], places: Places) -> set[int]:
    """The sets of bytes that automata tell apart where they are."""
    return {taken for number, at in places for taken, _ in machines[number].edges[at]}


class Follower(Protocol):
    """What a path is read against."""

    @property
    def start(self) -> Places: ...
    def edges(self, state: int, /) -> Edges: ...
    def is_done(self, stand: Stand, /) -> bool: ...
    def below(self, stand: Stand, /) -> list[Stand]: ...
    def step(self, vetoes: Places, byte: int, /) -> Places: ...
    def sets(self, vetoes: Places, /) -> set[int]: ...


State = tuple[int, Stand, Stand]  # how far the component is, and both sides
Step = tuple[int, int, State]  # byte, price, state


def find_path(first: Follower, second: Follower, limit: Limit, *, skip: int = 0) -> bytes | None:
    """A path both match, without the `skip` bytes at its start that both globs name literally."""
    start: State = (OPEN, (skip, first.start), (skip, second.start))
    queue: list[tuple[int, int, State]] = [(0, 0, start)]
    origins: list[tuple[int, int]] = [(0, 0)]  # of each queued state, the byte that led to it and its parent
    seen: set[State] = set()
    while queue:
        price, number, state = heappop(queue)
        if state in seen:
            continue
        seen.add(state)
        name, one, other = state
        limit.spend(1 + len(one[1]) + len(other[1]))
        if name in ENDABLE and first.is_done(one) and second.is_done(other):
            return path_to(origins, number)
        for byte, extra, after in following(first, second, state):
            if after not in seen:
                heappush(queue, (price + extra, len(origins), after))
                origins.append((byte, number))
    return None


def path_to(origins: list[tuple[int, int]], number: int) -> bytes:
    """The bytes that led to a state."""
    path = bytearray()
    while number:
        byte, number = origins[number]
        path.append(byte)
    path.reverse()
    return bytes(path)


def following(first: Follower, second: Follower, state: State) -> Iterator[Step]:
    """What can come next."""
    name, one, other = state
    if name in ENDABLE:
        for left in first.below(one):
            for right in second.below(other):
                yield ord("/"), 1, (OPEN, left, right)
    for taken, left_target in first.edges(one[0]):
        for also, right_target in second.edges(other[0]):
            for part in parts_of(taken & also & ~SLASH, first.sets(one[1]) | second.sets(other[1])):
                for byte, price, after in steps(name, part):
                    left = left_target, first.step(one[1], 1 << byte)
                    right = right_target, second.step(other[1], 1 << byte)
                    yield byte, price, (after, left, right)


def parts_of(taken: int, sets: set[int]) -> list[int]:
    """A set cut into the largest parts whose bytes no other set tells apart."""
    parts = [taken] if taken else []
    for cut in sets:
        parts = [part for whole in parts for part in (whole & cut, whole & ~cut) if part]
    return parts
