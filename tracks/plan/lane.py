"""What a track may change, and what is expected of it besides, from the footprints of its tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tracks.footprints.claim import Claim, Footprint, Layer

KNOWN = frozenset({Layer.DECLARED, Layer.CONFIGURED})  # somebody said what may be changed
NAMED = Layer.MENTIONED.rank


class Expected(NamedTuple):
    """A path that a track is likely to touch."""

    path: str
    layer: Layer
    confidence: float

    @property
    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {"path": self.path, "layer": self.layer, "confidence": round(self.confidence, 3)}


class Scope(NamedTuple):
    """Of one track."""

    owns: tuple[str, ...]
    sees: tuple[str, ...]
    expects: tuple[Expected, ...]
    unproven: tuple[str, ...]
    certain: bool


def describe(footprints: Sequence[Footprint], learned: Mapping[str, tuple[Claim, ...]]) -> Scope:
    """The scope of some tasks together. Where nothing is owned a slot is full, and sees everything."""
    owns = owned(footprints)
    claims = [claim for each in footprints for claim in each.claims if claim.layer not in KNOWN]
    claims += [claim for each in footprints for claim in learned.get(each.task, ())]
    claims.sort(key=lambda claim: (claim.layer.rank, -claim.confidence, claim.globs))
    expects: dict[str, Expected] = {}
    sees: dict[str, None] = {}
    for claim in claims:
        for glob in claim.globs:
            path = path_of(claim, glob)
            expects.setdefault(path, Expected(path, claim.layer, claim.confidence))
            sees.setdefault(plain(glob))
    return Scope(
        owns=owns,
        sees=tuple(glob for glob in sees if glob not in owns) if owns else (),
        expects=tuple(expects.values()),
        unproven=tuple(each.task for each in footprints if not is_known(each)),
        certain=all(any(claim.layer in KNOWN for claim in each.claims) for each in footprints),
    )


def is_known(footprint: Footprint) -> bool:
    """Whether anything but the past says what a task touches."""
    return footprint.layer.rank <= NAMED


def owned(footprints: Iterable[Footprint]) -> tuple[str, ...]:
    """Globs that mean every declared or configured path; what leaves something out stands first.

    The last glob that matches decides, so what others own is taken in again behind it.
    """
    known = dict.fromkeys(claim.globs for each in footprints for claim in each.claims if claim.layer in KNOWN)
    leaving = [globs for globs in known if leaves_out(globs)]
    first = leaving[0] if len(leaving) == 1 else ()
    rest = dict.fromkeys(
        plain(glob) for globs in known if globs != first for glob in globs if not glob.startswith("!")
    )
    return (*map(plain, first), *rest)


def joinable(footprint: Footprint) -> Footprint:
    """The task as one scope can own it: several lists that leave something out then leave out nothing."""
    lists = frozenset(exclusions(footprint))
    if len(lists) <= 1:
        return footprint
    claims = (
        claim._replace(globs=tuple(glob for glob in claim.globs if not glob.startswith("!")) or claim.globs)
        if claim.globs in lists
        else claim
        for claim in footprint.claims
    )
    return footprint._replace(claims=tuple(claims))


def leaves_out(globs: Iterable[str]) -> bool:
    """Whether a list of globs takes something out again."""
    return any(glob.startswith("!") for glob in globs)


def exclusions(footprint: Footprint) -> Iterator[tuple[str, ...]]:
    """The lists of a task that leave something out."""
    for claim in footprint.claims:
        if claim.layer in KNOWN and leaves_out(claim.globs):
            yield claim.globs


def path_of(claim: Claim, glob: str) -> str:
    """A path as people write it, or the glob."""
    return claim.path if claim.path is not None else plain(glob)


def plain(glob: str) -> str:
    """The glob without a slash at its beginning, where another one says as much."""
    bare = glob.removeprefix("/")
    return bare if "/" in bare.rstrip("/") and bare[:1] not in {"!", "#", " "} else glob
