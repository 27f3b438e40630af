"""Which row each card of a picture stands in: beside what it waits for, in the first one that is free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tracks.draw.picture import Lane, Picture

LEAST_COLUMNS = 5  # so wide are loose cards laid out at least


class Cell(NamedTuple):
    """Where a card stands, counted in rows and columns of the whole picture."""

    row: int
    column: int


class Band(NamedTuple):
    """The rows of a lane, from the first to before the last; where blocks begin after its first one."""

    lane: Lane
    first: int
    last: int
    seams: tuple[int, ...]


class Grid(NamedTuple):
    """All of it."""

    cells: Mapping[str, Cell]
    bands: tuple[Band, ...]
    columns: int


def arrange(picture: Picture) -> Grid:
    """The rows of all lanes, one lane below the other."""
    sources: dict[str, list[str]] = {}
    neighbours: dict[str, list[str]] = {}
    for link in picture.links:
        sources.setdefault(link.target, []).append(link.source)
        neighbours.setdefault(link.source, []).append(link.target)
        neighbours.setdefault(link.target, []).append(link.source)
    columns = max(LEAST_COLUMNS, len(picture.columns))
    cells: dict[str, Cell] = {}
    bands: list[Band] = []
    row = 0
    for lane in picture.lanes:
        first, seams = row, []
        for block in lane.blocks:
            seams.append(row)
            if lane.is_loose:
                found = {each: Cell(at // columns, at % columns) for at, each in enumerate(block)}
            else:
                found = place_block(picture, walk(block, neighbours), sources)
            cells.update({each: Cell(cell.row + row, cell.column) for each, cell in found.items()})
            row += 1 + max((cell.row for cell in found.values()), default=-1)
        bands.append(Band(lane, first, row, tuple(seams[1:])))
    return Grid(cells, tuple(bands), columns)


def walk(block: Sequence[str], neighbours: Mapping[str, Sequence[str]]) -> list[str]:
    """The tasks of a block so that those that hang together come one after another."""
    members, found = set(block), dict[str, None]()
    for start in block:
        stack = [start]
        while stack:
            task = stack.pop()
            if task in found:
                continue
            found[task] = None
            stack += [each for each in reversed(neighbours.get(task, ())) if each in members]
    return list(found)


def place_block(
    picture: Picture, ordered: Iterable[str], sources: Mapping[str, Sequence[str]]
) -> dict[str, Cell]:
    """The cells of one block, from the left to the right; a track's cards in the order of its steps."""
    by_column: dict[int, list[str]] = {}
    for task in ordered:
        by_column.setdefault(picture.cards[task].column, []).append(task)
    cells: dict[str, Cell] = {}
    for column in sorted(by_column):
        wanted = {
            task: min((cells[each].row for each in sources.get(task, ()) if each in cells), default=0)
            for task in by_column[column]
        }
        row = -1
        for task in sorted(wanted, key=lambda each: (picture.cards[each].step, wanted[each])):
            row = max(row + 1, wanted[task])
            cells[task] = Cell(row, column)
    return cells
