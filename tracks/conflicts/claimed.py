"""Which tasks will collide, as far as claims tell: pairs whose claims mean a common path.

Found through an index of scopes; only the pairs that come out cost anything. What is merely
mentioned by very many tasks is a hot file, and no reason to keep each two of them apart. What a
crowd claims is told as one hot path with its tasks: its pairs would grow with their square.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import combinations, product
from typing import NamedTuple

from tracks.conflicts.scopes import Meet, Scopes
from tracks.footprints.claim import Claim, Footprint, Layer
from tracks.footprints.tree import Tree
from tracks.globs import Globs

HUB_SHARE, LEAST_HUB, MOST_HUB = 0.02, 8, 25  # more tasks than this share that mention a path make it hot
CROWD = 50  # more tasks than this that claim one path are told together
CROWDED = f"more than {CROWD} tasks claim it or a part of it; --min lists the pairs"
LIKELY = 0.45  # the confidence both sides need
MOST = 0.99
Holders = list[tuple[str, Claim]]


class Severity(StrEnum):
    """How sure a collision is: both sides said or saw it; both name the path; anything else."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


RANKS = {severity: number for number, severity in enumerate(Severity)}


class Shared(NamedTuple):
    """A path that two tasks claim, by the weaker of the two claims."""

    path: str
    exists: bool
    layer: Layer
    severity: Severity
    chance: float


class Conflict(NamedTuple):
    """Two tasks that may collide, the strongest shared path first."""

    a: str
    b: str
    probability: float
    shared: tuple[Shared, ...] = ()

    @property
    def severity(self) -> Severity:
        """That of the strongest path."""
        return self.shared[0].severity if self.shared else Severity.POSSIBLE

    @property
    def witness(self) -> str | None:
        """The path both are surest to touch."""
        return self.shared[0].path if self.shared else None

    @property
    def layer(self) -> Layer:
        """How that is known."""
        return self.shared[0].layer if self.shared else Layer.UNKNOWN

    @property
    def as_json(self) -> dict[str, object]:
        """For programs."""
        paths = [{"path": each.path, "exists": each.exists, "layer": each.layer} for each in self.shared]
        return {
            "a": self.a, "b": self.b, "severity": self.severity, "probability": round(self.probability, 4),
            "witness": self.witness, "layer": self.layer, "paths": paths,
        }  # fmt: skip


class Hot(NamedTuple):
    """A path that many tasks claim, with those that claim a part of it where they are a crowd."""

    path: str
    tasks: int
    why: str
    ids: tuple[str, ...]


class Index:
    """Who claims which scope, and which scopes meet."""

    def __init__(self, footprints: Iterable[Footprint], tree: Tree, *, fold: bool = False) -> None:
        self.scopes = Scopes(tree, fold=fold)
        self.holders: dict[int, Holders] = defaultdict(list)
        self.strong: dict[int, Holders] = defaultdict(list)
        self.weak: dict[int, Holders] = defaultdict(list)
        self.of_task: dict[str, dict[int, Claim]] = {}
        for footprint in footprints:
            own: dict[int, Claim] = self.of_task.setdefault(footprint.task, {})
            for claim in footprint.claims:
                own.setdefault(self.scopes.number(claim, footprint.task), claim)
            for number, claim in own.items():
                self.holders[number].append((footprint.task, claim))
                (self.weak if is_weak(claim) else self.strong)[number].append((footprint.task, claim))
        self.meets: tuple[Meet, ...] = tuple(self.scopes.list_meets())

    @property
    def hub(self) -> int:
        """How many tasks have to mention a path for it to be hot."""
        return max(LEAST_HUB, min(MOST_HUB, int(HUB_SHARE * len(self.of_task))))


def list_conflicts(index: Index, shared_globs: Globs, *, with_crowds: bool = False) -> list[Conflict]:
    """Every pair of tasks with claims that meet, the surest first; those within a crowd if asked for."""
    pairs: dict[tuple[str, str], dict[str, Shared]] = {}
    for meet in index.meets:
        known_shares: dict[tuple[Layer, float, Layer, float], Shared] = {}
        for (one, mine), (other, theirs) in pairs_of(index, meet, with_crowds=with_crowds):
            pair = (one, other) if one < other else (other, one)
            kinds = mine.layer, mine.confidence, theirs.layer, theirs.confidence
            found = known_shares.get(kinds)
            if found is None:
                found = known_shares[kinds] = share(meet, mine, theirs, shared_globs)
            paths = pairs.setdefault(pair, {})
            known = paths.get(found.path)
            if known is None or known.chance < found.chance:
                paths[found.path] = found
    conflicts = [conflict_of(pair, paths) for pair, paths in pairs.items()]
    return sorted(conflicts, key=order)


def order(conflict: Conflict) -> tuple[int, float, str, str]:
    """The surest first, then the most likely, then by name."""
    return RANKS[conflict.severity], -conflict.probability, conflict.a, conflict.b


def pairs_of(
    index: Index, meet: Meet, *, with_crowds: bool
) -> Iterator[tuple[tuple[str, Claim], tuple[str, Claim]]]:
    """The pairs of claims that a meeting brings together."""
    for ones, others in parts_of(index, meet):
        if with_crowds or not is_crowd(ones, others):
            found = combinations(ones, 2) if ones is others else product(ones, others)
            yield from (pair for pair in found if pair[0][0] != pair[1][0])


def parts_of(index: Index, meet: Meet) -> Iterator[tuple[Holders, Holders]]:
    """Whom a meeting brings together: the strong, these and the weak, the weak where they are not hot."""
    one, other = meet.first, meet.second
    yield index.strong[one], index.strong[other]
    yield index.strong[one], index.weak[other]
    if one == other:
        is_hot = len(index.weak[one]) > index.hub
    else:
        yield index.weak[one], index.strong[other]
        is_hot = max(len(index.holders[one]), len(index.holders[other])) > index.hub
    if not is_hot:
        yield index.weak[one], index.weak[other]


def is_crowd(ones: Holders, others: Holders) -> bool:
    """Whether these are more than are told by pairs."""
    return len(ones) * len(others) > CROWD * CROWD


def is_weak(claim: Claim) -> bool:
    """Whether nobody said so."""
    return claim.layer.rank >= Layer.MENTIONED.rank


def share(meet: Meet, mine: Claim, theirs: Claim, shared_globs: Globs) -> Shared:
    """What a meeting means to two tasks."""
    weaker = max(mine.layer, theirs.layer, key=lambda layer: layer.rank)
    least = min(mine.confidence, theirs.confidence)
    severity = Severity.POSSIBLE
    if weaker.is_certain:
        severity = Severity.CERTAIN
    elif weaker.rank <= Layer.MENTIONED.rank and least >= LIKELY and not shared_globs.matches(meet.witness):
        severity = Severity.LIKELY
    return Shared(meet.witness, meet.exists, weaker, severity, mine.confidence * theirs.confidence)


def conflict_of(pair: tuple[str, str], paths: Mapping[str, Shared]) -> Conflict:
    """The pair, its paths in order."""
    none = 1.0
    for each in paths.values():
        none *= 1 - each.chance
    listed = sorted(paths.values(), key=lambda each: (RANKS[each.severity], -each.chance, each.path))
    return Conflict(*pair, probability=min(MOST, 1 - none), shared=tuple(listed))


def list_hot(index: Index, shared_globs: Globs) -> list[Hot]:
    """Paths that many tasks claim, and those that the settings let every scope change."""
    found = []
    crowds = crowds_of(index)
    for number, held in index.holders.items():
        globs = index.scopes.lists[number]
        path = globs[0].removeprefix("/") if len(globs) == 1 else " ".join(globs)
        ids = tuple(crowds.get(number) or (task for task, _ in held))
        if number in crowds:
            found.append(Hot(path, len(ids), CROWDED, ids))
        elif len(ids) > index.hub:
            found.append(Hot(path, len(ids), "many tasks name it", ids))
        elif len(ids) > 1 and shared_globs.matches(path):
            found.append(Hot(path, len(ids), "every scope may change it", ids))
    return sorted(found, key=lambda hot: (-hot.tasks, hot.path))


def crowds_of(index: Index) -> dict[int, dict[str, None]]:
    """The larger scope of each two whose pairs are not all told, with the tasks of both."""
    crowds: dict[int, dict[str, None]] = {}
    for meet in index.meets:
        if any(is_crowd(*part) for part in parts_of(index, meet)):
            small, large = sorted((meet.first, meet.second), key=lambda each: len(index.holders[each]))
            members = crowds.setdefault(large, dict.fromkeys(task for task, _ in index.holders[large]))
            members.update(dict.fromkeys(task for task, _ in index.holders[small]))
    return crowds
