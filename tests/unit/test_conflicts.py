"""Pairs of tasks that collide: the index against all pairs, and what each pair is called."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import combinations

import pytest

from tests.unit.test_meeting_brute import PATHS, draw_list
from tracks.conflicts.claimed import CROWD, CROWDED, Conflict, Index, Severity, list_conflicts, list_hot
from tracks.footprints.claim import Claim, Footprint, Layer, path_claim
from tracks.footprints.tree import Tree
from tracks.globs import compile_globs
from tracks.overlap.kinds import Kinds
from tracks.overlap.meeting import find_proof, find_shared

TREE = Tree([b"src/app.py", b"src/web/form.ts", b"README.md", b"CHANGELOG.md", b"docs/a.md"])
SHARED = compile_globs(("CHANGELOG*",))
ROUNDS = 200


def declared(*globs: str) -> Claim:
    return Claim(globs, Layer.DECLARED, 0.9, "metadata")


def mentioned(path: str, confidence: float = 0.6) -> Claim:
    return path_claim(path, Layer.MENTIONED, confidence, "text")


def footprints_of(*claims: tuple[Claim, ...]) -> list[Footprint]:
    return [Footprint(f"t{number:03}", own) for number, own in enumerate(claims)]


def conflicts_of(*claims: tuple[Claim, ...]) -> list[Conflict]:
    return list_conflicts(Index(footprints_of(*claims), TREE), SHARED)


def capitals(lines: Iterable[str]) -> list[str]:
    return [line if "[" in line else line.replace("b", "Ü") for line in lines]


@pytest.mark.parametrize("fold", [False, True], ids=["exact case", "folded case"])
def test_the_index_finds_the_pairs_that_all_pairs_have(share: float, *, fold: bool) -> None:
    draw = random.Random(f"{fold}")
    for _ in range(round(ROUNDS * share)):
        files = draw.sample(PATHS, k=draw.choice((0, 5, 40)))
        lists = {f"t{number}": draw_list(draw, fold=fold) for number in range(8)}
        lists = {
            name: globs for name, globs in lists.items() if not all(each.negated for each in globs.globs)
        }
        if draw.random() < 0.5:  # a capital that git does not fold
            files = [path.replace(b"b", "Ü".encode()) for path in files]
            lists = {name: compile_globs(capitals(globs.lines), fold=fold) for name, globs in lists.items()}
        tree = Tree(files)
        footprints = [Footprint(name, (declared(*globs.lines),)) for name, globs in lists.items()]
        found = {
            (each.a, each.b): each
            for each in list_conflicts(Index(footprints, tree, fold=fold), compile_globs((), fold=fold))
        }
        for one, other in combinations(lists, 2):
            a, b = lists[one], lists[other]
            shared = find_shared(a, b, files)
            told = (a.lines, b.lines, files, found.get((one, other)))
            meets = shared is not None or find_proof(a, b, Kinds(files, fold=fold)) is not None
            assert ((one, other) in found) == meets, told
            if meets:
                (path,) = found[one, other].shared
                assert path.exists == (shared is not None), told
                assert a.matches(path.path), told
                assert b.matches(path.path), told


def test_a_conflict_is_as_severe_as_its_weaker_side() -> None:
    seen = path_claim("src/app.py", Layer.OBSERVED, 1.0, "changed on t")
    rule = Claim(("src/**",), Layer.CONFIGURED, 0.6, "label")
    pairs = [
        (seen, declared("src/**"), Severity.CERTAIN, Layer.DECLARED),
        (declared("src/app.py"), rule, Severity.LIKELY, Layer.CONFIGURED),
        (mentioned("src/app.py"), declared("src/"), Severity.LIKELY, Layer.MENTIONED),
        (mentioned("src/app.py", 0.2), declared("src/"), Severity.POSSIBLE, Layer.MENTIONED),
        (mentioned("CHANGELOG.md"), mentioned("CHANGELOG.md"), Severity.POSSIBLE, Layer.MENTIONED),
    ]
    for one, other, severity, layer in pairs:
        (conflict,) = conflicts_of((one,), (other,))
        assert (conflict.severity, conflict.shared[0].layer) == (severity, layer)
        assert (conflict.a, conflict.b) == ("t000", "t001")


def test_the_surest_pair_and_the_surest_path_come_first() -> None:
    found = conflicts_of(
        (mentioned("README.md"), mentioned("docs/a.md", 0.1)),
        (mentioned("README.md"), declared("src/web/**"), mentioned("docs/a.md")),
        (declared("src/web/form.ts"),),
    )
    assert [(each.a, each.b, each.severity) for each in found] == [
        ("t001", "t002", "certain"), ("t000", "t001", "likely"),
    ]  # fmt: skip
    assert [each.path for each in found[1].shared] == ["README.md", "docs/a.md"]
    assert found[0].as_json["witness"] == "src/web/form.ts"


def test_what_many_only_mention_is_hot_and_keeps_nobody_apart() -> None:
    many = [(mentioned("README.md"),) for _ in range(20)]
    assert conflicts_of(*many) == []
    found = conflicts_of(*many, (declared("README.md"),))
    assert len(found) == 20
    assert {each.severity for each in found} == {Severity.LIKELY}
    index = Index(footprints_of(*many), TREE)
    assert [(hot.path, hot.tasks) for hot in list_hot(index, SHARED)] == [("README.md", 20)]


def test_a_crowd_is_told_as_one_hot_path_with_its_tasks() -> None:
    crowd = [(declared("src/web/"),) for _ in range(CROWD + 1)]
    others = [(declared("src/web/form.ts"),) for _ in range(CROWD)]
    index = Index(footprints_of(*crowd, *others), TREE)
    told = list_conflicts(index, SHARED)
    assert {(each.a >= "t051", each.b >= "t051") for each in told} == {(True, True)}
    assert len(list_conflicts(index, SHARED, with_crowds=True)) == 101 * 100 / 2
    web, form = list_hot(index, SHARED)
    assert (web.path, web.tasks, len(web.ids)) == ("src/web/", 101, 101)
    assert (form.path, form.tasks) == ("src/web/form.ts", 50)
    assert (web.why, form.why) == (CROWDED, "many tasks name it")


def test_those_who_only_mention_a_path_make_no_crowd_of_those_who_claim_it() -> None:
    claimed, many = (declared("src/app.py"),), [(mentioned("src/app.py"),) for _ in range(49)]
    found = conflicts_of(claimed, claimed, *many)
    assert (found[0].a, found[0].b, found[0].severity) == ("t000", "t001", "certain")
    assert len(found) == 1 + 2 * 49
    index = Index(footprints_of(*[claimed] * 2, *many * 26), TREE)
    (certain,) = list_conflicts(index, SHARED)
    assert (certain.a, certain.b) == ("t000", "t001")
    assert [(hot.tasks, hot.why) for hot in list_hot(index, SHARED)] == [(2 + 49 * 26, CROWDED)]


def test_a_task_does_not_collide_with_itself() -> None:
    assert conflicts_of((declared("src/**"), mentioned("src/app.py"), declared("*.py"))) == []


def test_letters_beyond_ascii_are_not_folded_as_git_does_not() -> None:
    claims = (declared("docs/Übersicht.md"),), (declared("docs/Ü*"),), (declared("DOCS/übersicht.md"),)
    found = list_conflicts(Index(footprints_of(*claims), TREE, fold=True), SHARED)
    assert [(each.a, each.b) for each in found] == [("t000", "t001")]


def test_a_new_directory_meets_what_is_made_in_it() -> None:
    (conflict,) = conflicts_of((declared("/src/new"),), (mentioned("src/new/a.py"),))
    assert (conflict.shared[0].path, conflict.shared[0].exists) == ("src/new/a.py", False)


def test_floating_names_are_told_apart_by_name() -> None:
    pairs = conflicts_of(*((declared(f"name{number}.py"),) for number in range(100)))
    assert pairs == []
