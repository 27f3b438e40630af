"""Which lists are literal directories."""

from __future__ import annotations

import pytest

from tracks.globs import compile_globs
from tracks.overlap.shape import cone_directories

DIRECTORIES = [
    (["src/web"], ("src/web",)),
    (["/docs/"], ("docs",)),
    (["/docs", "src/web/", "src/api/**"], ("docs", "src/api", "src/web")),
    (["/a", "/a-b", "/a/b", "a/c/"], ("a-b", "a")),
    (["/with blank", "/Caf\u00e9/"], ("Caf\u00e9", "with blank")),
    ([], ()),
]
OTHERS = [
    "docs",
    "docs/",
    "src/*",
    "/**",
    "src/**/",
    "!/src",
    "src/\\b",
    "src/[b]",
    "src/b\\ ",
    "a/b**",
    "**/a",
]


@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize(("globs", "directories"), DIRECTORIES)
def test_literal_directories_from_the_top_are_a_cone(
    globs: list[str], directories: tuple[str, ...], *, fold: bool
) -> None:
    assert cone_directories(compile_globs(globs, fold=fold)) == directories


@pytest.mark.parametrize("glob", OTHERS)
def test_one_glob_of_another_kind_makes_a_list_no_cone(glob: str) -> None:
    assert cone_directories(compile_globs(["/src", glob])) is None
