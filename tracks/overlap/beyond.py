"""What one list of globs matches and another does not, with a path that proves it."""

from __future__ import annotations

from typing import NamedTuple

from tracks.globs import Globs
from tracks.overlap.automaton import Edges, Machine, machine_of
from tracks.overlap.meeting import ANY_SIDE, STEPS, claims_of
from tracks.overlap.search import (
    ANYTHING,
    COVERED,
    Exhausted,
    Limit,
    Places,
    Stand,
    advanced,
    find_path,
    sets_at,
)
from tracks.wildmatch.tokens import SLASH


class Rest(NamedTuple):
    """The side of all that a list does not match: it follows every glob at once."""

    machines: tuple[Machine, ...]
    negated: tuple[bool, ...]

    @property
    def start(self) -> Places:
        return frozenset((number, 0) for number in range(len(self.machines)))

    def edges(self, _state: int) -> Edges:
        return ANYTHING

    def is_done(self, stand: Stand) -> bool:
        """Whether a file that ends here is not matched."""
        return not self._names(stand[1], is_dir=False)

    def below(self, stand: Stand) -> list[Stand]:
        """Behind a slash, if the directory above is not matched."""
        return [] if self._names(stand[1], is_dir=True) else [(COVERED, self.step(stand[1], SLASH))]

    def step(self, globs: Places, byte: int) -> Places:
        return advanced(self.machines, globs, byte)

    def sets(self, globs: Places) -> set[int]:
        return sets_at(self.machines, globs)

    def _names(self, globs: Places, *, is_dir: bool) -> bool:
        """Whether the last glob that names what was read takes it in."""
        last = max(
            (
                number
                for number, at in globs
                if self.machines[number].ends[at] and (is_dir or not self.machines[number].directories_only)
            ),
            default=None,
        )
        return last is not None and not self.negated[last]


def find_beyond(a: Globs, b: Globs) -> bytes | None:
    """A path of a file that the first list matches and the second does not; None if there can be none.

    Where the answer would cost too much it is a path that the first may match.
    """
    if a.fold != b.fold:
        raise ValueError("two lists of one repository have one case rule")
    rest = Rest(tuple(map(machine_of, b.globs)), tuple(glob.negated for glob in b.globs))
    limit = Limit(STEPS)
    for claim in claims_of(a):
        sample = find_path(claim.alone, ANY_SIDE, Limit(STEPS))
        if sample is None or (a.matches(sample) and not b.matches(sample)):
            path = sample
        else:
            try:
                path = find_path(claim.side, rest, limit)
            except Exhausted:
                path = sample
        if path is not None:
            return path
    return None


def idle_globs(globs: Globs) -> tuple[str, ...]:
    """The negated globs that take nothing out, such as `!src/gen` behind `src/`.

    A directory that is matched covers all below it; `src/*` and `!src/gen` leave a way between.
    """
    return tuple(
        glob.text
        for at, glob in enumerate(globs.globs)
        if glob.negated
        and find_beyond(Globs((*globs.globs[:at], *globs.globs[at + 1 :]), fold=globs.fold), globs) is None
    )
