"""The picture as SVG: lanes below one another, columns from left to right, a legend at the end.

It stands by itself: no script, no font, no address. What is cut stands whole in a tooltip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracks.conflicts.claimed import Severity
from tracks.draw.legend import height_of_legend, legend
from tracks.draw.marks import icon, mark
from tracks.draw.picture import Card, Picture
from tracks.draw.routes import CARD_HEIGHT, CARD_WIDTH, HEADER, LEFT, TOP, Bundle, Line, Plane, route
from tracks.draw.rows import Band, Grid, arrange
from tracks.draw.style import HUES, picture_style
from tracks.draw.text import cut, cut_front, markup

MARKS = 3  # paths that a card names; its tooltip has all
LEAST_WIDTH = 900
ROUND = 4
LETTER, MONO_LETTER = 6.7, 6.4  # the widths of wide fonts, which people may have


def svg(picture: Picture) -> str:
    """The whole drawing."""
    grid = arrange(picture)
    plane = route(picture, grid)
    width = max(plane.width, LEAST_WIDTH)
    height = plane.height + height_of_legend(picture)
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="pm" role="img" {size}>',
        f"<title>{len(picture.cards)} open tasks</title>",
        f"<style>{picture_style()}</style>",
        f'<rect class="paper" width="{width:.0f}" height="{height:.0f}"/>',
        *column_names(picture, plane),
    ]
    for at in range(len(grid.bands)):
        parts += backdrop(picture, grid, plane, at, width)
    parts += bundles(plane)
    for band, header in zip(grid.bands, plane.headers, strict=True):
        parts += name_of(band, header, width)
    severities = {each.number: each.severity for each in picture.contested}
    for task, cell in grid.cells.items():
        place = plane.x[cell.column], plane.y[cell.row]
        parts += draw_card(picture.cards[task], place, severities)
    parts += [*legend(picture, plane.height), "</svg>\n"]
    return "\n".join(parts)


def column_names(picture: Picture, plane: Plane) -> Iterator[str]:
    """What the columns are, above them."""
    for at, name in enumerate(picture.columns):
        middle = plane.x[at] + CARD_WIDTH / 2
        yield f'<text class="head" x="{middle:.0f}" y="{TOP - 18}" text-anchor="middle">{markup(name)}</text>'


def backdrop(picture: Picture, grid: Grid, plane: Plane, at: int, width: float) -> Iterator[str]:
    """The ground of a lane, with stripes for its columns and seams between its blocks."""
    band, top = grid.bands[at], plane.headers[at]
    bottom = plane.y[band.last - 1] + CARD_HEIGHT + 8 if band.last > band.first else top + HEADER
    yield (
        f'<rect class="lane" x="{LEFT / 2}" y="{top:.1f}" width="{width - LEFT:.1f}" '
        f'height="{bottom - top:.1f}" rx="6"/>'
    )
    if not band.lane.is_loose:
        for column in range(len(picture.columns)):
            yield (
                f'<rect class="stripe" x="{plane.x[column] - 5:.1f}" y="{top + HEADER - 2:.1f}" '
                f'width="{CARD_WIDTH + 10}" height="{bottom - top - HEADER:.1f}" rx="4"/>'
            )
    for row in band.seams:
        y = plane.y[row - 1] + CARD_HEIGHT + 6
        yield f'<path class="seam" stroke-dasharray="2 4" d="M{LEFT} {y:.1f}H{width - LEFT:.1f}"/>'


def name_of(band: Band, top: float, width: float) -> Iterator[str]:
    """The header of a lane."""
    lane = band.lane
    count = sum(map(len, lane.blocks))
    about = f"{count} task{'' if count == 1 else 's'}; {lane.about}"
    yield f'<g><title>{markup(about)}</title><text class="head" x="{LEFT + 4}" y="{top + 19:.1f}">'
    yield (
        f'{markup(lane.name)}<tspan class="dim" dx="10" font-size="11" font-weight="400">'
        f"{markup(cut(about, int((width - 160) / LETTER)))}</tspan></text></g>"
    )


def bundles(plane: Plane) -> Iterator[str]:
    """All lines, bundle by bundle; each hides a little of those below it where they cross."""
    by_bundle: dict[Bundle, list[Line]] = {}
    for line in plane.lines:
        by_bundle.setdefault(line.bundle, []).append(line)
    # Neighbours in a gutter get different colours.
    ordered = sorted(by_bundle.items(), key=lambda each: (each[1][0].points[1], each[0]))
    for at, (bundle, lines) in enumerate(ordered):
        yield f'<g class="bundle h{at % len(HUES)}"><title>{markup(waits(bundle, lines))}</title>'
        kinds: dict[str, list[str]] = {}
        for line in lines:
            link = line.link
            names = f"line{' begin' if link.is_begin else ''}{' thick' if link.is_critical else ''}"
            kinds.setdefault(names, []).append(path_of(line.points))
        yield f'<path class="halo" d="{"".join(path for paths in kinds.values() for path in paths)}"/>'
        yield from (f'<path class="{names}" d="{"".join(paths)}"/>' for names, paths in kinds.items())
        tips = dict.fromkeys(line.points[-1] for line in lines)
        yield f'<path class="tip" d="{"".join(f"M{x:.1f} {y:.1f}l-8 -4v8z" for x, y in tips)}"/></g>'


def waits(bundle: Bundle, lines: Sequence[Line]) -> str:
    """A bundle in words."""
    if bundle.is_source:
        return f"{bundle.task} comes before {', '.join(line.link.target for line in lines)}"
    return f"{bundle.task} comes after {', '.join(line.link.source for line in lines)}"


def path_of(points: Sequence[tuple[float, float]]) -> str:
    """A line with round corners."""
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        (ax, ay), (bx, by) = towards(corner, before), towards(corner, after)
        parts.append(f"L{ax:.1f} {ay:.1f}Q{corner[0]:.1f} {corner[1]:.1f} {bx:.1f} {by:.1f}")
    return "".join(parts) + f"L{points[-1][0]:.1f} {points[-1][1]:.1f}"


def towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """A little way from a corner; half of what there is where that is less."""
    length = abs(other[0] - corner[0]) + abs(other[1] - corner[1])
    share = min(ROUND, length / 2) / length if length else 0
    return corner[0] + (other[0] - corner[0]) * share, corner[1] + (other[1] - corner[1]) * share


def draw_card(card: Card, place: tuple[float, float], severities: dict[int, Severity]) -> Iterator[str]:
    """One task."""
    x, y = place
    yield f'<g class="{card.state.name.lower()}" transform="translate({x:.1f} {y:.1f})">'
    yield f"<title>{markup(words_of(card))}</title>"
    yield f'<rect class="card" width="{CARD_WIDTH}" height="{CARD_HEIGHT}" rx="5"/>'
    if card.is_critical:
        yield f'<rect class="crit" width="5" height="{CARD_HEIGHT}" rx="2"/>'
    yield icon(card.state, 10, 8)
    right = CARD_WIDTH - 7
    urgency = f"P{card.priority}"
    yield f'<text class="dim end" x="{right}" y="16">{urgency}</text>'
    right -= 6 + 7 * len(urgency)
    for number in reversed(card.marks[:MARKS]):
        yield mark(number, severities[number], right - 17, 5)
        right -= 20
    if len(card.marks) > MARKS:
        yield f'<text class="marked" x="{right - 9}" y="15">+{len(card.marks) - MARKS}</text>'
        right -= 20
    step = f"{card.step}. " if card.step else ""
    name = step + cut_front(card.id, int((right - 28) / MONO_LETTER) - len(step))
    yield f'<text class="id" x="27" y="16">{markup(name)}</text>'
    title = cut(card.title, int((CARD_WIDTH - 18) / LETTER))
    yield f'<text x="10" y="31">{markup(title)}</text></g>'


def words_of(card: Card) -> str:
    """A card in words."""
    marks = f"; contests {', '.join(map(str, card.marks))}" if card.marks else ""
    critical = "; on the critical path" if card.is_critical else ""
    about = f"; {card.about}" if card.about else ""
    return f"{card.id} (P{card.priority}, {card.state}{critical}{marks}): {card.title}{about}"
