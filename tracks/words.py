"""How like two tasks are by their words: cosines of weighted stems.

A word that many tasks use says little and costs much, so it is left out: what is compared grows
with the tasks, not with their pairs.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from math import log, sqrt

from tracks.task import Task

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d{3,}")
SHORTEST = 3
IGNORED = frozenset({
    "the", "and", "for", "with", "that", "this", "from", "into", "when", "not", "are", "should", "add", "use",
    "all", "can", "but", "has", "have", "will", "via", "per", "its", "any", "new", "also", "only", "each",
    "one", "two", "how", "what", "which", "must", "after", "before", "than", "then",
})  # fmt: skip
ENDINGS = ("ings", "ing", "ed", "es", "s")
COMMON, COMMON_SHARE = 50, 0.1  # a word in more tasks than both says little
LONGEST = 20_000  # characters of a text that are compared

Vector = Mapping[str, float]


def stems_of(task: Task) -> Counter[str]:
    """The stems of a task's words, those of its title twice."""
    text = f"{task.title}\n{task.title}\n{task.description}\n{task.design}"[:LONGEST]
    return Counter(stems_in(text))


def stems_in(text: str) -> Iterator[str]:
    """The stems of the words in a text."""
    for word in map(str.lower, WORD.findall(text)):
        if len(word) >= SHORTEST and word not in IGNORED:
            yield stem(word)


def stem(word: str) -> str:
    """A word without its ending."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST:
            return word[: -len(ending)]
    return word


def vectors_of(tasks: Iterable[Task]) -> dict[str, Vector]:
    """A vector of length one for each task; rare words weigh more."""
    counts = {task.id: stems_of(task) for task in tasks}
    used = Counter(word for words in counts.values() for word in words)
    common = max(COMMON, COMMON_SHARE * len(counts))
    weights = {
        word: log((len(counts) + 1) / (number + 0.5)) for word, number in used.items() if number <= common
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
