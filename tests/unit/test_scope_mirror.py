"""Tests find their sources and sources their tests, by directory and by name."""

from __future__ import annotations

import pytest

from poolmgr.core.mirror import mirrored, parse_pairs
from poolmgr.core.settings_defaults import MIRROR

CASES = {
    "src/a/**": ("/tests/a",),
    "/src/a": ("/tests/a",),
    "tests/a/": ("/src/a",),
    "src": ("/tests",),
    "src/a/login.py": ("/tests/a/*login*",),
    "tests/a/test_login.py": ("/src/a/*login*",),
    "src/ui/LoginSpec.ts": ("/tests/ui/*Login*",),
    "src/ui/login.test.ts": ("/tests/ui/*login*",),
    "src/*/x.ts": ("/tests/*/*x*",),
    "packages/web/src/ui/**": ("/packages/web/tests/ui",),
    "crates/core/tests": ("/crates/core/src",),
    "src/main/java/a/**": ("/tests/main/java/a", "/src/test/java/a"),
    # All of the other side lies in it already, or nothing says where it would lie.
    "packages/web": (),
    "*.py": (),
    "**/a": (),
    "docs/**": (),
    "!src/a": (),
}


@pytest.mark.parametrize(("glob", "wanted"), CASES.items())
def test_an_owned_glob_has_its_mirror(glob: str, wanted: tuple[str, ...]) -> None:
    assert mirrored([glob], MIRROR) == wanted


def test_above_one_side_there_is_all_of_the_other() -> None:
    assert mirrored(["main"], {"main/java/**": "test/java/**"}) == ("/test/java",)


def test_a_star_is_the_same_name_on_both_sides_in_order() -> None:
    assert mirrored(["a/b/x"], {"*/*/**": "t/*/u/*/**"}) == ("/t/a/u/b/x",)


@pytest.mark.parametrize(
    "side", ["src", "src/*", "**", "/**", "!src/**", "a/../**", "a//**", "src*/**", "**/x/**"]
)
def test_what_is_no_directory_is_refused(side: str) -> None:
    with pytest.raises(ValueError, match="mirror"):
        parse_pairs({side: "tests/**"})
