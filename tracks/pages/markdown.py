"""A report as Markdown: headings, lines and tables; no title can end a cell or begin anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from tracks.draw.text import plain
from tracks.pages.sections import Section, Table

SIGNS = re.compile(r"([\\`*_\[\]|~&#!$])")
ENTITIES = (("<", "&lt;"), (">", "&gt;"), ("://", "&#58;//"), ("@", "&#64;"))  # also where no \ helps


def markdown(sections: Sequence[Section]) -> str:
    """The whole text."""
    lines: list[str] = []
    for level, section in zip((1, *(2 for _ in sections)), sections, strict=False):
        lines += [f"{'#' * level} {escaped(section.title)}", ""]
        lines += paragraphs(section.words)
        for table in section.tables:
            lines += table_lines(table)
    return "\n".join(lines).rstrip() + "\n"


def paragraphs(words: Iterable[str]) -> Iterator[str]:
    """Lines that stand apart."""
    for each in words:
        yield from (escaped(each), "")


def table_lines(table: Table) -> Iterator[str]:
    """A table below its name."""
    if table.title:
        yield from (f"### {escaped(table.title)}", "")
    yield from paragraphs(table.words)
    if table.rows:
        yield f"| {' | '.join(map(escaped, table.heads))} |"
        yield f"|{'---|' * len(table.heads)}"
        yield from (f"| {' | '.join(map(escaped, row))} |" for row in table.rows)
        yield ""


def escaped(text: str) -> str:
    """Text that means itself, in a line or a cell."""
    text = SIGNS.sub(r"\\\1", plain(text))
    for sign, entity in ENTITIES:
        text = text.replace(sign, entity)
    return text
