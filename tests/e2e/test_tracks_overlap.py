"""`tracks overlap` says where two scopes meet, in a repository without a pool."""

from __future__ import annotations

import pytest

from tests.e2e.pooled import Pooled


@pytest.mark.parametrize(
    ("a", "b", "witness", "exists", "odd"),
    [
        (["src/**"], ["*.py"], "src/app.py", True, False),
        (["src/new/"], ["*.py"], "src/new/a.py", False, False),
        (["/docs"], ["src/app.py"], None, False, False),
        (["src/*", "!src/app.py"], ["/src/app.py", "/README.md"], None, False, False),
        (["*.py"], ["*.md"], "a.md/a.py", False, True),
        (["/.gitignore"], ["*.py"], ".gitignore/a.py", False, True),
    ],
)
def test_an_overlap_is_a_path_and_whether_it_exists(
    unpooled: Pooled, a: list[str], b: list[str], witness: str | None, *, exists: bool, odd: bool
) -> None:
    words = [word for flag, globs in (("--a", a), ("--b", b)) for glob in globs for word in (flag, glob)]
    answer = unpooled.ask("tracks", "overlap", *words)
    assert answer["overlap"] == (witness is not None)
    assert (answer["witness"], answer["exists"], answer["odd"]) == (witness, exists, odd)
    assert unpooled.ask("tracks", "overlap", "--a", *a, "--b", *b) == answer
    assert unpooled.ask("tracks", "overlap", f"--a={a[0]}", *a[1:], "--b", *b) == answer


def test_a_text_that_is_no_glob_is_refused_by_name(unpooled: Pooled) -> None:
    error = unpooled.refused("tracks", "overlap", "--a", "src/[", "--b", "x", code=2)
    assert "--a 'src/['" in error["message"]
