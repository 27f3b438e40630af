"""What the signs of a picture mean, below it: states, lines, and every contested path with its tasks."""

from __future__ import annotations

from collections.abc import Iterator

from tracks.conflicts.claimed import Severity
from tracks.draw.marks import icon, mark
from tracks.draw.picture import Picture, State
from tracks.draw.routes import LEFT
from tracks.draw.text import cut, cut_front, markup

LINE = 20
HEAD = 64


def height_of_legend(picture: Picture) -> float:
    """The room it takes."""
    return HEAD + LINE * (len(picture.contested) + bool(picture.possible)) + LINE


def legend(picture: Picture, top: float) -> Iterator[str]:
    """All of it."""
    y = top + 18
    yield f'<g transform="translate({LEFT} {y:.1f})">'
    for at, state in enumerate(State):
        x = 4 + at * 130
        words = f'<text x="{x + 16}" y="0">{state}</text>'
        yield f'<g class="{state.name.lower()}">{icon(state, x, -9)}{words}</g>'
    yield '<g class="h0"><path class="line" d="M530 -4h28"/><path class="tip" d="M566 -4l-8 -4v8z"/>'
    yield '<text x="572" y="0">begins after its end</text>'
    yield '<path class="line begin" d="M700 -4h28"/><path class="tip" d="M736 -4l-8 -4v8z"/>'
    yield '<text x="742" y="0">below it</text></g>'
    yield '<rect class="crit" x="4" y="10" width="5" height="14"/><text x="20" y="22">critical path</text>'
    for number, severity in enumerate(Severity, 1):
        x = 4 + 130 * number
        yield mark(number, severity, x, 11)
        yield f'<text x="{x + 22}" y="22">collision {severity}</text>'
    yield '<text class="dim" x="530" y="22">numbers: paths that several tasks claim, listed below</text>'
    for at, each in enumerate(picture.contested, 1):
        y = HEAD - 22 + at * LINE
        tasks = ", ".join(each.tasks)
        count = markup(cut(f"{len(each.tasks)} tasks: {tasks}", 90))
        yield f"<g><title>{markup(f'{each.path}: {tasks}')}</title>"
        yield mark(each.number, each.severity, 4, y - 10)
        yield (
            f'<text x="28" y="{y}"><tspan class="id">{markup(cut_front(each.path, 50))}</tspan>'
            f'<tspan class="dim" dx="8">{count}</tspan></text></g>'
        )
    if picture.possible:
        words = f"{picture.possible} more pairs may collide elsewhere; poolmgr tracks conflicts lists all"
        y = HEAD - 22 + (len(picture.contested) + 1) * LINE
        yield f'<text class="dim" x="4" y="{y}">{words}</text>'
    yield "</g>"
