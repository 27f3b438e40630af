"""A file of tasks that people write: plain words become Beads' own, faults are named by line."""

from __future__ import annotations

import pytest

from poolmgr.services.planning.yaml_tasks import parse_yaml_tasks
from tracks.tasks.beads import Parsed
from tracks.tasks.task import Edge


def parsed(text: str) -> Parsed:
    """The tasks of a text."""
    return parse_yaml_tasks(text.encode(), "tasks.yaml")


def faults(text: str) -> list[tuple[int, str]]:
    """What is wrong with a text, by line."""
    return [(problem.line, problem.why) for problem in parsed(text).problems]


def test_plain_words_become_a_task() -> None:
    found = parsed("- {id: a, type: bug, needs: [b, 7], files: src/**, estimate: 30, parent: e, labels: [x]}")
    task = found.tasks[0]
    assert found.problems == ()
    assert task.edges == (Edge("a", "b"), Edge("a", "7"), Edge("a", "e", "parent-child"))
    assert (task.type, task.estimate, task.parent, task.labels) == ("bug", 30, "e", ("x",))
    assert task.metadata == {"files": ["src/**"]}


def test_beads_own_words_are_taken_too() -> None:
    text = """
tasks:
- id: a
  issue_type: bug
  estimated_minutes: 5
  acceptance_criteria: it works
  metadata: {poolmgr: {globs: ["x/**"]}}
  files: [y]
  dependencies: [{depends_on_id: b, type: conditional-blocks}]
  needs: c
  defer_until: 2026-01-02
"""
    task = parsed(text).tasks[0]
    assert (task.type, task.estimate, task.acceptance) == ("bug", 5, "it works")
    assert task.metadata == {"poolmgr": {"globs": ["x/**"]}, "files": ["y"]} or task.metadata["files"] == [
        "y"
    ]
    assert [(edge.target, edge.kind) for edge in task.edges] == [("b", "conditional-blocks"), ("c", "blocks")]
    assert task.defer_until is not None
    assert parsed(text).problems == ()


def test_what_is_done_is_closed() -> None:
    task = parsed('- {id: a, status: done, title: "\\uD800"}').tasks[0]
    assert (task.status, task.title) == ("closed", "\ufffd")


@pytest.mark.parametrize("written", ["12", "1.1", "1.10", "010", "0x10", "1_000", "yes", "2026-01-02"])
def test_a_text_counts_as_it_is_written(written: str) -> None:
    task, other = parsed(
        f"- {{id: {written}, title: {written}, labels: [{written}]}}\n"
        f"- {{id: b, needs: [{written}], dependencies: [{{depends_on_id: {written}, type: related}}]}}"
    ).tasks
    assert (task.id, task.title, task.labels) == (written, written, (written,))
    assert {(edge.target, edge.kind) for edge in other.edges} == {(written, "blocks"), (written, "related")}
    assert parsed(f"- {{id: a, parent: {written}}}").tasks[0].parent == written


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- {id: a, titel: x}", [(1, "titel is no word of a task; did you mean title?")]),
        ("- id: a\n- {title: x}", [(2, "has no id")]),
        ("- id: null", [(1, "has no id")]),
        ("- {id: a, needs: [[b]]}", [(1, "needs has something in it that is no text")]),
        ("- {id: a, priority: high}", [(1, "priority is none of 0, 1, 2, 3, 4")]),
        ("- {id: a}\n\n- {id: a}", [(3, "a stands here again; the first one counts")]),
        ("", []),
        ("tasks:", []),
        ("tasks: [{id: a}]\nmore: 1", [(2, "more is no word here; tasks is")]),
    ],
)
def test_faults_are_named_with_their_line(text: str, found: list[tuple[int, str]]) -> None:
    assert faults(text) == found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("tasks: 3", 1), ("other: [x]", 1), ("- words", 1), ("- {id: a", 1), ("- &x {id: a}\n- *x", 1),
        ("- id: a\n  id: b", 2), ("- !!python/object:os.system {id: a}", 1),
    ],
)  # fmt: skip
def test_what_is_no_list_of_tasks_is_named(text: str, line: int) -> None:
    found = parsed(text)
    assert found.tasks == ()
    assert [problem.line for problem in found.problems] == [line]


def test_many_tasks_are_not_too_many() -> None:
    assert len(parsed("".join(f"- {{id: a-{number}, needs: [a-0]}}\n" for number in range(700))).tasks) == 700
