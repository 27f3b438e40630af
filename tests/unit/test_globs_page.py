"""Every example on the page about globs is true."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.fixtures.source import TOP
from tracks.globs import LONGEST, GlobError, compile_globs, parse_glob
from tracks.overlap.beyond import idle_globs
from tracks.overlap.kinds import Kinds
from tracks.overlap.meeting import find_meeting
from tracks.wildmatch.brackets import CLASSES

PAGE = (TOP / "docs" / "globs.md").read_text(encoding="utf-8")


class Row(NamedTuple):
    """The words in code quotes of each cell."""

    cells: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...]


def rows_of(title: str) -> list[Row]:
    """The rows of the table under a heading, without the head."""
    section = PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    assert lines, f"no table under {title}"
    cells = [line.strip("|").split("|") for line in lines]
    return [Row(tuple(tuple(re.findall(r"`([^`]+)`", cell)) for cell in row), tuple(row)) for row in cells]


@pytest.mark.parametrize("row", rows_of("What they match"), ids=lambda row: row.texts[0].strip())
def test_the_globs_of_the_page_match_what_it_says(row: Row) -> None:
    globs, matched, missed = row.cells
    compiled = compile_globs(globs)
    assert [path for path in matched if not compiled.matches(path)] == []
    assert [path for path in missed if compiled.matches(path)] == []
    assert matched
    assert missed


@pytest.mark.parametrize("row", rows_of("Taking out"), ids=lambda row: row.texts[0].strip())
def test_what_takes_nothing_out_is_said_to(row: Row) -> None:
    globs, (path,) = row.cells
    assert compile_globs(globs).matches(path)
    assert len(idle_globs(compile_globs(globs))) == 1


@pytest.mark.parametrize("row", rows_of("Case"), ids=lambda row: row.texts[0].strip())
def test_case_folds_as_the_page_says(row: Row) -> None:
    globs, matched, missed = row.cells
    compiled = compile_globs(globs, fold=True)
    assert [path for path in matched if not compiled.matches(path)] == []
    assert [path for path in missed if compiled.matches(path)] == []


@pytest.mark.parametrize("row", rows_of("What is refused"), ids=lambda row: row.texts[0].strip())
def test_what_the_page_calls_refused_is_refused_for_its_reason(row: Row) -> None:
    with pytest.raises(GlobError) as caught:
        parse_glob(row.cells[0][0])
    reason = re.split(r"[;`]|of this", row.texts[1].strip())
    assert max(reason[:2], key=len).strip() in caught.value.reason
    for advised in row.cells[1]:
        if advised.startswith(("\\", "/")):
            assert parse_glob(advised).text == advised


@pytest.mark.parametrize("row", rows_of("Where two lists meet"), ids=lambda row: row.texts[0].strip())
def test_lists_meet_where_the_page_says(row: Row) -> None:
    one, other, path = row.cells
    met = find_meeting(compile_globs(one), compile_globs(other), Kinds())
    assert met == (path[0].encode() if path else None)


def test_the_page_names_every_class_and_the_limit() -> None:
    assert set(re.findall(r"`\[:([a-z]+):\]`", PAGE)) == {name.decode() for name in CLASSES}
    assert f"{LONGEST} bytes" in PAGE


def test_the_two_readings_of_names_with_an_ending_are_as_on_the_page() -> None:
    lists = compile_globs(["*.py"]), compile_globs(["*.md"])
    assert find_meeting(*lists) == b"a.md/a.py"
    assert find_meeting(*lists, Kinds()) is None
