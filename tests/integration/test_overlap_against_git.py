"""Overlaps against every short path, with `git check-ignore` as judge."""

from __future__ import annotations

import random
from itertools import product

from tests.fixtures.repositories import Repositories
from tests.integration.judge import ask_git
from tests.unit.test_meeting_brute import draw_list
from tracks.overlap.verdict import find_overlap

NAMES = ("a", "b", "ab", "A", "a.b", ".a")
PATHS = ["/".join(names).encode() for depth in (1, 2, 3) for names in product(NAMES, repeat=depth)]
PAIRS = 400


def test_scopes_overlap_where_git_says_so(make_repo: Repositories, share: float) -> None:
    draw = random.Random(6)
    repo = make_repo(files={}, commits=0)
    met = 0
    for number in range(round(PAIRS * share)):
        fold = number % 4 == 0
        a, b = draw_list(draw, fold=fold), draw_list(draw, fold=fold)
        files = draw.sample(PATHS, k=draw.choice((0, 3, 30)))
        found = find_overlap(a, b, files)
        witness = [found.witness] if found else []
        both = zip(*(ask_git(repo, globs, PATHS + witness) for globs in (a, b)), strict=True)
        shared = [path for path, (one, other) in zip(PATHS + witness, both, strict=True) if one and other]
        told = (a.lines, b.lines, found, shared)
        if found is None:
            assert not shared, told
            continue
        met += 1
        assert found.witness in shared, told
        assert found.exists == any(path in files for path in shared), told
        assert found.exists <= (found.witness in files), told
    assert met
