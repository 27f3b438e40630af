"""Where in a text a word stands: in code, below a heading of files, or in prose."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from enum import Enum

FENCE = re.compile(r"^[ \t]*```", re.MULTILINE)
HEADING = re.compile(r"[ \t]*+(?:#|\*\*|[^\n:]{0,80}+:[*_]*+[ \t]*+$)[^\n]*", re.MULTILINE)
LEAD = 1000  # characters in which a line says that files follow
FILES = re.compile(r"\b(?:files?|locations?|paths?)\b", re.IGNORECASE)


class Place(Enum):
    """What a place in a text says of the words in it."""

    PROSE = "prose"
    LISTED = "listed"
    CODE = "code"


class Outline:
    """The headings and code blocks of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.fences = [found.start() for found in FENCE.finditer(text)] if "```" in text else []
        self.lines = list(starts_of_lines(text))
        headings = [found for start in self.lines if (found := HEADING.match(text, start))]
        self.starts = [found.start() for found in headings]
        self.of_files = [FILES.search(found[0]) is not None for found in headings]

    def place(self, at: int) -> Place:
        """Where a position lies."""
        if bisect_right(self.fences, at) % 2:
            return Place.CODE
        line = self.lines[bisect_right(self.lines, at) - 1]
        colon = self.text.find(":", line, min(at, line + LEAD))
        number = bisect_right(self.starts, line) - 1
        is_below = number >= 0 and self.of_files[number]
        is_listed = is_below or (colon >= 0 and FILES.search(self.text, line, colon))
        return Place.LISTED if is_listed else Place.PROSE


def starts_of_lines(text: str) -> Iterator[int]:
    """Where each line begins."""
    start = 0
    while start <= len(text):
        yield start
        start = text.find("\n", start) + 1 or len(text) + 1
