"""The picture as a Mermaid flow chart: a box for each lane, a six-sided node for each contested path.

Whatever a title holds is quoted, and all signs in it that mean something to Mermaid are numbers. It
draws no chart of more than 500 lines: beyond that those that say least are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracks.draw.picture import Card, Picture, State
from tracks.draw.text import cut

TITLE = 60
MOST_LINES = 500
SHAPES = {
    State.READY: ("([", "])"),
    State.RUNNING: ("[[", "]]"),
    State.WAITING: ("[", "]"),
    State.HELD: ("[/", "/]"),
}
STYLES = (
    "classDef ready stroke:#15803d,stroke-width:2px",
    "classDef running stroke:#1d4ed8,stroke-width:3px",
    "classDef waiting stroke-dasharray:5 3",
    "classDef held stroke-dasharray:1 3",
    "classDef contested stroke:#b91c1c",
)


def mermaid(picture: Picture) -> str:
    """The whole text."""
    names = {task: f"n{at}" for at, task in enumerate(picture.cards, 1)}
    lines = ["flowchart LR", *(f"  {style}" for style in STYLES)]
    for at, lane in enumerate(picture.lanes, 1):
        lines.append(f'  subgraph lane{at}["{quoted(lane.name)}"]')
        lines += [f"    {node(names[each], picture.cards[each])}" for block in lane.blocks for each in block]
        lines.append("  end")
    for link in picture.links:
        arrow = "-.->" if link.is_begin else "==>" if link.is_critical else "-->"
        lines.append(f"  {names[link.source]} {arrow} {names[link.target]}")
    count = len(picture.links)
    beside = [
        f"  {names[one]} ~~~ {names[other]}" for lane in picture.lanes for one, other in lane.neighbours
    ]
    if count + len(beside) <= MOST_LINES:
        lines += beside
        count += len(beside)
    is_tied = count + sum(len(each.tasks) for each in picture.contested) <= MOST_LINES
    lines += [f"  {line}" for line in contested_lines(picture, names, is_tied=is_tied)]
    return "\n".join(lines) + "\n"


def node(name: str, card: Card) -> str:
    """One task."""
    opening, closing = SHAPES[card.state]
    step = f"step {card.step}: " if card.step else ""  # "1. " would be read as a list
    marks = f"; contests {', '.join(map(str, card.marks))}" if card.marks else ""
    words = f"{cut(card.id, TITLE)} P{card.priority} {cut(card.title, TITLE)} ({card.state}{marks})"
    label = quoted(step + words)
    return f'{name}{opening}"{label}"{closing}:::{card.state.name.lower()}'


def contested_lines(picture: Picture, names: Mapping[str, str], *, is_tied: bool) -> Iterator[str]:
    """The contested paths, each with its number, and tied to its tasks where there is room."""
    for each in picture.contested:
        label = quoted(f"{each.number}: {cut(each.path, TITLE)} ({each.severity})")
        yield f'p{each.number}{{{{"{label}"}}}}:::contested'
        tasks = [names[task] for task in each.tasks if task in names]
        if tasks and is_tied:
            yield f"{' & '.join(tasks)} -.- p{each.number}"


def quoted(text: str) -> str:
    """Text within quotes: letters, digits and what means nothing as they are, all else by number."""
    return "".join(char if char.isalnum() or char in " .,-_/()" else f"#{ord(char)};" for char in text)
