"""Our globs against git's on the listings of real repositories, with globs made from their own paths."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.repositories import Repositories, Repository
from tests.fixtures.source import TOP
from tests.integration.judge import ask_git
from tracks.globs import Globs, compile_globs
from tracks.overlap.meeting import find_meeting

# Read before the tests' environment replaces the user's.
DATA = os.environ.get("POOLMGR_TEST_DATA")
LISTINGS = sorted(Path(DATA).rglob("*.files.txt")) if DATA else []
LISTS = 300


@pytest.fixture
def judge(make_repo: Repositories) -> Repository:
    return make_repo(files={}, commits=0)


def list_own_paths() -> list[bytes]:
    """What this project's own checkout tracks."""
    listed = subprocess.run(("git", "ls-files", "-z"), cwd=TOP, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a checkout: a source distribution has no listing of its own")
    return [path for path in listed.stdout.split(b"\0") if path]


def escaped(name: str) -> str:
    """A name as a glob that means it alone."""
    return "".join(f"\\{byte}" if byte in "*?[\\" else byte for byte in name)


def starred(name: str, draw: random.Random) -> str:
    """A name with a part of it left open."""
    start, end = sorted(draw.randint(0, len(name)) for _ in range(2))
    return f"{escaped(name[:start])}*{escaped(name[end:])}"


KINDS: tuple[Callable[[list[str], random.Random], str], ...] = (
    lambda parts, _: "/" + "/".join(map(escaped, parts)),
    lambda parts, _: "/".join(map(escaped, parts[:-1] or parts)) + "/",
    lambda parts, _: escaped(parts[0]) + "/**/" + escaped(parts[-1]),
    lambda parts, draw: "/".join(starred(part, draw) for part in parts),
    lambda parts, draw: starred(parts[-1], draw),
    lambda parts, draw: "**/" + starred(draw.choice(parts), draw) + "/**",
    lambda parts, _: escaped(parts[0]) + "/*",
    lambda parts, _: "*" + escaped(os.path.splitext(parts[-1])[1] or parts[-1]),
    lambda parts, draw: "/" + "/".join(map(escaped, parts)).replace(draw.choice(parts[-1]), "?"),
    lambda parts, _: "/".join(f"[{part[0]}]*" if part[0].isalnum() else "*" for part in parts),
    lambda parts, _: "/".join(f"[[:alpha:]._-]{escaped(part[1:])}" for part in parts),
    lambda parts, _: "/" + "/".join(map(escaped, parts)).swapcase(),
)


def draw_list(tree: list[bytes], draw: random.Random) -> Globs:
    """Globs made from paths of the tree, some negated, some after one that takes much."""
    chosen = [draw.choice(("*", "/*", "**", "*/*"))] if draw.random() < 0.3 else []
    for _ in range(draw.choice((1, 2, 3, 6))):
        parts = os.fsdecode(draw.choice(tree)).split("/")
        glob = draw.choice(KINDS)(parts[: draw.randint(1, len(parts))], draw)
        # What begins so is read otherwise; the slash makes it a name at the top.
        glob = f"/{glob}" if glob.startswith(("-", "#", "!")) else glob
        chosen.append(f"!{glob}" if draw.random() < 0.3 else glob)
    return compile_globs(chosen, fold=draw.random() < 0.2)


def require_agreement(judge: Repository, tree: list[bytes], rounds: int) -> None:
    """Ours and git's on every path of a tree; and lists that share a file of it are said to meet."""
    draw = random.Random(len(tree))
    last = compile_globs(["*"])
    for _ in range(rounds):
        globs = draw_list(tree, draw)
        theirs = ask_git(judge, globs, tree)
        ours = [globs.matches(path) for path in tree]
        differing = [path for path, mine, git in zip(tree, ours, theirs, strict=True) if mine != git]
        assert not differing, globs.lines
        matched = list(globs.among(tree))
        assert matched == [path for path, mine in zip(tree, ours, strict=True) if mine]
        if globs.fold == last.fold:
            shared = next(last.among(matched), None)
            assert shared is None or find_meeting(globs, last), (globs.lines, last.lines, shared)
            last = globs


def test_globs_mean_what_git_says_on_this_repository(judge: Repository, share: float) -> None:
    require_agreement(judge, list_own_paths(), round(LISTS * share))


@pytest.mark.skipif(not LISTINGS, reason="POOLMGR_TEST_DATA names no directory with *.files.txt")
@pytest.mark.parametrize("listing", LISTINGS, ids=lambda path: str(path.name))
def test_globs_mean_what_git_says_on_other_repositories(
    judge: Repository, listing: Path, share: float
) -> None:
    tree = sorted({line for line in listing.read_bytes().splitlines() if line})
    require_agreement(judge, tree, round(LISTS * share))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["src/**", "!src/gen"], ["src/gen/x"]),
        (["*", "!*.md"], ["*.md"]),
        (["docs"], ["src/web"]),
        (["src/web/**/*.ts", "!**/x*"], ["src/**/test_*"]),
        (["a/b**/c"], ["a/*/*"]),
        (["/[[:upper:]]*/"], ["*.[!p]y"]),
    ],
)
@pytest.mark.parametrize("fold", [False, True])
def test_where_two_lists_meet_git_takes_the_path_for_both(
    judge: Repository, one: list[str], other: list[str], *, fold: bool
) -> None:
    lists = compile_globs(one, fold=fold), compile_globs(other, fold=fold)
    path = find_meeting(*lists)
    assert path is not None
    assert [ask_git(judge, globs, [path]) for globs in lists] == [[True], [True]]
