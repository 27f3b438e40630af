"""Pages by themselves: no script, no font, no address, readable by day and by night.

They are XML, too, so that the strictest parser takes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracks.draw.picture import Picture
from tracks.draw.style import PAGE
from tracks.draw.svg import svg
from tracks.draw.text import markup
from tracks.pages.sections import Section, Table

FOLDED = 12  # rows from which on a table has to be opened
GUARD = "default-src 'none'; style-src 'unsafe-inline'"


def graph_page(picture: Picture) -> str:
    """A page with the picture alone."""
    return page("Open tasks", drawing(picture))


def report_page(sections: Sequence[Section], picture: Picture) -> str:
    """A page with all there is to say."""
    first, *rest = sections
    parts = [*rendered(first), *drawing(picture)]
    for section in rest:
        parts += [f"<h2>{markup(section.title)}</h2>", *rendered(section)]
    return page(first.title, parts)


def page(title: str, body: Sequence[str]) -> str:
    """A document."""
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>',
        f'<meta http-equiv="Content-Security-Policy" content="{markup(GUARD)}"/>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
        f"<title>{markup(title)}</title><style>{PAGE}</style></head><body>",
        f"<h1>{markup(title)}</h1>",
        *body,
        "</body></html>\n",
    ]
    return "\n".join(parts)


def drawing(picture: Picture) -> list[str]:
    """The picture in a box that scrolls."""
    return ['<div class="picture" tabindex="0" role="region" aria-label="picture">', svg(picture), "</div>"]


def rendered(section: Section) -> Iterator[str]:
    """What stands below a heading."""
    for words in section.words:
        yield f"<p>{markup(words)}</p>"
    for table in section.tables:
        if table.title:
            yield f"<h3>{markup(table.title)}</h3>"
        for words in table.words:
            yield f'<p class="dim">{markup(words)}</p>'
        if len(table.rows) > FOLDED:
            yield f"<details><summary>all {len(table.rows)}</summary>"
        yield from rows_of(table)
        if len(table.rows) > FOLDED:
            yield "</details>"


def rows_of(table: Table) -> Iterator[str]:
    """A table."""
    if not table.rows:
        return
    heads = "".join(f'<th scope="col">{markup(each)}</th>' for each in table.heads)
    yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
    for row in table.rows:
        yield f"<tr>{''.join(f'<td>{markup(cell)}</td>' for cell in row)}</tr>"
    yield "</tbody></table>"
