"""How the lines of a picture run: up and down between columns, along between rows, never over a card.

Lines to one task, or from one, are a bundle of one colour that shares its way with no other. So a line
leads from one task to all it can be followed to, or from all of them to one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from tracks.draw.links import Link
from tracks.draw.picture import Picture
from tracks.draw.rows import Grid

CARD_WIDTH, CARD_HEIGHT = 220, 38
GAP, GUTTER, PITCH = 9, 26, 5  # least distances of rows and columns; distance of lines
HEADER, SEAM, TOP, LEFT = 30, 10, 46, 12
PORTS = 24  # the height of a card's side from which lines leave


class Spans:
    """Stretches side by side: each gets the first track that is free when it starts."""

    def __init__(self) -> None:
        self.count = 0
        self._free: list[int] = []
        self._taken: list[tuple[float, int]] = []

    def take(self, start: float, end: float) -> int:
        """The track of a stretch; stretches come in the order of their starts."""
        while self._taken and self._taken[0][0] < start:
            heappush(self._free, heappop(self._taken)[1])
        if not self._free:
            self._free.append(self.count)
            self.count += 1
        track = heappop(self._free)
        heappush(self._taken, (end, track))
        return track


class Bundle(NamedTuple):
    """The lines from one task, or else those to one."""

    is_source: bool
    task: str


class Line(NamedTuple):
    """One link as corners from card to card."""

    link: Link
    bundle: Bundle
    points: tuple[tuple[float, float], ...]


class Plane(NamedTuple):
    """Where everything is: left edges of columns, upper edges of rows, of lane headers, and the lines."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    headers: tuple[float, ...]
    width: float
    height: float
    lines: tuple[Line, ...]


class Way(NamedTuple):
    """A link by its bundle and the gutters it uses; gutter n is left of column n."""

    link: Link
    bundle: Bundle
    out: int
    into: int

    @property
    def is_far(self) -> bool:
        """Whether it runs along a row."""
        return self.out != self.into


Port = tuple[str, bool, Bundle]  # of a card, on its right side, for a bundle


def route(picture: Picture, grid: Grid) -> Plane:
    """The plane of a picture."""
    return Router(picture, grid).plane()


class Router:
    """Finds rows first, then what crosses them, so that nothing has to move again."""

    def __init__(self, picture: Picture, grid: Grid) -> None:
        self._grid = grid
        self._cells = grid.cells
        self._ways = [self._way_of(link, bundle) for link, bundle in bundled(picture.links)]
        self._runs, thick = self._list_runs()
        self._y, self._headers, self._height = stack_rows(grid, thick)
        self._ports = self._list_ports()
        self._channels, self._counts = self._list_channels()
        self._x: list[float] = []
        at = float(LEFT)
        for column in range(grid.columns + 1):
            at += self._gutter(column)
            self._x.append(at)
            at += CARD_WIDTH

    def plane(self) -> Plane:
        """The result."""
        lines = tuple(Line(way.link, way.bundle, self._points(way)) for way in self._ways)
        width = self._x[-1] + LEFT
        return Plane(tuple(self._x), tuple(self._y), self._headers, width, self._height, lines)

    def _way_of(self, link: Link, bundle: Bundle) -> Way:
        """It leaves to the right, but to the left where it does not lead to the right."""
        source, target = self._cells[link.source].column, self._cells[link.target].column
        return Way(link, bundle, source + 1 if target > source else source, target)

    def _list_runs(self) -> tuple[Mapping[Bundle, int], Mapping[int, int]]:
        """The track of each bundle in the gap above its task, and how many tracks each gap has."""
        spans: dict[Bundle, tuple[int, int]] = {}
        for way in self._ways:
            if way.is_far:
                low, high = spans.get(way.bundle, (way.into, way.into))
                spans[way.bundle] = min(low, way.out, way.into), max(high, way.out, way.into)
        gaps: dict[int, Spans] = {}
        runs = {}
        for bundle, (low, high) in sorted(spans.items(), key=lambda each: (each[1], each[0])):
            runs[bundle] = gaps.setdefault(self._cells[bundle.task].row, Spans()).take(low, high)
        return runs, {row: gap.count for row, gap in gaps.items()}

    def _middle(self, task: str) -> float:
        """The height of the middle of a card."""
        return self._y[self._cells[task].row] + CARD_HEIGHT / 2

    def _run(self, bundle: Bundle) -> float:
        """The height at which a bundle runs along its row."""
        return self._y[self._cells[bundle.task].row] - GAP / 2 - PITCH * self._runs[bundle]

    def _ends(self, way: Way) -> tuple[Port, Port]:
        """Where a line leaves and where it arrives."""
        is_right = way.out > self._cells[way.link.source].column
        return (way.link.source, is_right, way.bundle), (way.link.target, False, way.bundle)

    def _list_ports(self) -> Mapping[Port, float]:
        """The height of each end of a bundle: those that come from above are above the others."""
        sides: dict[tuple[str, bool], dict[Port, float]] = {}
        for way in self._ways:
            leaves, arrives = self._ends(way)
            run = self._run(way.bundle) if way.is_far else None
            for port, other in ((leaves, way.link.target), (arrives, way.link.source)):
                height = self._middle(other) if run is None else run
                side = sides.setdefault(port[:2], {})
                side[port] = min(height, side.get(port, height))
        ports = {}
        for (task, _), found in sides.items():
            step = min(PITCH, PORTS / len(found))
            first = self._middle(task) - step * (len(found) - 1) / 2
            ordered = sorted(found, key=lambda port: (found[port], port))
            ports.update({port: first + step * at for at, port in enumerate(ordered)})
        return ports

    def _list_channels(self) -> tuple[Mapping[tuple[int, Bundle], int], Mapping[int, int]]:
        """The track of each bundle in each gutter it goes up or down in, and how many tracks there are."""
        spans: dict[tuple[int, Bundle], list[float]] = {}
        for way in self._ways:
            leaves, arrives = (self._ports[end] for end in self._ends(way))
            if way.is_far:
                run = self._run(way.bundle)
                spans.setdefault((way.out, way.bundle), []).extend((leaves, run))
                spans.setdefault((way.into, way.bundle), []).extend((run, arrives))
            elif leaves != arrives:
                spans.setdefault((way.out, way.bundle), []).extend((leaves, arrives))
        gutters: dict[int, Spans] = {}
        channels = {}
        for key, heights in sorted(spans.items(), key=lambda each: (min(each[1]), each[0])):
            channels[key] = gutters.setdefault(key[0], Spans()).take(min(heights) - PITCH, max(heights))
        return channels, {gutter: each.count for gutter, each in gutters.items()}

    def _gutter(self, number: int) -> float:
        """How wide a gutter is."""
        return GUTTER + PITCH * self._counts.get(number, 0)

    def _channel(self, gutter: int, bundle: Bundle) -> float:
        """Where a bundle goes up or down."""
        left = self._x[gutter] - self._gutter(gutter)
        return left + GUTTER / 2 - 2 + PITCH * self._channels[gutter, bundle]

    def _points(self, way: Way) -> tuple[tuple[float, float], ...]:
        """The corners of a line."""
        source = self._cells[way.link.source].column
        leaves, arrives = (self._ports[end] for end in self._ends(way))
        points = [(self._x[source] + (CARD_WIDTH if way.out > source else 0), leaves)]
        if way.is_far:
            out, into = self._channel(way.out, way.bundle), self._channel(way.into, way.bundle)
            run = self._run(way.bundle)
            points += [(out, leaves), (out, run), (into, run), (into, arrives)]
        elif leaves != arrives:
            out = self._channel(way.out, way.bundle)
            points += [(out, leaves), (out, arrives)]
        return (*points, (self._x[way.into], arrives))


def bundled(links: Sequence[Link]) -> Iterator[tuple[Link, Bundle]]:
    """Each link with its bundle: that of the end at which more lines meet."""
    leaving = Counter(link.source for link in links)
    arriving = Counter(link.target for link in links)
    for link in links:
        is_source = leaving[link.source] > arriving[link.target]
        yield link, Bundle(is_source, link.source if is_source else link.target)


def stack_rows(grid: Grid, thick: Mapping[int, int]) -> tuple[Sequence[float], tuple[float, ...], float]:
    """The upper edge of each row and of each lane's header, and the height of it all."""
    y: list[float] = []
    headers: list[float] = []
    at = float(TOP)
    for band in grid.bands:
        headers.append(at)
        at += HEADER
        for row in range(band.first, band.last):
            at += GAP + PITCH * thick.get(row, 0) + (SEAM if row in band.seams else 0)
            y.append(at)
            at += CARD_HEIGHT
        at += GAP * 2
    return y, tuple(headers), at
