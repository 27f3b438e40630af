"""What the past tells of one task: what changes together, and who closes what."""

from __future__ import annotations

from typing import Any

import pytest

from tracks.conflicts.ground import Ground
from tracks.conflicts.learning import footprint_of
from tracks.footprints.claim import Claim, Layer
from tracks.footprints.gathering import Facts
from tracks.footprints.learned import Change
from tracks.footprints.together import BROAD
from tracks.footprints.tree import Tree
from tracks.globs import compile_globs
from tracks.tasks.task import Task

FILES = ("src/a.py", "src/b.py", "src/c.py", "docs/guide.md")
A, B, C, GUIDE = FILES


def learned(
    task: Task, *, past: tuple[tuple[Task, Change], ...] = (), commits: tuple[frozenset[str], ...] = ()
) -> dict[str | None, Claim]:
    """The learned claims of a task, by path."""
    tasks = {each.id: each for each, _ in past} | {task.id: task}
    changes = tuple(change for _, change in past)
    tree = Tree(path.encode() for path in FILES)
    ground = Ground(tasks, tree, Facts(), changes, compile_globs(()), commits)
    claims = footprint_of(ground, task.id).claims
    return {claim.path: claim for claim in claims if claim.layer is Layer.LEARNED}


def done(number: int, *files: str, authors: tuple[str, ...] = (), **fields: Any) -> tuple[Task, Change]:
    """A task of the past, of words that no other has, and what its commits changed."""
    task = Task(f"t-{number}", title=f"word{'x' * number}", status="closed", type=f"type{number}")
    change = Change(task.id, float(number), frozenset(files), frozenset(authors))
    return task._replace(**fields), change


def test_what_changed_with_a_file_that_a_text_names_is_expected_with_it() -> None:
    both, alone = frozenset({A, B}), frozenset({A})
    found = learned(Task("t-9", description=f"See {A}"), commits=(both, both, both, alone, frozenset({C})))
    assert set(found) == {B}
    assert f"changes with {A}: 3 of 4 commits" in found[B].why
    assert found[B].confidence == pytest.approx(0.4 * 0.62 * 3 / 6)
    declared = learned(Task("t-9", metadata={"files": [A]}), commits=(both, both, both, alone))
    assert declared[B].confidence > found[B].confidence


def test_one_commit_a_broad_one_and_a_file_that_is_gone_tell_nothing() -> None:
    task = Task("t-9", description=f"See {A}")
    broad = frozenset({A, B, *(f"{number}.py" for number in range(BROAD))})
    assert learned(task, commits=(frozenset({A, B}),)) == {}
    assert learned(task, commits=(broad,) * 9) == {}
    assert learned(task, commits=(frozenset({A, "gone.py"}),) * 9) == {}


@pytest.mark.parametrize(
    ("theirs", "own", "words", "worth"),
    [
        ({"assignee": "Alice"}, {"assignee": "alice"}, "of alice", 0.25),
        ({"labels": ("web",)}, {"labels": ("ui", "web")}, "labelled web", 0.6),
        ({"parent": "t-5"}, {"parent": "t-5"}, "below t-5", 0.6),
        ({"type": "docs"}, {"type": "docs"}, "of type docs", 0.25),
    ],
)
def test_tasks_that_have_something_in_common_tell_of_one_another(
    theirs: dict[str, Any], own: dict[str, Any], words: str, worth: float
) -> None:
    past = (*(done(number, B, **theirs) for number in range(3)), done(3, A), done(4, A), done(5, A))
    found = learned(Task("t-9", title="New")._replace(**own), past=past)
    assert set(found) == {B}
    assert found[B].why == f"3 of 3 tasks {words} changed it"
    assert found[B].confidence == pytest.approx(worth * (3 + 2 * 3 / 6) / 5)


def test_who_made_the_commits_closed_the_task() -> None:
    names = ("Alice Ä", "alice@example.com")
    past = (done(0, B, authors=names), done(1, B, authors=names), done(2, A), done(3, A))
    for assignee in ("alice", "Alice ä", "ALICE@example.com"):
        assert set(learned(Task("t-9", assignee=assignee), past=past)) == {B}
    assert learned(Task("t-9", assignee="bob"), past=past) == {}


def test_what_all_do_as_often_is_nothing_that_a_type_tells() -> None:
    past = tuple(done(number, A, type="task") for number in range(4))
    assert learned(Task("t-9", title="New"), past=past) == {}
    assert set(learned(Task("t-9", title="New", assignee="x"), past=past)) == set()


def test_a_parent_in_a_circle_ends() -> None:
    past = (done(0, B, parent="t-1"), done(1, B, parent="t-0"))
    assert learned(Task("t-9", parent="t-0"), past=past)[B].confidence > 0.3


def test_several_reasons_for_a_path_stand_together_the_strongest_first() -> None:
    past = tuple(done(number, B, title="parse nested quotes", assignee="ann") for number in range(3))
    task = Task("t-9", title="parse nested quotes", assignee="ann", description=f"See {A}")
    claim = learned(task, past=(*past, done(3, C), done(4, C)), commits=(frozenset({A, B}),) * 3)[B]
    assert [part.split(":")[0] for part in claim.why.split("; ")] == [
        "tasks like it changed it", "3 of 3 tasks of ann changed it", f"changes with {A}",
    ]  # fmt: skip
    assert claim.confidence <= 0.9
