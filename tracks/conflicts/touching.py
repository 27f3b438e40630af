"""How likely each of two tasks changes each file, and from that how likely both change one.

Three things tell: what a task's text or owner names, what tasks that read alike changed, and how
often a file is changed by any. What a task names takes the place of the other two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import expm1, log, log1p
from typing import NamedTuple

from tracks.footprints.learned import Change, Near

USUAL = 2.0  # as how much likeness it counts how often files are changed by any task
FEW = 4  # files of a change; one of more says less of each
YOUNG = 5  # changes that are missing from a past that has just begun
MOST = 0.999
FLOOR = 0.02

Chances = Mapping[str, float]


class Usual(NamedTuple):
    """How often each file is changed by any task, and the sum of the squares."""

    chances: Chances
    squares: float


class Touch(NamedTuple):
    """What one task may change: some files by name, and so much of what is usual of all others."""

    chances: Chances
    rest: float
    usual: float  # what is usual of those files, each times its chance
    squares: float  # the same, squared


def telling(change: Change) -> float:
    """What a change says of each of its files."""
    return min(1.0, FEW / len(change.files)) if change.files else 0.0


def usual_of(past: Sequence[Change]) -> Usual:
    """How hot files are."""
    counts: dict[str, float] = defaultdict(float)
    for change in past:
        worth = telling(change)
        for file in change.files:
            counts[file] += worth
    chances = {file: number / (len(past) + YOUNG) for file, number in counts.items()}
    return Usual(chances, sum(chance * chance for chance in chances.values()))


def touch_of(near: Iterable[Near], named: Chances, usual: Usual) -> Touch:
    """What one task may change."""
    total = USUAL
    votes: dict[str, float] = {}
    for value, change in near:
        weight = 4 * value * value
        total += weight
        for file in change.files:
            votes[file] = votes.get(file, 0.0) + weight * telling(change)
    silent = 1.0
    for chance in named.values():
        silent *= 1 - chance
    rest = silent * USUAL / total
    chances = {}
    for file in {**votes, **named}:
        learned = silent * votes.get(file, 0.0) / total + rest * usual.chances.get(file, 0.0)
        chances[file] = 1 - (1 - named.get(file, 0.0)) * (1 - min(1.0, learned))
    hot = [(chance, usual.chances.get(file, 0.0)) for file, chance in chances.items()]
    return Touch(chances, rest, sum(a * b for a, b in hot), sum(b * b for _, b in hot))


def meeting_odds(one: Touch, other: Touch, usual: Usual) -> float:
    """The logarithm of the chance that some file is changed by both, never lower than that of little."""
    few, many = sorted((one.chances, other.chances), key=len)
    none = hot_few = hot_many = squares = 0.0
    for file, chance in few.items():
        theirs = many.get(file)
        if theirs is not None:
            heat = usual.chances.get(file, 0.0)
            none -= log1p(-min(MOST, chance * theirs))
            hot_few, hot_many, squares = hot_few + chance * heat, hot_many + theirs * heat, squares + heat**2
    if few is not one.chances:
        hot_few, hot_many = hot_many, hot_few
    none += other.rest * (one.usual - hot_few) + one.rest * (other.usual - hot_many)
    none += one.rest * other.rest * max(0.0, usual.squares - one.squares - other.squares + squares)
    return log(FLOOR - expm1(-none))
