"""A logistic regression of a handful of signs, and what its answers are worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from tracks.conflicts.predict import Example, Weights, chance_of

ROUNDS = 8
RIDGE = 1.0  # keeps a weight that nothing speaks for at 0
BINS = 10

Scored = tuple[float, bool]
Weighted = tuple[Example, float]


def fit(examples: Sequence[Weighted]) -> Weights:
    """The weights under which what happened was most likely (Newton's method), by what names nothing."""
    silent = [example for example in examples if not example[0].signs.named]
    size = len(Weights._fields)
    weights = [0.0] * size
    for _ in range(ROUNDS):
        slope = [-RIDGE * each for each in weights]
        bend = [[RIDGE * (row == column) for column in range(size)] for row in range(size)]
        for (signs, collided), counts in silent:
            values = (1.0, *signs[1:])
            chance = chance_of(sum(one * other for one, other in zip(weights, values, strict=True)))
            error, width = counts * (collided - chance), counts * chance * (1 - chance)
            for row, value in enumerate(values):
                slope[row] += error * value
                for column, other in enumerate(values):
                    bend[row][column] += width * value * other
        weights = [old + step for old, step in zip(weights, solve(bend, slope), strict=True)]
    return Weights(*weights)


def solve(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """The solution of a linear system, by elimination with pivots."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for at in range(len(rows)):
        best = max(range(at, len(rows)), key=lambda number: abs(rows[number][at]))
        rows[at], rows[best] = rows[best], rows[at]
        for number in range(len(rows)):
            if number != at:
                factor = rows[number][at] / rows[at][at]
                rows[number] = [a - factor * b for a, b in zip(rows[number], rows[at], strict=True)]
    return [row[-1] / row[at] for at, row in enumerate(rows)]


def average_precision(scored: Iterable[Scored]) -> float:
    """The mean precision over all that happened; those of one score stand in one place."""
    ordered = sorted(scored, key=score_of, reverse=True)
    total = sum(happened for _, happened in ordered)
    found = seen = 0
    result = 0.0
    for _, tied in groupby(ordered, key=score_of):
        together = [happened for _, happened in tied]
        found, seen = found + sum(together), seen + len(together)
        result += sum(together) / total * found / seen
    return result


def score_of(scored: Scored) -> float:
    """The score alone."""
    return scored[0]


def calibration_error(scored: Sequence[Scored]) -> float:
    """How far chances lie from what happened, over tenths of the pairs."""
    ordered = sorted(scored)
    parts = [ordered[len(ordered) * at // BINS : len(ordered) * (at + 1) // BINS] for at in range(BINS)]
    return sum(abs(sum(chance - happened for chance, happened in part)) for part in parts) / len(ordered)


def brier(scored: Sequence[Scored]) -> float:
    """The mean square of the error."""
    return sum((chance - happened) ** 2 for chance, happened in scored) / len(scored)
