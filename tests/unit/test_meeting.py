"""Where two lists of globs meet, with a path that shows it."""

from __future__ import annotations

import pytest

from tracks.globs import compile_globs
from tracks.overlap.kinds import Kinds
from tracks.overlap.meeting import find_meeting, find_proof, find_shared

KINDS = Kinds()
MEETINGS = [
    (["src/**"], ["*.py"], b"src/a.py"),
    (["src/web"], ["/src"], b"src/web"),
    (["src/web/"], ["src/web"], b"src/web/a"),
    (["src/web/**/*.ts"], ["src/**/test_*"], b"src/web/test_.ts"),
    (["docs"], ["src/web"], b"src/web/docs"),
    (["a*b*c"], ["*x*"], b"axbc"),
    (["[[:digit:]]?/"], ["x*"], b"0a/x"),
    (["*", "!*.md"], ["*.md"], b"a/a.md"),
    (["src/**", "!src/gen"], ["src/gen/x"], b"src/gen/x"),
    ([".github/"], [".github/*.yml"], b".github/a.yml"),
    (["?*"], ["caf\u00e9"], "caf\u00e9".encode()),
    (["\udcff*"], ["[\udcff]?"], b"\xffa"),
    (["a\\*"], ["?[*]"], b"a*"),
    (["a/b**/c"], ["a/*/*"], b"a/b/c"),
]
DISJOINT = [
    (["src/web"], ["src/webs"]),
    (["src/*.py"], ["src/*.ts"]),
    (["src/*", "!src/gen"], ["src/gen/x"]),
    (["/*.py"], ["/docs/"]),
    (["src/[a-f]*"], ["src/[!a-f]*"]),
    (["/?"], ["/[.]"]),
    ([".git/**"], [".git/config"]),
    (["/Readme"], ["/readme"]),
    (["/[a-]x"], ["/bx"]),
    ([], ["a"]),
    (["!a"], ["a"]),
    (["a", "!*"], ["a"]),
]


@pytest.mark.parametrize(("one", "other", "path"), MEETINGS)
def test_lists_meet_in_a_path_that_reads_well(one: list[str], other: list[str], path: bytes) -> None:
    assert find_meeting(compile_globs(one), compile_globs(other)) == path
    assert find_meeting(compile_globs(other), compile_globs(one)) is not None


@pytest.mark.parametrize(("one", "other"), DISJOINT)
def test_lists_without_a_common_path_do_not_meet(one: list[str], other: list[str]) -> None:
    assert find_meeting(compile_globs(one), compile_globs(other)) is None
    assert find_meeting(compile_globs(other), compile_globs(one)) is None


def test_a_meeting_names_the_globs_that_meet() -> None:
    meeting = find_proof(compile_globs(["/docs/", "src/web"]), compile_globs(["/lib", "src/**/*.ts"]))
    assert meeting == (b"src/web/a.ts", "src/web", "src/**/*.ts", True)


def test_case_folds_for_both_lists_or_for_none() -> None:
    upper, lower = (compile_globs([text], fold=True) for text in ("SRC/Web", "src/web"))
    assert find_meeting(upper, lower) == b"src/web"
    with pytest.raises(ValueError, match="one case rule"):
        find_meeting(upper, compile_globs(["src"]))


def test_a_name_with_an_ending_is_a_file_only_in_the_plain_reading() -> None:
    for one, other, path in (("*.py", "*.md", b"a.md/a.py"), ("src/app.py", "*.md", b"src/app.py/a.md")):
        globs = compile_globs([one]), compile_globs([other])
        assert find_meeting(*globs) == path
        assert find_meeting(*globs, KINDS) is None
    assert find_meeting(compile_globs(["*.[ch]"]), compile_globs(["*.[jt]s"]), KINDS) is None
    assert find_meeting(compile_globs(["*.d/"]), compile_globs(["*.md"]), KINDS) == b"a.d/a.md"
    assert find_meeting(compile_globs(["a**/b.py"]), compile_globs(["ab.py"]), KINDS) == b"ab.py"
    assert find_meeting(compile_globs(["**/b/*.py"]), compile_globs(["c/*.py"]), KINDS) is None
    assert find_meeting(compile_globs([".github"]), compile_globs(["*.md"]), KINDS) == b".github/a.md"


BASE = (b"Makefile", b"[a]/Tool", b"conf.d/a.txt", b"src/b.app/c.txt")
ON_BASE = [
    ("/Makefile", "*.py", None),
    ("/\\[a]/Tool", "*.py", None),
    ("/Makefile", "/Make*", b"Makefile"),
    ("/conf.d", "*.txt", b"conf.d/a.txt"),
    ("/conf.d", "/conf.d/new.md", b"conf.d/new.md"),
    ("/con*.d", "*.txt", b"con.d/a.txt"),
    ("*.app", "src/**/d.md", b"src/a.app/d.md"),
    ("/conf.e", "*.txt", None),
]


@pytest.mark.parametrize(("one", "other", "path"), ON_BASE)
def test_the_base_says_what_is_a_file_and_what_a_directory(one: str, other: str, path: bytes | None) -> None:
    assert find_meeting(compile_globs([one]), compile_globs([other]), Kinds(BASE)) == path
    folded = [compile_globs([text.upper()], fold=True) for text in (one, other)]
    met = find_meeting(folded[0], folded[1], Kinds(BASE, fold=True))
    assert met == (path.lower() if path else None)


def test_the_first_shared_file_is_found() -> None:
    files = [b"src/a.ts", b"docs/x.py", b"src/b.py", b"src/c.py"]
    globs = compile_globs(["src/"]), compile_globs(["*.py"])
    assert find_shared(*globs, files) == b"src/b.py"
    assert find_shared(*globs, files[:2]) is None
    assert find_shared(compile_globs([]), globs[0], files) is None
    assert find_shared(compile_globs(["src/*", "!src/b.py"]), globs[1], files) == b"src/c.py"


HOSTILE = [
    ("*a" * 1300 + "b", "*a" * 1300 + "c"),
    ("**/a/" * 800 + "b", "**/b/" * 800 + "c"),
    ("**/" * 1300 + "x", "y"),
    ("?" * 4000, "*" + "a" * 4000),
]


@pytest.mark.parametrize(("one", "other"), HOSTILE, ids=lambda text: str(text[:6]))
def test_hostile_globs_meet_rather_than_take_for_ever(one: str, other: str) -> None:
    assert find_meeting(compile_globs([one]), compile_globs([other])) is not None
    assert find_meeting(compile_globs(["*", f"!{one}"]), compile_globs([other])) is not None


def test_what_would_take_too_long_is_a_meeting_that_is_not_proven() -> None:
    name = "*a" + "?" * 30
    meeting = find_proof(compile_globs(["/*", f"!/{name}"]), compile_globs([f"/{name}/x"]))
    assert meeting is not None
    assert not meeting.is_proven
    assert compile_globs([f"/{name}/x"]).matches(meeting.path)


def test_long_lists_are_told_apart() -> None:
    ones = compile_globs(f"src/part{number}/**/*.py" for number in range(300))
    others = compile_globs(f"lib/part{number}/" for number in range(300))
    assert find_meeting(ones, others) is None
    ones = compile_globs(f"src/*/one{number}.py" for number in range(60))
    others = compile_globs(f"*two{number}.[ch]" for number in range(60))
    assert find_meeting(ones, others, KINDS) is None
    assert find_meeting(ones, compile_globs(f"src/*/two{number}/" for number in range(60))) is None
