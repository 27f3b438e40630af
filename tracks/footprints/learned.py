"""What tasks like this one changed: the repository's own past, by the commits that name a task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from heapq import nlargest, nsmallest
from typing import NamedTuple

from tracks.footprints.claim import Claim, Layer, path_claim

NEIGHBOURS = 8
LEAST = 0.05  # likeness below this is chance
DOUBT = 0.5  # what speaks for no file at all
LEARNED, MOST_LEARNED = 0.1, 8  # a file is expected from this chance on, and so many of a task
MOST_SURE = 0.9
WORTH = 0.5  # so much of what was expected by likeness came true; 1,681 files were


class Change(NamedTuple):
    """What the commits that name one task changed, and when the first of them was made."""

    task: str
    moment: float
    files: frozenset[str]
    authors: frozenset[str] = frozenset()  # of the commits, by name and by address


class Hint(NamedTuple):
    """A file that a task may change, by one thing the past tells."""

    path: str
    chance: float
    why: str


Near = tuple[float, Change]  # a change, and how like its task is to another


class Guess(NamedTuple):
    """The chance of each file to be changed by a task, and the tasks that tell."""

    chances: Mapping[str, float]
    told: tuple[str, ...] = ()


def nearest(found: Iterable[Near]) -> list[Near]:
    """The changes of the tasks that are most like; among equals the newest."""
    return nlargest(NEIGHBOURS, (each for each in found if each[0] > LEAST), key=rank)


def rank(near: Near) -> tuple[float, float, str]:
    """What tells most comes first."""
    return near[0], near[1].moment, near[1].task


def guess(near: Iterable[Near]) -> Guess:
    """What tasks like one changed, it may change, too."""
    found: dict[str, float] = defaultdict(float)
    total, told = DOUBT, []
    for value, change in near:
        weight = 4 * value * value
        total += weight
        told.append(change.task)
        for file in change.files:
            found[file] += weight
    return Guess({file: weight / total for file, weight in found.items()}, tuple(told))


def hints_of(found: Guess) -> Iterator[Hint]:
    """The files that tasks like one changed."""
    why = f"tasks like it changed it: {', '.join(found.told[:3])}"
    chances = ((file, WORTH * chance) for file, chance in found.chances.items())
    return (Hint(file, chance, why) for file, chance in chances if chance >= LEARNED)


def learned_claims(hints: Iterable[Hint], files: frozenset[str]) -> tuple[Claim, ...]:
    """The likeliest of the files that are still there; each with all that speaks for it."""
    by_path: dict[str, list[Hint]] = defaultdict(list)
    for hint in hints:
        if hint.path in files:
            by_path[hint.path].append(hint)
    claims = []
    for path, its in by_path.items():
        its.sort(key=lambda hint: (-hint.chance, hint.why))
        why = "; ".join(dict.fromkeys(hint.why for hint in its))
        claims.append(path_claim(path, Layer.LEARNED, min(MOST_SURE, its[0].chance), why))
    return tuple(nsmallest(MOST_LEARNED, claims, key=lambda claim: (-claim.confidence, claim.globs)))
