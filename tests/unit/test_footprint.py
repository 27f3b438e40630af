"""What a task touches: every layer, by itself and in order."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tracks.footprints.claim import Claim, Layer, anchored
from tracks.footprints.configured import parse_rules
from tracks.footprints.gathering import Facts, gather, observed, reserved
from tracks.footprints.mentioned import Names, mentioned_claims
from tracks.footprints.tree import Tree
from tracks.globs import compile_globs
from tracks.tasks.task import Task

TREE = Tree(
    b"""README.md src/app.py src/web/form.ts src/web/index.ts src/api/index.ts src/web/[id]/page.tsx
    docs/guide.md lib/store.py tools/store.py a/x.js b/x.js c/x.js d/x.js e/x.js .github/ci.yml
    Makefile docker/Dockerfile build bin/check""".split()
)


def claims_of(task: Task, *others: Task, **facts: object) -> tuple[Claim, ...]:
    """The claims of one task."""
    tasks = {each.id: each for each in (task, *others)}
    return gather(tasks, [task.id], TREE, Facts(**facts))[task.id].claims  # type: ignore[arg-type]


def named(text: str) -> set[str]:
    """The globs that a description mentions."""
    return {glob for claim in claims_of(Task("t", description=text)) for glob in claim.globs}


@pytest.mark.parametrize(
    ("text", "globs"),
    [
        ("change src/app.py, please", {"/src/app.py"}),
        ("see `src/web/form.ts:12-14`.", {"/src/web/form.ts"}),
        ("(./src/app.py)", {"/src/app.py"}),
        ("[the form](src/web/form.ts#L3)", {"/src/web/form.ts"}),
        ("web/form.ts and form.ts", {"/src/web/form.ts"}),
        ("index.ts is one of two", {"/src/web/index.ts", "/src/api/index.ts"}),
        ("x.js has too many namesakes", set()),
        ("all of src/web/ moves", {"/src/web/"}),
        ("the web/ directory", {"/src/web/"}),
        ("page src/web/[id]/page.tsx", {r"/src/web/\[id]/page.tsx"}),
        ("every src/**/*.ts", {"/src/**/*.ts"}),
        ("no lib/**/*.ts is there", set()),
        ("a new src/web/login.ts", {"/src/web/login.ts"}),
        ("not nowhere/login.ts", set()),
        ("repo/checkout/src/app.py", {"/src/app.py"}),
        ("https://example.org/src/app.py e.g. v1.2 and/or i.e. 3.14", set()),
        ("Makefile:12, the Dockerfile", {"/Makefile", "/docker/Dockerfile"}),
        ("build it and `check` it, then make build.", set()),
        ("run `build` first", {"/build"}),
        ("rebuild it\n\nFiles:\n- build\n- check", {"/build"}),
        ("../src/app.py/../.. and /etc/passwd and src/../x.py and src/.git/x.py", set()),
    ],
)
def test_a_text_mentions_what_the_tree_knows(text: str, globs: set[str]) -> None:
    assert named(text) == globs


def test_a_word_of_a_thousand_line_numbers_is_passed_over_as_fast_as_others() -> None:
    words = [f"src/app.py{n}{':1' * 2000}x" for n in range(100)]
    assert named(" ".join([*words, "src/app.py:1:2-4,7"])) == {"/src/app.py"}


def test_a_mention_is_worth_what_its_place_is() -> None:
    text = (
        "Talk of lib/store.py.\n\n## Files to modify\n- src/app.py\n\n## Example\n```\nsrc/web/form.ts\n```\n"
    )
    found = claims_of(Task("t", title="README.md is wrong", description=text))
    assert [claim.path for claim in found] == ["src/app.py", "lib/store.py", "README.md", "src/web/form.ts"]
    assert found[0].why == "src/app.py in its description, in a list of files"
    assert found[3].confidence < 0.3 < found[2].confidence


def test_notes_of_what_is_done_are_not_read() -> None:
    task = Task("t", notes="changed src/app.py")
    assert claims_of(task)
    assert not claims_of(task._replace(status="closed"))


@pytest.mark.parametrize(
    ("metadata", "labels", "globs"),
    [
        ({"poolmgr": {"globs": ["src/**", "!src/gen"]}}, (), ("src/**", "!src/gen")),
        ({"poolmgr.globs": '["src/web/**"]'}, (), ("src/web/**",)),
        ({"files": ["README.md", "./src/[id].ts"]}, (), ("/README.md", r"/src/\[id].ts")),
        ({"files_scope": "src/**"}, (), ("src/**",)),
        ({"footprint": {"files": ["src/web"]}}, (), ("/src/web",)),
        ({}, ("files:src/*.py",), ("src/*.py",)),
        ({}, ("path:src/web/", "other"), ("/src/web/",)),
    ],
)  # fmt: skip
def test_a_task_declares_paths(
    metadata: Mapping[str, object], labels: tuple[str, ...], globs: tuple[str, ...]
) -> None:
    (claim,) = claims_of(Task("t", metadata=metadata, labels=labels))
    assert claim.globs == globs
    assert claim.layer is Layer.DECLARED


@pytest.mark.parametrize(
    "metadata", [{"files": [1, None, ""]}, {"files": {"a": 1}}, {"poolmgr": "x"}, {"files": "[" * 9999}]
)
def test_metadata_of_another_shape_declares_nothing(metadata: Mapping[str, object]) -> None:
    assert all(claim.layer is not Layer.RESERVED for claim in claims_of(Task("t", metadata=metadata)))


def test_what_is_no_glob_is_named_and_the_rest_is_used() -> None:
    task = Task("t", metadata={"poolmgr": {"globs": ["../out", "src/**"]}})
    footprint = gather({"t": task}, ["t"], TREE, Facts())["t"]
    assert footprint.claims[0].globs == ("src/**",)
    assert footprint.faults == ("t: metadata poolmgr.globs: '../out': `..` leads out of the repository",)


def test_the_nearest_ancestor_declares_for_who_declares_nothing() -> None:
    top = Task("e", metadata={"files": ["README.md"]})
    middle = Task("e.1", parent="e", labels=("files:src/**",))
    (claim,) = claims_of(Task("e.1.1", parent="e.1"), middle, top)
    assert claim.globs == ("src/**",)
    assert claim.why == "e.1, above it: label files:src/**"
    (claim,) = claims_of(Task("e.2", parent="e"), top)
    assert claim.globs == ("/README.md",)


def test_parents_in_a_circle_end() -> None:
    assert claims_of(Task("a", parent="b"), Task("b", parent="a")) == ()


def test_the_settings_say_what_a_label_a_type_or_a_title_touches() -> None:
    rules = parse_rules(
        {"label:area/*": "src/web/**", "type:docs": "docs/** *.md", "title:*Log?In*": r"a\ b/**"}
    )
    found = claims_of(Task("t", title="Fix the log-in form", type="docs", labels=("Area/Web",)), rules=rules)
    assert {claim.globs for claim in found} == {("src/web/**",), ("docs/**", "*.md"), (r"a\ b/**",)}
    assert {claim.layer for claim in found} == {Layer.CONFIGURED}
    assert claims_of(Task("t", title="Other"), rules=rules) == ()


@pytest.mark.parametrize(
    "mapping",
    [{"web": "src/**"}, {"owner:x": "src"}, {"label:": "src"}, {"label:x": " "}, {"type:x": "../y"}],
)
def test_a_rule_that_says_nothing_is_refused(mapping: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"none of|names no glob|\.\."):
        parse_rules(mapping)


def test_the_strongest_layer_comes_first() -> None:
    seen = {"t": (reserved(("lib/**",), "pool-wt-1"), observed("docs/guide.md", "alice/t"))}
    task = Task("t", description="src/app.py", metadata={"files": ["README.md"]})
    layers = [claim.layer for claim in claims_of(task, seen=seen)]
    assert layers == [Layer.OBSERVED, Layer.RESERVED, Layer.DECLARED, Layer.MENTIONED]
    assert gather({"u": Task("u")}, ["u"], TREE, Facts())["u"].layer is Layer.UNKNOWN


@given(some.text(alphabet="ab/.*[]()\\ \n`:#-~\ud800\udcff\x00é{}!", max_size=60))
def test_any_text_has_claims_that_are_globs(text: str) -> None:
    names = Names(Tree([b"a", b"b/a.b", b"b/[a]", b"a b/b.a", b"\xff/a.b"]))
    for claim in mentioned_claims(Task("t", title=text, description=text), names):
        globs = compile_globs(claim.globs)
        assert claim.path is None or globs.matches(claim.path)


@given(some.text(min_size=1, max_size=20))
def test_the_glob_of_a_path_means_that_path(name: str) -> None:
    path = "".join(char for char in name if char.isprintable()).strip("/. ") or "x"
    if "//" not in path and not {".", ".."} & set(path.split("/")):
        assert compile_globs((anchored(path),)).matches(path)
