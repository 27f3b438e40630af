"""Our globs against `git check-ignore`, on trees that exist."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from poolmgr.core.settings_defaults import DISPOSABLE
from tests.fixtures.repositories import Repositories
from tests.integration.judge import ask_git
from tracks.globs import GlobError, compile_globs, parse_glob

NAMES = (
    "a", "b", "ab", "foo", "foobar", "a.o", "x-y", "]", "é", "[", "A", "d", "-", "!", "a b", " ", "\\",
    "#x", "*", "a\nb", "^", "\udcff", "B", "Foo", "AB", "FOObar", "É", "Z", "_", "O",
)  # fmt: skip
ATOMS = (
    "a", "b", "ab", "foo", "*", "**", "?", "/", "/", "/", "[ab]", "[!a]", "[^b]", "[[:alpha:]]", "[]]",
    "[a-c]", "[[:space:]x]", "\\a", "\\*", "**/", "/**", "/**/", ".", "o", "é", "[a-", "-", "]",
    "A", "Foo", "\\A", "[A]", "[A-Z]", "[!A]", "[Z-a]", "[[:upper:]]", "[[:lower:]]", "[^[:upper:]]", "[B-b]",
    "a**/", "/ab**/**", "/b**/*/**", "[\\]]", "[!]]", "[--a]", "[[:x]", "[[:alpha:]-z]", " ", "[[]", "\\\\",
    "[a/b]",
)  # fmt: skip
LISTS = 60


def grow_tree(root: Path, draw: random.Random) -> list[tuple[bytes, bool]]:
    """Directories and files of odd names; the answer lists them, with whether each is a directory."""
    for _ in range(120):
        place = root.joinpath(*(draw.choice(NAMES) for _ in range(draw.randint(1, 5))))
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        except OSError:
            continue  # a file lies where the directory would
    return list(list_tree(os.fsencode(root), b""))


def list_tree(root: bytes, below: bytes) -> Iterator[tuple[bytes, bool]]:
    """Every path of a tree, git's own directory left out."""
    for entry in os.scandir(os.path.join(root, below)):
        path = os.path.join(below, entry.name)
        if path == b".git":
            continue
        yield path, entry.is_dir()
        if entry.is_dir():
            yield from list_tree(root, path)


def random_globs(draw: random.Random) -> list[str]:
    """A few globs, some of them negated, sometimes after one that takes everything."""
    chosen = [draw.choice(("*", "/*", "**"))] if draw.random() < 0.25 else []
    wanted = len(chosen) + draw.choice((1, 1, 1, 2, 3, 5))
    while len(chosen) < wanted:
        text = "".join(draw.choice(ATOMS) for _ in range(draw.randint(1, 6)))
        glob = f"!{text}" if draw.random() < 0.25 else text
        try:
            parse_glob(glob)
        except GlobError:
            continue
        chosen.append(glob)
    return chosen


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("fold", [False, True], ids=["exact case", "folded case"])
def test_globs_mean_what_git_says(make_repo: Repositories, seed: int, *, fold: bool) -> None:
    draw = random.Random(seed)
    repo = make_repo(files={}, commits=0)
    tree = grow_tree(repo.path, draw)
    for _ in range(LISTS):
        globs = compile_globs(random_globs(draw), fold=fold)
        theirs = ask_git(repo, globs, [path for path, _ in tree])
        ours = [globs.matches(path, is_dir=is_dir) for path, is_dir in tree]
        differing = [path for (path, _), mine, git in zip(tree, ours, theirs, strict=True) if mine != git]
        assert not differing, globs.lines


def test_the_disposable_globs_mean_what_git_says(make_repo: Repositories) -> None:
    repo = make_repo(files={}, commits=0)
    globs = compile_globs(DISPOSABLE)
    repo.write(
        {glob.replace("*", "x").rstrip("/") + ("/x" if glob.endswith("/") else ""): "" for glob in DISPOSABLE}
    )
    repo.write({"src/app.py": "", "notes.md": "", ".env": "", "data/x.sqlite": ""})
    tree = list(list_tree(os.fsencode(repo.path), b""))
    theirs = ask_git(repo, globs, [path for path, _ in tree])
    assert theirs == [globs.matches(path, is_dir=is_dir) for path, is_dir in tree]
