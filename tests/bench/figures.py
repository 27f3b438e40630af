"""What was measured: series of seconds, checks of a figure against its budget, rows. Pure.

A check without a budget only reports. One that is not judged (too small a size to mean anything)
shows its budget and says so; only a judged check can be over.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One contender's seconds, a value per round (or per claim)."""

    label: str
    seconds: tuple[float, ...]

    @property
    def low(self) -> float:
        return min(self.seconds)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def high(self) -> float:
        return max(self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A figure and the most it may be."""

    name: str
    value: float
    budget: float | None = None
    unit: str = "x"
    judged: bool = True

    @property
    def verdict(self) -> str:
        if self.budget is None:
            return "reported"
        if not self.judged:
            return "not judged"
        return "ok" if self.value <= self.budget else "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the budget table with everything that was measured for it."""

    name: str
    title: str
    series: tuple[Series, ...] = ()
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    failure: str | None = None

    @property
    def is_over(self) -> bool:
        return self.failure is not None or any(check.verdict == "over" for check in self.checks)


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: a value that was measured, never an interpolated one."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def ratio(left: Series, right: Series) -> float:
    """How many times the median of `right` the median of `left` is."""
    return left.median / right.median
