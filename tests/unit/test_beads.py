"""Issues of every era are read as tasks; what is wrong is named by file and line, the rest is used."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.beads import issue, lines
from tracks.tasks.backup import parse_backup
from tracks.tasks.beads import BadAnswer, Sign, parse_answer, parse_issues
from tracks.tasks.task import Edge, Task

GATE = '{"gate": "any-children"}'


def one(**fields: Any) -> Task:
    """The task of one issue with these fields."""
    parsed = parse_issues(lines([{"id": "a-1", **fields}]), "f")
    assert parsed.problems == ()
    return parsed.tasks[0]


def faults(content: bytes) -> list[tuple[int, str]]:
    """What is wrong with a file, by line."""
    return [(problem.line, problem.why) for problem in parse_issues(content, "f").problems]


def test_what_is_left_out_has_the_value_that_bd_gives_it() -> None:
    task = one(title="x")
    assert (task.status, task.type, task.priority, task.labels, task.edges) == ("open", "task", 2, (), ())
    assert (task.estimate, task.pinned, task.ephemeral, task.defer_until, task.parent) == (
        None, False, False, None, None,
    )  # fmt: skip


def test_an_issue_is_read_with_all_its_fields() -> None:
    task = one(
        title="t", status="in_progress", priority=0, issue_type="bug", labels=["files:a"], assignee="me",
        estimated_minutes=30, pinned=True, ephemeral=True, is_template=True, description="d", design="e",
        acceptance_criteria="f", notes="g", metadata={"files": ["x"]}, close_reason="h",
        defer_until="2026-01-02T03:04:05.123456789+02:00", created_at="2026-01-02T03:04:05Z",
    )  # fmt: skip
    assert task.defer_until == datetime(2026, 1, 2, 1, 4, 5, 123456, tzinfo=UTC)
    assert task.created == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (task.type, task.priority, task.estimate, task.metadata) == ("bug", 0, 30, {"files": ["x"]})
    assert (task.pinned, task.ephemeral, task.template) == (True, True, True)
    assert (task.description, task.design, task.acceptance, task.notes) == ("d", "e", "f", "g")


def test_rows_of_a_table_have_numbers_for_flags_text_for_objects_and_empty_texts() -> None:
    task = one(pinned=1, ephemeral=0, metadata='{"files": ["x"]}', status="", issue_type="", defer_until="")
    assert (task.pinned, task.ephemeral, task.status, task.type) == (True, False, "open", "task")
    assert task.metadata == {"files": ["x"]}


def test_a_wisp_is_known_by_its_older_name() -> None:
    assert one(wisp=True).ephemeral


def test_unknown_types_and_statuses_are_kept() -> None:
    task = one(status="pending_review", issue_type="not_a_real_type")
    assert (task.status, task.type) == ("pending_review", "not_a_real_type")


def test_edges_are_read_in_both_shapes_with_their_metadata() -> None:
    rows: list[dict[str, Any]] = [
        {"issue_id": "a-1", "depends_on_id": "a-2", "type": "waits-for", "metadata": GATE},
        {"id": "a-3", "title": "whole", "status": "open", "dependency_type": "parent-child"},
        {"depends_on_id": "external:other:thing"},
    ]  # fmt: skip
    task = one(dependencies=rows)
    assert task.edges == (
        Edge("a-1", "a-2", "waits-for", {"gate": "any-children"}),
        Edge("a-1", "a-3", "parent-child"),
        Edge("a-1", "external:other:thing", "blocks"),
    )
    assert task.parent == "a-3"


@pytest.mark.parametrize(
    ("fields", "parent"),
    [
        ({"id": "a-1.2"}, "a-1"),
        ({"id": "a-1.2.3"}, "a-1.2"),
        ({"id": "v1.2-x"}, None),
        ({"id": ".e2e-test"}, None),
        ({"id": "a-1.2", "parent_id": "a-9"}, "a-9"),
        ({"id": "a-1.2", "dependencies": [{"depends_on_id": "a-7", "type": "parent-child"}]}, "a-7"),
    ],
)
def test_the_parent_is_that_of_the_edge_else_of_the_id(fields: dict[str, Any], parent: str | None) -> None:
    assert one(**fields).parent == parent


def test_bad_lines_are_named_and_the_good_ones_used() -> None:
    good = [json.dumps(issue(f"a-{number}")).encode() for number in range(4)]
    content = b"\n".join(
        [
            b"<<<<<<< HEAD", good[0], b"=======", good[1], b">>>>>>> theirs", b"", b'{"id": "a-9", "tit',
            b"[]", b'{"title": "nameless"}', b'"\xff"', b"{" * 100_000, b'{"id": "a-8", "priority": NaN}',
            good[2] + b"\r", b'{"_type":"memory","key":"k","value":"v"}', b'{"_schema":"beads-jsonl/1"}',
            b'{"_type":"riddle"}', good[3],
        ]
    )  # fmt: skip
    assert [task.id for task in parse_issues(content, "f").tasks] == ["a-0", "a-1", "a-2", "a-3"]
    assert faults(content) == [
        (1, "is a conflict marker"), (3, "is a conflict marker"), (5, "is a conflict marker"),
        (7, "ends in the middle"), (8, "is no object"), (9, "has no id"), (10, "is not UTF-8"),
        (11, "ends in the middle"), (12, "is no JSON"), (16, "has an unknown _type"),
    ]  # fmt: skip


def test_a_field_of_the_wrong_type_costs_the_field_alone() -> None:
    row = issue("a-1", labels=["x", 3], priority=9, pinned="yes", estimated_minutes="long", due=1)
    row |= {"defer_until": "soon", "metadata": "{", "dependencies": [3, {"type": "blocks"}], "notes": []}
    task = parse_issues(lines([row]), "f").tasks[0]
    assert (task.labels, task.priority, task.pinned, task.estimate) == (("x",), 2, False, None)
    assert (task.defer_until, task.metadata, task.edges, task.notes) == (None, {}, (), "")
    assert len(faults(lines([row]))) == 9


def test_an_estimate_of_more_digits_than_can_be_added_up_costs_the_estimate_alone() -> None:
    content = b'{"id": "a-1", "estimated_minutes": ' + b"9" * 4300 + b"}\n"
    assert [task.estimate for task in parse_issues(content, "f").tasks] == [None]
    assert faults(content) == [(1, "estimated_minutes is no number of minutes")]


def test_of_two_lines_with_one_id_the_first_counts() -> None:
    content = lines([issue("a-1", title="first"), issue("a-1", title="second")])
    assert [task.title for task in parse_issues(content, "f").tasks] == ["first"]
    assert faults(content) == [(2, "a-1 stands here again; the first one counts")]


def test_a_mark_at_the_beginning_and_separators_inside_of_texts_are_no_fault() -> None:
    content = b"\xef\xbb\xbf" + lines([issue("a-1", title="one\u2028two\u0085three")])
    assert parse_issues(content, "f").tasks[0].title == "one\u2028two\u0085three"
    assert faults(content) == []


def test_half_a_character_is_replaced_and_whole_ones_stay() -> None:
    content = b'{"id": "a-\\uD800", "title": "\\ud83d\\ude00 \\udc00", "labels": ["\\udfff"]}'
    task = parse_issues(content, "f").tasks[0]
    assert (task.id, task.title, task.labels) == ("a-\ufffd", "\U0001f600 \ufffd", ("\ufffd",))


def test_what_betrays_the_writer_is_found() -> None:
    assert parse_issues(lines([issue("a")]), "f").signs == frozenset()
    assert parse_issues(lines([issue("a", status="tombstone")]), "f").signs == {Sign.TOMBSTONE}
    assert parse_issues(lines([issue("a", comment_count=0)]), "f").signs == {Sign.COUNTS}
    assert parse_issues(lines([issue("a", _type="issue")]), "f").signs == {Sign.TYPED_LINES}
    assert parse_issues(lines([issue("a", dependency_count=1)]), "f").signs == {Sign.EDGES_COUNTED}


@pytest.mark.parametrize(
    ("answer", "ids"),
    [
        ([issue("a"), issue("b")], ["a", "b"]),
        ({"schema_version": 1, "data": [issue("a")]}, ["a"]),
        ({"schema_version": 1, **issue("a")}, ["a"]),
        ({"ready": [issue("a")], "blocked": [issue("b")], "cycles": [], "schema_version": 1}, ["a", "b"]),
        ({"schema_version": 1, "data": None}, []),
        ([], []),
    ],
)
def test_answers_are_read_bare_and_in_the_envelope(answer: object, ids: list[str]) -> None:
    assert [task.id for task in parse_answer(json.dumps(answer), "bd list").tasks] == ids


def test_an_answer_that_is_none_says_why() -> None:
    assert parse_answer(" \n", "bd list").tasks == ()
    with pytest.raises(BadAnswer, match="no beads database found"):
        parse_answer('{"error": "no beads database found", "schema_version": 1}', "bd list")
    with pytest.raises(BadAnswer, match="is no JSON"):
        parse_answer("\U0001f4cb Ready work (4 issues)", "bd list")
    for text in ('{"ok": true}', "5", '"hello"'):
        with pytest.raises(BadAnswer, match="lists no issues"):
            parse_answer(text, "bd list")


def test_warnings_around_an_answer_do_no_harm() -> None:
    answer = json.dumps([issue("a")], indent=2)
    for text in (
        f"Warning: old daemon\n[warn] {{x}}\n{answer}\n",
        f"{answer}\n[done]\n",
        f"[1] x\r\n{answer}",
    ):
        assert [task.id for task in parse_answer(text, "bd list").tasks] == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        '{"id":"a-1"}\n{"id":"a-2"}\n',
        '[\n{"id":"a-1"},\n{"id":"a-2"}\n',
        '{"id":"a-1"},\n{"id":"a-2"}\n]\n',
        '[]\n[{"id":"a-1"}]',
        '{"data":[\r\n  {"id":"a-1"},\r\n[]\r\n',
    ],
)
def test_a_part_of_an_answer_is_not_taken_for_all_of_it(text: str) -> None:
    with pytest.raises(BadAnswer, match="is no JSON"):
        parse_answer(text, "bd list")


def test_the_rows_of_a_backup_are_put_together() -> None:
    rows = lines([issue("a-1", labels=None), issue("a-2")])
    edges = lines([issue("a-1", "a-2")["dependencies"][0], {"issue_id": "a-9", "depends_on_id": "a-1"}])
    labels = lines([{"issue_id": "a-2", "label": "x"}])
    parsed = parse_backup(rows, edges, labels, ".beads/backup/issues.jsonl")
    assert parsed.tasks[0].edges == (Edge("a-1", "a-2"),)
    assert parsed.tasks[1].labels == ("x",)
    assert [(each.file, each.line) for each in parsed.problems] == [(".beads/backup/dependencies.jsonl", 2)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(
    ["id", "status", "priority", "labels", "dependencies", "metadata", "defer_until", "pinned", "_type"]
)


@given(st.lists(st.dictionaries(KEYS, JSON, max_size=6), max_size=4))
def test_whatever_stands_there_is_read_or_named(rows: list[dict[str, Any]]) -> None:
    parsed = parse_issues("\n".join(json.dumps(row) for row in rows).encode(), "f")
    assert len(parsed.tasks) <= len(rows)
    assert all(1 <= problem.line <= len(rows) for problem in parsed.problems)


@given(st.binary(max_size=60))
def test_no_bytes_stop_the_reader(content: bytes) -> None:
    assert parse_issues(content, "f").tasks == ()
