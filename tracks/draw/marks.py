"""The small signs of a picture: a shape for each state, a numbered box for a contested path."""

from __future__ import annotations

from tracks.conflicts.claimed import Severity
from tracks.draw.picture import State

SHAPES = {
    State.READY: '<path class="icon" d="M1 0l9 5l-9 5z"/>',
    State.RUNNING: '<path class="icon hollow" d="M5 .5a4.5 4.5 0 0 0 0 9z"/>'
    '<path class="icon" d="M5 .5a4.5 4.5 0 0 1 0 9z"/>',
    State.WAITING: '<path class="icon hollow" d="M1 .5h8l-8 9h8z"/>',
    State.HELD: '<path class="icon" d="M2 .5h1.5v9h-1.5zM6.5 .5h1.5v9h-1.5z"/>',
}


def icon(state: State, x: float, y: float) -> str:
    """The sign of a state."""
    return f'<g transform="translate({x:g} {y:g})">{SHAPES[state]}</g>'


def mark(number: int, severity: Severity, x: float, y: float) -> str:
    """The sign of a contested path: full where it is certain."""
    return (
        f'<g class="{severity}"><rect class="mark" x="{x:g}" y="{y:g}" width="17" height="13" rx="3"/>'
        f'<text class="marked" x="{x + 8.5:g}" y="{y + 10:g}">{number}</text></g>'
    )
