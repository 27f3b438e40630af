"""Files that change together: what else the commits changed that changed a file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence

from tracks.footprints.claim import SPECIAL, Claim, Footprint, Layer
from tracks.footprints.learned import LEARNED, Hint

BROAD = 30  # a commit of more files says little of any two
FEWEST = 2  # commits that have to have changed both
DOUBT = 2.0  # as how many commits without the other file it counts that there were few
WORTH = 0.4  # so much of what was expected came true in public trackers; 180 files were


class Together:
    """For some files, how often others changed with them in so many commits."""

    def __init__(self, commits: Sequence[frozenset[str]], seeds: Collection[str]) -> None:
        self._number: Counter[str] = Counter()
        self._with: dict[str, Counter[str]] = defaultdict(Counter)
        wanted = frozenset(seeds)
        for files in commits:
            if len(files) <= BROAD:
                for seed in files & wanted:
                    self._number[seed] += 1
                    self._with[seed].update(files)

    def hints(self, footprint: Footprint) -> Iterator[Hint]:
        """What changes with the files that the task is said to change, and is not itself said."""
        said = seeds_of(footprint)
        for seed, confidence in said.items():
            number = self._number[seed]
            for file, times in self._with.get(seed, {}).items():
                chance = WORTH * confidence * times / (number + DOUBT)
                if file not in said and times >= FEWEST and chance >= LEARNED:
                    yield Hint(file, chance, f"changes with {seed}: {times} of {number} commits")


def seeds_of(footprint: Footprint) -> dict[str, float]:
    """The files that a task is said to change, and how sure each is."""
    found: dict[str, float] = {}
    for claim in footprint.claims:
        if claim.layer.rank <= Layer.MENTIONED.rank:
            for path in paths_of(claim):
                found[path] = max(claim.confidence, found.get(path, 0.0))
    return found


def paths_of(claim: Claim) -> Iterator[str]:
    """The single paths that a claim names."""
    if claim.path is not None:
        yield claim.path
    elif not any(glob.startswith("!") for glob in claim.globs):
        yield from (glob.removeprefix("/") for glob in claim.globs if not SPECIAL.search(glob))
