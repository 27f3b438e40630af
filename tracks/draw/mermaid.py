"""The picture as a Mermaid flow chart: a box for each lane, a six-sided node for each contested path.

Whatever a title holds is quoted, and all signs in it that mean something to Mermaid are numbers. It
draws no chart of more than 500 lines between boxes or 50,000 letters: what says least is left out, and
a last box says how much that is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tracks.draw.picture import Card, Lane, Picture, State
from tracks.draw.text import cut

WIDTHS = (60, 30, 15)  # of titles; the first with which all tasks have room
MOST_LINES, MOST_TEXT = 500, 50_000
FOR_LINES, FOR_WORDS = 12_000, 500  # letters that boxes leave to lines, and to the word about what is missing
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


class Room:
    """How much more Mermaid takes; what finds no room is counted."""

    def __init__(self) -> None:
        self.letters = MOST_TEXT - FOR_WORDS
        self.lines = MOST_LINES
        self.missing: Counter[str] = Counter()

    def takes(self, text: str, what: str, *, lines: int = 0, spare: int = 0) -> bool:
        """Whether there is room for a text with so many lines between boxes, and for what is to be spared."""
        size = size_of(text)
        if lines > self.lines or size > self.letters - spare:
            self.missing[what] += 1
            return False
        self.lines -= lines
        self.letters -= size
        return True


def mermaid(picture: Picture) -> str:
    """The whole text; of the tasks the last are left out first, of the waits those off the critical path."""
    room, names = Room(), dict[str, str]()
    lines = ["flowchart LR", *(f"  {style}" for style in STYLES)]
    room.letters -= sum(map(size_of, lines))
    lines += lane_lines(picture, room, names)
    lines += wait_lines(picture, room, names)
    pairs = [pair for lane in picture.lanes for pair in lane.neighbours if names.keys() >= set(pair)]
    beside = [f"  {names[one]} ~~~ {names[other]}" for one, other in pairs]
    if room.takes("\n".join(beside), "", lines=len(beside)):
        lines += beside
    lines += contested_lines(picture, room, names)
    if missing := ", ".join(f"{count} {what}" for what, count in room.missing.items() if what):
        words = f"not drawn: {missing} (Mermaid takes {MOST_LINES} lines and {MOST_TEXT} letters)"
        lines.append(f'  more["{quoted(words)}"]')
    return "\n".join(lines) + "\n"


def lane_lines(picture: Picture, room: Room, names: dict[str, str]) -> Iterator[str]:
    """The lanes with their tasks; those that are drawn get a name."""
    cards = [picture.cards[task] for lane in picture.lanes for task in tasks_of(lane)]
    most = room.letters - FOR_LINES
    width = next((each for each in WIDTHS if sum(size_of(node("n", card, each)) for card in cards) < most), 0)
    for at, lane in enumerate(picture.lanes, 1):
        opening, end = f'  subgraph lane{at}["{quoted(lane.name)}"]', "  end"
        drawn: list[str] = []
        for task in tasks_of(lane):
            line = f"    {node(f'n{len(names) + 1}', picture.cards[task], width or WIDTHS[-1])}"
            frame = "" if drawn else opening + end
            if room.takes(line + frame, "tasks", spare=FOR_LINES):
                names[task] = f"n{len(names) + 1}"
                drawn.append(line)
        if drawn:
            yield from (opening, *drawn, end)


def tasks_of(lane: Lane) -> Iterator[str]:
    """The tasks of a lane, in order."""
    return (task for block in lane.blocks for task in block)


def wait_lines(picture: Picture, room: Room, names: Mapping[str, str]) -> Iterator[str]:
    """The waits between drawn tasks, those on the critical path first."""
    for link in sorted(picture.links, key=lambda each: not each.is_critical):
        if link.source in names and link.target in names:
            arrow = "-.->" if link.is_begin else "==>" if link.is_critical else "-->"
            line = f"  {names[link.source]} {arrow} {names[link.target]}"
            if room.takes(line, "waits", lines=1):
                yield line


def node(name: str, card: Card, width: int) -> str:
    """One task."""
    opening, closing = SHAPES[card.state]
    step = f"step {card.step}: " if card.step else ""  # "1. " would be read as a list
    marks = f"; contests {', '.join(map(str, card.marks))}" if card.marks else ""
    words = f"{cut(card.id, WIDTHS[0])} P{card.priority} {cut(card.title, width)} ({card.state}{marks})"
    label = quoted(step + words)
    return f'{name}{opening}"{label}"{closing}:::{card.state.name.lower()}'


def contested_lines(picture: Picture, room: Room, names: Mapping[str, str]) -> Iterator[str]:
    """The contested paths, each with its number, and tied to its tasks where there is room."""
    for each in picture.contested:
        label = quoted(f"{each.number}: {cut(each.path, WIDTHS[0])} ({each.severity})")
        box = f'  p{each.number}{{{{"{label}"}}}}:::contested'
        if room.takes(box, "contested paths"):
            yield box
            tasks = [names[task] for task in each.tasks if task in names]
            tie = f"  {' & '.join(tasks)} -.- p{each.number}"
            if tasks and room.takes(tie, "ties to contested paths", lines=len(tasks)):
                yield tie


def size_of(line: str) -> int:
    """The letters of a line as Mermaid counts them, in units of UTF-16, with its end."""
    return len(line.encode("utf-16-le", "surrogatepass")) // 2 + 1


def quoted(text: str) -> str:
    """Text within quotes: letters, digits and what means nothing as they are, all else by number."""
    return "".join(char if char.isalnum() or char in " .,-_/()" else f"#{ord(char)};" for char in text)
