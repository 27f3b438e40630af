"""Negated globs that do nothing, and lists that lie within others."""

from __future__ import annotations

import pytest

from tracks.globs import compile_globs
from tracks.overlap.beyond import find_beyond, idle_globs


@pytest.mark.parametrize(
    ("globs", "idle"),
    [
        (["src/", "!src/gen"], ("!src/gen",)),
        (["src/**", "!src/gen/**"], ("!src/gen/**",)),
        (["src/*", "!src/gen"], ()),
        (["!a", "b"], ("!a",)),
        (["*", "!*.md"], ()),
        (["/*", "!/a", "/a"], ("!/a",)),
        (["src/*", "!lib/"], ()),
        (["src/*.py", "!/lib"], ("!/lib",)),
        (["a"], ()),
    ],
)
def test_a_negated_glob_that_takes_nothing_out_is_named(globs: list[str], idle: tuple[str, ...]) -> None:
    assert idle_globs(compile_globs(globs)) == idle


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        (["src/web/**"], ["src/"], None),
        (["src/"], ["src/web"], b"src/a"),
        (["docs/"], ["docs"], None),
        (["docs"], ["docs/"], b"docs"),
        (["*.py"], ["*.py", "!test_*"], b"test_.py"),
        ([], ["a"], None),
        (["a"], [], b"a"),
    ],
)
def test_a_list_lies_within_another_or_a_path_shows_where_not(
    one: list[str], other: list[str], path: bytes | None
) -> None:
    assert find_beyond(compile_globs(one), compile_globs(other)) == path


def test_what_would_take_too_long_is_not_called_idle() -> None:
    assert idle_globs(compile_globs(["/*", "!/*a" + "?" * 30])) == ()
    assert idle_globs(compile_globs(["*a" + "?" * 30, "!*a" + "?" * 29 + "b*"])) == ()
