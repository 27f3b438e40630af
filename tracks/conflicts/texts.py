"""Tasks as they are compared: their words, when they were made, and the files they name."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

from tracks.conflicts.words import Vector, likeness
from tracks.tasks.task import Task

HOUR = 3600.0
SHORT = 5  # words; the likeness of shorter texts says little


class Texts(NamedTuple):
    """Some tasks; `named` are the files that each names, and what each mention is worth."""

    tasks: Mapping[str, Task]
    vectors: Mapping[str, Vector]
    named: Mapping[str, Mapping[str, float]]

    def likeness(self, a: str, b: str) -> float:
        """How like two tasks read, from 0 to 1; less where one has few words."""
        one, other = self.vectors[a], self.vectors[b]
        words = min(len(one), len(other))
        return sqrt(max(0.0, likeness(one, other)) * words / (words + SHORT))

    def together(self, a: str, b: str) -> float:
        """Whether two tasks were made together: 1 at the same moment, half an hour apart."""
        one, other = self.tasks[a].created, self.tasks[b].created
        if one is None or other is None:
            return 0.0
        return 1 / (1 + abs((one - other).total_seconds()) / HOUR)
