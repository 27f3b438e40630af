"""What a report is made of, before it has any form."""

from __future__ import annotations

from typing import NamedTuple


class Table(NamedTuple):
    """Rows under their heads, with a name and some words before them."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    words: tuple[str, ...] = ()


class Section(NamedTuple):
    """A heading with words and tables; the first one of a report is its title."""

    title: str
    words: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
