"""Whether two lists of globs can mean the same file, with a path that proves it.

Exact: None only if no path whatever is matched by both. Where the answer would cost too much, it is a
meeting that is not proven. Both lists are read with the same case rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from tracks.globs import Glob, Globs
from tracks.overlap.automaton import Machine, machine_of
from tracks.overlap.kinds import Kinds
from tracks.overlap.search import Exhausted, Limit, Side, find_path
from tracks.wildmatch.tokens import DEEP, EVERY, SLASH, STAR, is_literal

ANY_SIDE = Side(Machine(edges=(((EVERY, 0),),), ends=(True,), directories_only=False, covers=True))
STEPS = 25_000  # a third of a second; ordinary lists take some hundreds
STEPS_A_PAIR = 100


class Meeting(NamedTuple):
    """The globs that meet and a path both lists match; if not proven, one that they may."""

    path: bytes
    first: str
    second: str
    is_proven: bool


def find_meeting(a: Globs, b: Globs, kinds: Kinds | None = None) -> bytes | None:
    """A path of a file that both match; None if there can be none.

    Below what `kinds` takes for a file nothing lies; by the letter `*.py` and `*.md` meet in `a.py/a.md`.
    """
    meeting = find_proof(a, b, kinds)
    return meeting.path if meeting else None


def find_shared(a: Globs, b: Globs, files: Iterable[bytes]) -> bytes | None:
    """The first of these files that both match."""
    return next(iter(b.among(a.among(files))), None)


def find_proof(a: Globs, b: Globs, kinds: Kinds | None = None) -> Meeting | None:
    """The same as a meeting, with the globs that meet."""
    if a.fold != b.fold:
        raise ValueError("two lists of one repository have one case rule")
    ones, others = claims_of(a, kinds), claims_of(b, kinds)
    limit = Limit(STEPS + STEPS_A_PAIR * len(ones) * len(others))
    for first, second in candidates(ones, others):
        path, is_proven = find_path_between(first, second, (a, b), limit)
        if path is not None:
            return Meeting(path, first.glob.text, second.glob.text, is_proven)
    return None


class Claim(NamedTuple):
    """A glob that is not negated, with the negated ones behind it in its list."""

    glob: Glob
    side: Side

    @property
    def alone(self) -> Side:
        """The glob without what takes out again."""
        return Side(self.side.machine)


def claims_of(globs: Globs, kinds: Kinds | None = None) -> tuple[Claim, ...]:
    """What a list claims, glob by glob; by the letter all that lies below, too."""
    return claims_covering(globs, kinds.covering(globs) if kinds else (True,) * len(globs.globs))


@lru_cache(maxsize=4096)
def claims_covering(globs: Globs, covering: tuple[bool, ...]) -> tuple[Claim, ...]:
    """The same; each of many lists is asked about with all the others."""
    claims: list[Claim] = []
    vetoes: tuple[Machine, ...] = ()
    for glob, covers in zip(reversed(globs.globs), reversed(covering), strict=True):
        machine = machine_of(glob, covers=covers)
        if glob.negated:
            vetoes = (machine, *vetoes)
        else:
            claims.append(Claim(glob, Side(machine, vetoes)))
    return tuple(claims[::-1])


def candidates(ones: Iterable[Claim], others: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """The pairs whose literal starts agree, and their ends where nothing lies below."""
    for one in ones:
        for other in others:
            mine, theirs = one.glob.literal, other.glob.literal
            if mine.startswith(theirs) or theirs.startswith(mine):
                covers = one.side.machine.covers or other.side.machine.covers
                if covers or is_common_end(one.glob.tokens, other.glob.tokens):
                    yield one, other


def ends_of(globs: Globs, kinds: Kinds) -> Iterator[bytes]:
    """What the files of each glob end with in lower case, as far as it is literal; b"" where it covers."""
    for claim in claims_of(globs, kinds):
        tail = () if claim.side.machine.covers else tail_of(claim.glob.tokens)
        yield bytes(token.bit_length() - 1 for token in takewhile(is_literal, reversed(tail)))[::-1].lower()


def is_common_end(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether a path can end as both do; what comes before a star in its name is not looked at."""
    mine, theirs = tail_of(one), tail_of(other)
    at, to = len(mine) - 1, len(theirs) - 1
    while at >= 0 and to >= 0:
        if STAR in (mine[at], theirs[to]):
            at, to = find_slash(mine, at), find_slash(theirs, to)
        elif mine[at] & theirs[to]:
            at, to = at - 1, to - 1
        else:
            return False
    return True


def tail_of(tokens: tuple[int, ...]) -> tuple[int, ...]:
    """What comes behind the last `**` and its slash, which need not be in a path."""
    if DEEP not in tokens:
        return tokens
    return tokens[len(tokens) - tokens[::-1].index(DEEP) + 1 :]


def find_slash(tokens: tuple[int, ...], at: int) -> int:
    """The last slash up to this place; -1 where there is none."""
    while at >= 0 and tokens[at] != SLASH:
        at -= 1
    return at


def find_path_between(
    first: Claim, second: Claim, lists: tuple[Globs, Globs], limit: Limit
) -> tuple[bytes | None, bool]:
    """A path that both claims take, and whether that is sure."""
    likely: bytes | None = None
    try:
        likely = find_relaxed(first, second, limit)
        if likely is None or all(globs.matches(likely) for globs in lists):
            return likely, True
        return find_path(first.side, second.side, limit), True
    except Exhausted:
        return likely or find_path(first.alone, ANY_SIDE, Limit(STEPS)), False


def find_relaxed(first: Claim, second: Claim, limit: Limit) -> bytes | None:
    """A path that both globs name, whatever is taken out again."""
    shorter = min(first.glob.literal, second.glob.literal, key=len)
    start = shorter[: shorter.rfind(b"/") + 1]
    if b".git" in start.lower().split(b"/"):
        return None
    path = find_path(first.alone, second.alone, limit, skip=len(start))
    return None if path is None else start + path
