"""What globs match, and which texts are none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracks.globs import GlobError, compile_globs, parse_glob

MATCHES = [
    ("*.pyc", "a/b/c.pyc"),
    ("build/", "build/out.txt"),
    ("build/", "a/build/deep/out.txt"),
    ("/build", "build"),
    ("src/*.py", "src/a.py"),
    ("src/**/test", "src/test"),
    ("src/**/test", "src/a/b/test/x"),
    ("src/**", "src/a/b"),
    ("**/gen", "a/gen"),
    ("[a-c]x", "bx"),
    ("[!a-c]x", "dx"),
    ("[^a]x", "bx"),
    ("[[:digit:]]", "7"),
    ("[]a]", "]"),
    ("\\!important", "!important"),
    ("\\#notes", "#notes"),
    ("a\\*", "a*"),
    ("a/b**/c", "a/bc/d/c"),
    ("\\-rf", "-rf"),
    ("line*end", "line\nend"),
    ("caf??", "café"),
]
MISSES = [
    ("build/", "build"),
    ("/build", "a/build"),
    ("src/*.py", "src/a/b.py"),
    ("src/*.py", "lib/src/a.py"),
    ("src/**", "src"),
    ("src/*", "src"),
    ("[a/b]c", "/c"),
    ("*.py", "a.pyc"),
    ("a\\*", "ab"),
    ("caf?", "café"),
    ("Readme", "README"),
]


@pytest.mark.parametrize(("glob", "path"), MATCHES)
def test_a_glob_matches(glob: str, path: str) -> None:
    assert compile_globs([glob]).matches(path)


@pytest.mark.parametrize(("glob", "path"), MISSES)
def test_a_glob_does_not_match(glob: str, path: str) -> None:
    assert not compile_globs([glob]).matches(path)


@pytest.mark.parametrize(
    ("glob", "path", "is_match"),
    [
        ("Readme", "README", True),
        ("SRC/*.Py", "src/A.pY", True),
        ("\\readme", "README", True),
        ("[a-c]x", "Bx", True),
        ("[A-C]x", "bX", True),
        ("[[:upper:]]", "a", True),
        ("É", "é", False),
        # Git compares these with the lower case of the path, and so do we.
        ("[A]x", "ax", False),
        ("[A]x", "Ax", False),
        ("\\Readme", "Readme", False),
    ],
)
def test_case_is_folded_as_git_folds_it(glob: str, path: str, *, is_match: bool) -> None:
    assert compile_globs([glob], fold=True).matches(path) is is_match


def test_a_trailing_slash_takes_directories_only() -> None:
    globs = compile_globs(["build/"])
    assert globs.matches("a/build", is_dir=True)
    assert not globs.matches("a/build")


def test_the_last_match_wins() -> None:
    globs = compile_globs(["*.log", "!keep.log", "/keep.log"])
    assert globs.matches("a.log")
    assert not globs.matches("a/keep.log")
    assert globs.matches("keep.log")


def test_nothing_comes_back_from_below_a_matched_directory() -> None:
    assert compile_globs(["d/", "!d/x"]).matches("d/x")
    assert not compile_globs(["d/*", "!d/x"]).matches("d/x")


def test_paths_are_bytes_that_need_not_be_text() -> None:
    assert compile_globs(["*.txt"]).matches(b"a\xff\n.txt")
    assert compile_globs(["\udcff?"]).matches(b"\xffx")


def test_no_globs_match_nothing() -> None:
    assert not compile_globs([]).matches("a")


def test_lines_are_what_git_reads() -> None:
    assert compile_globs(["a  ", "b\\ ", "!c"]).lines == ("a", "b\\ ", "!c")


REFUSED = [
    ("", "empty"),
    ("/", "empty"),
    ("!", "empty"),
    ("  ", "empty"),
    ("a\nb", "newline"),
    ("a\0b", "NUL"),
    ("a\r", "carriage return"),
    ("#a", "comment"),
    ("../a", "leads out"),
    ("a/../b", "leads out"),
    ("./a", "`.` component"),
    ("a//b", "empty component"),
    ("a\\", "backslash"),
    ("a\\/b", "slash cannot be escaped"),
    ("a\\/", "slash cannot be escaped"),
    ("[a", "not closed"),
    ("[a-", "not closed"),
    ("[a\\", "backslash"),
    ("[[:nope:]]", "no class"),
    ("-rf", "option"),
    ("--stdin", "option"),
    ("\ufeffa", "byte order mark"),
    ("\ud800", "no file name"),
    ("a" * 4097, "longer than a path"),
]


@pytest.mark.parametrize(("glob", "reason"), REFUSED)
def test_a_text_that_is_no_glob_is_refused_by_name(glob: str, reason: str) -> None:
    with pytest.raises(GlobError, match=re.escape(reason)) as caught:
        parse_glob(glob)
    assert caught.value.glob == glob


@given(st.text(alphabet="ab/*?[]!^-\\:. #", max_size=12), st.text(alphabet="ab/.-]", max_size=12))
def test_any_text_is_a_glob_or_refused(glob: str, path: str) -> None:
    try:
        globs = compile_globs([glob])
    except GlobError:
        return
    globs.matches(path)


NAMES = [b"a" * 4000, b"a/" * 2000 + b"c", b"a/a/a/a/d/" * 400 + b"c"]


@pytest.mark.parametrize(
    "glob",
    [
        "*a" * 2000 + "b",
        "/".join(["**", "a"] * 30) + "/b",
        "/" + "a*" * 30 + "/**/" + "*a" * 30 + "b",
        "**/*a/*a/*a/*z",
        "**/" * 1300 + "z",
        "[a-z]*" * 600 + "1",
        "*/" * 1300 + "z",
        "*" * 4000 + "z",
    ],
    ids=lambda glob: str(glob[:9]),
)
def test_no_glob_takes_exponential_time(glob: str) -> None:
    for globs in (compile_globs([glob]), compile_globs(["z", f"!{glob}"])):
        assert not any(map(globs.matches, NAMES))
