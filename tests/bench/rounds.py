"""Lets contenders take turns: in every round each runs once, and another one goes first.

`before` and `after` are not timed; `measure` says itself how many seconds count, because some
rows read them from the pool's events instead of a stop-watch around a process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.figures import Series


def nothing(turn: int) -> None:
    """The default of `before` and `after`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Something to be timed; each callable is told the number of its turn, which never repeats."""

    label: str
    measure: Callable[[int], float]
    before: Callable[[int], None] = nothing
    after: Callable[[int], None] = nothing


def interleave(contenders: tuple[Contender, ...], *, rounds: int, warm_up: int = 1) -> tuple[Series, ...]:
    """The contenders' series in the order given; the warm-up rounds are run and not counted."""
    seconds: dict[str, list[float]] = {contender.label: [] for contender in contenders}
    for turn in range(warm_up + rounds):
        first = turn % len(contenders)
        for contender in contenders[first:] + contenders[:first]:
            contender.before(turn)
            measured = contender.measure(turn)
            contender.after(turn)
            if turn >= warm_up:
                seconds[contender.label].append(measured)
    return tuple(Series(label=label, seconds=tuple(values)) for label, values in seconds.items())
