"""Meetings against every short path, with the matcher as judge."""

from __future__ import annotations

import random
import re
from itertools import product

import pytest

from tracks.globs import GlobError, Globs, compile_globs
from tracks.overlap.beyond import find_beyond
from tracks.overlap.kinds import Kinds
from tracks.overlap.meeting import find_proof

ALPHABET = "abA./"
LONGEST = 5
ATOMS = (
    "a", "b", "ab", ".", "*", "*", "**", "?", "/", "/", "/", "[ab]", "[!a]", "[.]", "[^.b]", "[[:alpha:]]",
    "**/", "/**", "/**/", "\\a", "A", "[[:upper:]]", "[A-Z]", "[A]", "\\A",
    "a.a", "*.b", "/*.a", "**/a.b",
)  # fmt: skip
ROUNDS = 2000


def is_path(text: str) -> bool:
    """Whether a file can have this path."""
    return all(name not in ("", ".", "..") for name in text.split("/"))


def above(path: bytes) -> list[bytes]:
    """The directories of a path."""
    return [path[:at] for at, byte in enumerate(path) if byte == ord("/")]


def draw_files(draw: random.Random) -> list[bytes]:
    """Some of the paths, none of them below another one."""
    found = set(draw.sample(PATHS, k=draw.choice((0, 3, 30))))
    return sorted(path for path in found if found.isdisjoint(above(path)))


def is_below_a_file(path: bytes, files: list[bytes], *, fold: bool) -> bool:
    """Whether a directory of this path is a file of the base, or named as files are; `*.b` is also .b."""
    path, files = (path.lower(), [file.lower() for file in files]) if fold else (path, files)
    directories = {each for file in files for each in above(file)}
    named = [each for each in above(path) if re.search(rb"\.[A-Za-z]+\Z", each)]
    return any(each in files for each in above(path)) or any(each not in directories for each in named)


PATHS = [
    path.encode()
    for length in range(1, LONGEST + 1)
    for path in map("".join, product(ALPHABET, repeat=length))
    if is_path(path)
]


def draw_list(draw: random.Random, *, fold: bool) -> Globs:
    """A few globs, some of them negated."""
    chosen = [draw.choice(("*", "/*", "**", "a/*", "a", "**/a/*"))] if draw.random() < 0.4 else []
    wanted = len(chosen) + draw.choice((1, 1, 1, 2, 3))
    while len(chosen) < wanted:
        text = "".join(draw.choice(ATOMS) for _ in range(draw.randint(1, 5)))
        glob = f"!{text}" if draw.random() < 0.35 else text
        try:
            compile_globs([glob])
        except GlobError:
            continue
        chosen.append(glob)
    return compile_globs(chosen, fold=fold)


@pytest.mark.parametrize("fold", [False, True], ids=["exact case", "folded case"])
@pytest.mark.parametrize("plain", [False, True], ids=["by the letter", "plain"])
def test_a_meeting_is_what_some_path_shows(share: float, *, fold: bool, plain: bool) -> None:
    draw = random.Random(f"{fold} {plain}")
    met = 0
    for _ in range(round(ROUNDS * share)):
        a, b = draw_list(draw, fold=fold), draw_list(draw, fold=fold)
        files = draw_files(draw) if plain else []
        meeting = find_proof(a, b, Kinds(files, fold=fold) if plain else None)
        if meeting is None:
            for path in b.among(a.among(PATHS)):
                case = (a.lines, b.lines, path, files)
                assert plain, case
                assert is_below_a_file(path, files, fold=fold), case
            continue
        met += 1
        told = (a.lines, b.lines, meeting)
        assert meeting.is_proven, told
        assert is_path(meeting.path.decode()), told
        assert a.matches(meeting.path), told
        assert b.matches(meeting.path), told
        assert meeting.first in a.lines, told
        assert meeting.second in b.lines, told
    assert met


@pytest.mark.parametrize("fold", [False, True], ids=["exact case", "folded case"])
def test_what_one_list_has_beyond_another_is_what_some_path_shows(share: float, *, fold: bool) -> None:
    draw = random.Random(f"{fold}")
    for _ in range(round(ROUNDS * share)):
        a, b = draw_list(draw, fold=fold), draw_list(draw, fold=fold)
        path = find_beyond(a, b)
        if path is None:
            assert set(a.among(PATHS)) <= set(b.among(PATHS)), (a.lines, b.lines)
        else:
            assert is_path(path.decode()), (a.lines, b.lines, path)
            assert a.matches(path), (a.lines, b.lines, path)
            assert not b.matches(path), (a.lines, b.lines, path)


def test_the_files_among_many_are_those_that_match() -> None:
    draw = random.Random(1)
    for _ in range(40):
        globs = draw_list(draw, fold=False)
        assert list(globs.among(PATHS)) == [path for path in PATHS if globs.matches(path)], globs.lines
