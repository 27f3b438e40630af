"""Text from outside as a picture or page may show it: on one line, nothing hidden, cut to fit."""

from __future__ import annotations

import unicodedata
from html import escape

WIDE = frozenset("WF")  # East Asian characters as wide as two


def plain(text: str) -> str:
    """Text on one line; what cannot be seen or turns the line around is spelled out."""
    return "".join(char if char.isprintable() else shown(char) for char in text).strip()


def shown(char: str) -> str:
    """A character that is not printable: white space as a space, others in ASCII."""
    if char.isspace():
        return " "
    return char.encode("unicode_escape", "surrogatepass").decode()


def markup(text: str) -> str:
    """Text for XML and HTML, in an element or an attribute."""
    return escape(plain(text), quote=True)


def cut(text: str, columns: int) -> str:
    """The beginning of a text, with a sign where it was cut."""
    return fitted(plain(text), columns)


def cut_front(text: str, columns: int) -> str:
    """The end of a text, which tells ids and paths apart."""
    return fitted(plain(text)[::-1], columns)[::-1]


def fitted(text: str, columns: int) -> str:
    """As much of a text as there is room for."""
    used, kept = 0, 0
    for at, char in enumerate(text):
        used += width(char)
        if used > columns:
            return text[:kept] + "…"
        if used <= columns - 1:
            kept = at + 1
    return text


def width(char: str) -> int:
    """How many columns a character takes."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in WIDE else 1
