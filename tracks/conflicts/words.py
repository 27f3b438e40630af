"""How like two tasks are by their words: cosines of weighted stems.

A word that many tasks use says little and costs much, so it is left out: what is compared grows
with the tasks, not with their pairs.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from heapq import nlargest
from itertools import combinations
from math import log, sqrt

from tracks.tasks.task import Task

WORD = re.compile(r"[A-Za-z][a-z]{2,}|[A-Z]{3,}")
SHORTEST = 3
IGNORED = frozenset({
    "the", "and", "for", "with", "that", "this", "from", "into", "when", "not", "are", "should", "add", "use",
    "all", "can", "but", "has", "have", "will", "via", "per", "its", "any", "new", "also", "only", "each",
    "one", "two", "how", "what", "which", "must", "after", "before", "than", "then",
})  # fmt: skip
ENDINGS = ("ings", "ing", "ed", "es", "s", "e")
COMMON = 50  # a word in more tasks than this says little
WEIGHTY, RARE = 16, 30  # words of a task that may pair it with another, and tasks that may have one
LONGEST = 20_000  # characters of a text that are compared

Vector = Mapping[str, float]


def stems_of(task: Task) -> Counter[str]:
    """The stems of a task's words, those of its title twice."""
    text = f"{task.title}\n{task.title}\n{task.description}\n{task.design}"[:LONGEST]
    stems = Counter(map(stem, WORD.findall(text)))
    stems.pop("", None)
    return stems


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A word without its ending; empty for one that says nothing."""
    word = word.lower()
    if len(word) < SHORTEST or word in IGNORED:
        return ""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST:
            return word[: -len(ending)]
    return word


def vectors_of(tasks: Iterable[Task]) -> dict[str, Vector]:
    """A vector of length one for each task; rare words weigh more."""
    counts = {task.id: stems_of(task) for task in tasks}
    used = Counter(word for words in counts.values() for word in words)
    weights = {
        word: log((len(counts) + 1) / (number + 0.5)) for word, number in used.items() if number <= COMMON
    }
    return {task_id: vector_of(words, weights) for task_id, words in counts.items()}


def vector_of(words: Mapping[str, int], weights: Mapping[str, float]) -> Vector:
    """The vector of one text."""
    raw = {word: (1 + log(number)) * weights[word] for word, number in words.items() if word in weights}
    length = sqrt(sum(value * value for value in raw.values())) or 1.0
    return {word: value / length for word, value in raw.items()}


def likeness(one: Vector, other: Vector) -> float:
    """The cosine of two vectors."""
    short, long = (one, other) if len(one) < len(other) else (other, one)
    return sum(value * long[word] for word, value in short.items() if word in long)


class Postings:
    """Vectors by their words, to find what is like another."""

    def __init__(self, vectors: Mapping[str, Vector], names: Iterable[str]) -> None:
        self.by_word: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for name in names:
            for word, value in vectors[name].items():
                self.by_word[word].append((name, value))

    def like(self, vector: Vector) -> dict[str, float]:
        """How like each is, without those that have no word in common."""
        found: dict[str, float] = defaultdict(float)
        for word, value in vector.items():
            for name, theirs in self.by_word.get(word, ()):
                found[name] += value * theirs
        return found


def like_pairs(vectors: Mapping[str, Vector]) -> set[tuple[str, str]]:
    """The pairs that have one of their weightiest words in common, where few have it."""
    named: dict[str, list[str]] = defaultdict(list)
    for name in sorted(vectors):
        vector = vectors[name]
        for word in nlargest(WEIGHTY, vector, key=vector.__getitem__):
            named[word].append(name)
    rare = (names for names in named.values() if len(names) <= RARE)
    return {pair for names in rare for pair in combinations(names, 2)}
