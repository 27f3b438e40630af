"""The picture for Graphviz: a cluster for each lane, a note for each contested path, waves as ranks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracks.draw.picture import Card, Picture, State
from tracks.draw.text import cut, plain

TITLE = 40
LONGEST = 2000  # Graphviz takes no string of more than 16,384 bytes
SHAPES = {
    State.READY: 'shape=box style="bold,rounded" color="#15803d"',
    State.RUNNING: 'shape=box peripheries=2 color="#1d4ed8"',
    State.WAITING: 'shape=box style="dashed"',
    State.HELD: 'shape=box style="dotted"',
}


def dot(picture: Picture) -> str:
    """The whole text."""
    names = {task: f"n{at}" for at, task in enumerate(picture.cards, 1)}
    lines = [
        "digraph tracks {",
        "  rankdir=LR; newrank=true;",
        '  node [fontname="sans-serif" fontsize=10]; edge [arrowsize=0.6];',
    ]
    for at, lane in enumerate(picture.lanes, 1):
        lines.append(f"  subgraph cluster_{at} {{")
        lines.append(f"    label={quoted(lane.name)}; tooltip={quoted(lane.about)}; labeljust=l;")
        lines += [f"    {node(names[each], picture.cards[each])}" for block in lane.blocks for each in block]
        lines += [f"    {names[one]} -> {names[other]} [style=invis];" for one, other in lane.neighbours]
        lines.append("  }")
    for link in picture.links:
        style = "dashed" if link.is_begin else "bold" if link.is_critical else "solid"
        lines.append(f"  {names[link.source]} -> {names[link.target]} [style={style}];")
    lines += [f"  {line}" for line in contested_lines(picture, names)]
    return "\n".join([*lines, "}"]) + "\n"


def node(name: str, card: Card) -> str:
    """One task."""
    step = f"{card.step}. " if card.step else ""
    head = escaped(f"{step}{card.id} P{card.priority} ({card.state})")
    label = f'"{head}\\n{escaped(cut(card.title, TITLE))}"'
    tip = quoted(f"{card.title}; {card.about}" if card.about else card.title)
    return f"{name} [label={label} tooltip={tip} {SHAPES[card.state]}];"


def contested_lines(picture: Picture, names: Mapping[str, str]) -> Iterator[str]:
    """The contested paths, each tied to its tasks; they move no task."""
    for each in picture.contested:
        name = f"p{each.number}"
        yield f'{name} [label={quoted(f"{each.path} ({each.severity})")} shape=note color="#b91c1c"];'
        for task in each.tasks:
            if task in names:
                line = 'dir=none style=dotted color="#b91c1c" constraint=false'
                yield f"{names[task]} -> {name} [{line}];"


def quoted(text: str) -> str:
    """A string in which nothing means anything."""
    return f'"{escaped(text)}"'


def escaped(text: str) -> str:
    """What stands in a string; Graphviz reads entities, too."""
    text = plain(text)
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
