"""Which of many claims mean a common path, through an index by how paths begin, or end, rather than by pairs.

Claims of the same globs are one scope. Two scopes meet in a file of the tree, or in a path that
could be made: below what is a file, or is named like one, nothing lies.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, combinations_with_replacement, product
from typing import NamedTuple

from tracks.footprints.claim import Claim
from tracks.footprints.tree import Tree
from tracks.globs import Globs, compile_globs
from tracks.overlap.kinds import Kinds
from tracks.overlap.meeting import ends_of, find_proof, find_shared
from tracks.overlap.shape import find_directory
from tracks.wildmatch.tokens import DEEP

Numbers = dict[bytes, list[int]]  # scopes by a text


class Meet(NamedTuple):
    """Two scopes, the first never behind the second, and a path that both mean."""

    first: int
    second: int
    witness: str
    exists: bool


class Scopes:
    """Every scope there is, numbered; one that is a single file is found by its path."""

    def __init__(self, tree: Tree, *, fold: bool = False) -> None:
        self.tree = tree
        self.fold = fold
        self._kinds = Kinds(tree.paths, fold=fold)
        self.lists: list[tuple[str, ...]] = []
        self._numbers: dict[tuple[str, ...], int] = {}
        self._compiled: dict[int, Globs] = {}
        self._owners: list[str | None] = []  # the task of a scope that is only one task's
        self._matched: dict[int, Sequence[bytes]] = {}
        self._paths: dict[int, str] = {}
        self._files: Numbers = defaultdict(list)
        self._places: Numbers = defaultdict(list)
        self._afloat: Numbers = defaultdict(list)  # of no known start, by their ends, backwards

    def number(self, claim: Claim, task: str) -> int:
        """The scope of a task's claim."""
        number = self._numbers.setdefault(claim.globs, len(self.lists))
        if number < len(self.lists):
            self._owners[number] = task if self._owners[number] == task else None
        else:
            self.lists.append(claim.globs)
            self._owners.append(task)
            path = claim.path or find_literal(self.globs(number))
            if path is not None and self._kinds.is_file(os.fsencode(path)):
                raw = os.fsencode(path)
                self._files[raw.lower() if self.fold else raw].append(number)
                self._paths[number] = path
            else:
                self._place(number)
        return number

    def _place(self, number: int) -> None:
        """Where the index has a scope that is more than a file."""
        globs = self.globs(number)
        starts = dict.fromkeys(starts_of(globs))
        for start in starts:
            self._places[start].append(number)
        if b"" in starts:
            for end in dict.fromkeys(ends_of(globs, self._kinds)):
                self._afloat[end[::-1]].append(number)

    def globs(self, number: int) -> Globs:
        """The matcher of a scope."""
        if number not in self._compiled:
            self._compiled[number] = compile_globs(self.lists[number], fold=self.fold)
        return self._compiled[number]

    def list_meets(self) -> Iterator[Meet]:
        """Every pair of scopes that meet and are not one task's alone; each once, and each with itself."""
        lengths = sorted(set(map(len, self._places)))
        for key, numbers in self._files.items():
            yield from self._meets_of_file(key, numbers, lengths)
        asked: set[tuple[int, int]] = set()
        started = {start: numbers for start, numbers in self._places.items() if start}
        for pair in chain(pairs_of(started, self._places), pairs_of(self._afloat, self._afloat)):
            one, other = min(pair), max(pair)
            if (one, other) not in asked and not self._is_one_task(one, other):
                asked.add((one, other))
                yield from self._meets_of_globs(one, other)

    def _meets_of_file(self, key: bytes, numbers: list[int], lengths: Sequence[int]) -> Iterator[Meet]:
        """The scopes that take in one file."""
        path = self._paths[numbers[0]]
        exists = path in self.tree.files
        for one, other in combinations_with_replacement(numbers, 2):
            if not self._is_one_task(one, other):
                yield Meet(one, other, path, exists)
        raw = os.fsencode(path)
        around = beginnings_of(key + b"/", lengths)
        for number in {each for beginning in around for each in self._places.get(beginning, ())}:
            if self.globs(number).matches(raw):
                for one in numbers:
                    if not self._is_one_task(one, number):
                        yield Meet(min(one, number), max(one, number), path, exists)

    def _meets_of_globs(self, one: int, other: int) -> Iterator[Meet]:
        """Two scopes that are not one file, if they meet."""
        a, b = self.globs(one), self.globs(other)
        shared = find_shared(a, b, self._files_of(one, other))
        if shared is not None:
            yield Meet(one, other, os.fsdecode(shared), exists=True)
        elif proof := find_proof(a, b, self._kinds):
            yield Meet(one, other, os.fsdecode(proof.path), exists=False)

    def _files_of(self, one: int, other: int) -> Sequence[bytes]:
        """The files that both could match, as far as their beginnings tell."""
        starts = [set(starts_of(self.globs(number))) for number in (one, other)]
        start = max((next(iter(found)) for found in starts if len(found) == 1), key=len, default=b"")
        directory = start[: start.rfind(b"/") + 1]
        if directory and not self.fold:
            itself = directory[:-1]
            return self.tree.below(directory) or [itself] * (os.fsdecode(itself) in self.tree.files)
        if one not in self._matched:
            self._matched[one] = tuple(self.globs(one).among(self.tree.paths))
        return self._matched[one]

    def _is_one_task(self, one: int, other: int) -> bool:
        """Whether nobody else has either scope."""
        return self._owners[one] is not None and self._owners[one] == self._owners[other]


def find_literal(globs: Globs) -> str | None:
    """The one path a list of globs means, if it does."""
    glob = globs.globs[0]
    if len(globs.globs) > 1 or glob.directories_only or DEEP in glob.tokens:
        return None
    return find_directory(glob)


def starts_of(globs: Globs) -> Iterator[bytes]:
    """What the paths of each glob begin with: a literal one and its slash, nothing for one that floats."""
    for glob in globs.globs:
        if not glob.negated:
            directory = find_directory(glob)
            text = glob.literal if directory is None else os.fsencode(directory) + b"/"
            yield text.lower() if globs.fold else text


def pairs_of(ones: Numbers, others: Numbers) -> Iterator[tuple[int, int]]:
    """The numbers at each key, with those at every key that it begins with."""
    lengths = sorted(set(map(len, others)))
    for key, numbers in ones.items():
        for beginning in beginnings_of(key, lengths):
            yield from product(numbers, others.get(beginning, ()))


def beginnings_of(text: bytes, lengths: Iterable[int]) -> Iterator[bytes]:
    """The first bytes of a text, so many of them each time, the fewest first."""
    for length in lengths:
        if length > len(text):
            return
        yield text[:length]
