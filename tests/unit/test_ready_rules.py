"""What is ready and what is blocked, rule by rule, for both eras."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fixtures.beads import issue, lines
from tracks.graph.open_work import Graph
from tracks.ready.readiness import Readiness, judge
from tracks.ready.rules import Rules, decide_rules, parse_version
from tracks.tasks.beads import Sign, parse_issues

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER, BEFORE = "2026-06-01T02:00:00+01:00", "2026-06-01T00:59:59+01:00"
OLD, NEW = Rules.OLD, Rules.NEW


def judged(rules: Rules, *issues: dict[str, Any], is_file: bool = True) -> Readiness:
    """The verdict on these issues."""
    return judge(parse_issues(lines(issues), "f").tasks, rules, NOW, is_file=is_file)


def is_ready(rules: Rules, *issues: dict[str, Any]) -> bool:
    """Whether the first of these issues is ready."""
    return issues[0]["id"] in judged(rules, *issues).ready


def closed(task_id: str, *needs: str, reason: str = "Done") -> dict[str, Any]:
    """An issue that is closed."""
    return issue(task_id, *needs, status="closed", close_reason=reason)


def gate(target: str, **metadata: str) -> dict[str, Any]:
    """An issue that waits for the children of another."""
    row = issue("w", f"waits-for:{target}")
    row["dependencies"][0]["metadata"] = metadata
    return row


@pytest.mark.parametrize(
    ("status", "old", "new"),
    [
        ("open", True, True), ("in_progress", True, False), ("blocked", False, False),
        ("deferred", False, False), ("hooked", False, False), ("pinned", False, False),
        ("closed", False, False), ("tombstone", False, False), ("pending_review", False, False),
    ],
)  # fmt: skip
def test_which_statuses_are_ready(status: str, *, old: bool, new: bool) -> None:
    assert (is_ready(OLD, issue("a", status=status)), is_ready(NEW, issue("a", status=status))) == (old, new)


@pytest.mark.parametrize(
    ("status", "old", "new"),
    [
        ("open", True, True), ("in_progress", True, True), ("blocked", True, True), ("deferred", True, True),
        ("hooked", True, True), ("pinned", False, False), ("closed", False, False),
        ("tombstone", False, False), ("pending_review", False, True),
    ],
)  # fmt: skip
def test_which_statuses_of_a_blocker_hold_up(status: str, *, old: bool, new: bool) -> None:
    rows = (issue("a", "b"), issue("b", status=status))
    assert (not is_ready(OLD, *rows), not is_ready(NEW, *rows)) == (old, new)


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("task", True, True), ("epic", True, True), ("event", True, True), ("convoy", True, True),
        ("gate", False, False), ("molecule", False, False), ("message", False, False),
        ("merge-request", False, False), ("agent", False, False), ("role", True, False), ("rig", True, False),
    ],
)  # fmt: skip
def test_which_types_are_work(kind: str, *, old: bool, new: bool) -> None:
    assert (is_ready(OLD, issue("a", issue_type=kind)), is_ready(NEW, issue("a", issue_type=kind))) == (
        old,
        new,
    )


@pytest.mark.parametrize("rules", Rules)
@pytest.mark.parametrize(
    "fields", [{"pinned": True}, {"ephemeral": True}, {"wisp": True}, {"defer_until": LATER}]
)
def test_what_is_pinned_ephemeral_or_deferred_is_not_ready(rules: Rules, fields: dict[str, Any]) -> None:
    assert not is_ready(rules, issue("a", **fields))


@pytest.mark.parametrize("rules", Rules)
def test_what_was_deferred_until_now_is_ready(rules: Rules) -> None:
    assert is_ready(rules, issue("a", defer_until=BEFORE))


@pytest.mark.parametrize("rules", Rules)
@pytest.mark.parametrize(
    "need", ["zz", "external:other:thing", "related:b", "discovered-from:b", "parent_child:b"]
)
def test_what_is_missing_elsewhere_or_only_related_holds_nothing_up(rules: Rules, need: str) -> None:
    assert is_ready(rules, issue("a", need), issue("b"))


def test_a_conditional_block_waited_for_a_failure_and_now_for_any_end() -> None:
    row = issue("a", "conditional-blocks:b")
    assert not is_ready(OLD, row, issue("b"))
    assert not is_ready(OLD, row, closed("b"))
    assert is_ready(OLD, row, closed("b", reason="Build FAILED"))
    assert is_ready(OLD, row, issue("b", status="hooked"))
    assert not is_ready(NEW, row, issue("b"))
    assert is_ready(NEW, row, closed("b"))


@pytest.mark.parametrize(
    ("metadata", "children", "old", "new"),
    [
        ({}, (), True, True),
        ({}, ("closed",), True, True),
        ({}, ("closed", "open"), False, False),
        ({}, ("pinned",), False, True),
        ({"gate": "any-children"}, (), False, True),
        ({"gate": "any-children"}, ("open", "closed"), True, True),
        ({"gate": "any-children"}, ("open", "open"), False, False),
        ({"gate": "odd"}, ("open",), True, False),
    ],
)
def test_a_gate_waits_for_children(
    metadata: dict[str, str], children: tuple[str, ...], *, old: bool, new: bool
) -> None:
    rows = [issue(f"c-{number}", "parent-child:s", status=status) for number, status in enumerate(children)]
    rows = [gate("s", **metadata), issue("s"), *rows]
    assert (is_ready(OLD, *rows), is_ready(NEW, *rows)) == (old, new)


def test_the_old_rules_let_a_gate_name_another_spawner() -> None:
    rows = (gate("s", spawner_id="t"), issue("s"), issue("t"), issue("c", "parent-child:t"))
    assert not is_ready(OLD, *rows)
    assert is_ready(NEW, *rows)


@pytest.mark.parametrize("rules", Rules)
def test_an_open_parent_alone_holds_nothing_up(rules: Rules) -> None:
    assert is_ready(rules, issue("a.1", "parent-child:a"), issue("a"))


@pytest.mark.parametrize("rules", Rules)
def test_a_blocked_parent_holds_up_all_below_it(rules: Rules) -> None:
    rows = [issue("b"), issue("a-0", "b"), *(issue(f"a-{n}", f"parent-child:a-{n - 1}") for n in range(1, 6))]
    assert judged(rules, *rows).ready == ("b",)


def test_the_old_rules_look_fifty_levels_down() -> None:
    rows = [
        issue("b"),
        issue("a-0", "b"),
        *(issue(f"a-{n}", f"parent-child:a-{n - 1}") for n in range(1, 60)),
    ]
    assert set(judged(OLD, *rows).ready) == {"b", *(f"a-{n}" for n in range(51, 60))}
    assert judged(NEW, *rows).ready == ("b",)


def test_a_closed_parent_hands_its_block_down_under_the_old_rules() -> None:
    rows = (issue("a.1", "parent-child:a"), closed("a", "b"), issue("b"))
    assert not is_ready(OLD, *rows)
    assert is_ready(NEW, *rows)


def test_a_deferred_parent_counts_under_the_new_rules_and_only_the_direct_one() -> None:
    rows = (issue("a.1", "parent-child:a"), issue("a", defer_until=LATER), issue("a.1.1", "parent-child:a.1"))
    assert set(judged(OLD, *rows).ready) == {"a.1", "a.1.1"}
    assert set(judged(NEW, *rows).ready) == {"a.1.1"}


@pytest.mark.parametrize("rules", Rules)
def test_tasks_in_a_circle_and_one_that_waits_for_itself_are_blocked(rules: Rules) -> None:
    assert judged(rules, issue("a", "b"), issue("b", "a"), issue("c", "c")).ready == ()


@pytest.mark.parametrize("rules", Rules)
def test_of_two_edges_between_a_pair_the_first_counts(rules: Rules) -> None:
    assert is_ready(rules, issue("a", "related:b", "blocks:b"), issue("b"))
    assert not is_ready(rules, issue("a", "blocks:b", "related:b"), issue("b"))


def test_an_edge_between_a_wisp_and_a_lasting_task_is_lost_when_the_new_bd_loads_a_file() -> None:
    rows = (issue("a", "w"), issue("w", ephemeral=True))
    assert judged(NEW, *rows).ready == ("a",)
    assert judged(NEW, *rows, is_file=False).ready == ()
    assert judged(OLD, *rows).ready == ()


def test_blocked_is_listed_as_the_new_bd_lists_it() -> None:
    found = judged(
        NEW,
        issue("a", "b", "c", "d"), issue("b"), issue("c", status="custom"), closed("d"),
        issue("a.1", "parent-child:a"), issue("a.2", "parent-child:a", "b"), closed("a.3", "b"),
        issue("e", "b", status="in_progress"), issue("f", status="blocked"),
        issue("g", "waits-for:s"), closed("s"), issue("s.1", "parent-child:s"),
    )  # fmt: skip
    assert found.blocked == {"a": ("b", "c"), "a.1": ("a",), "a.2": ("b",), "e": ("b",)}
    assert "g" not in found.ready  # and bd names nothing that blocks it


def test_blocked_is_listed_as_the_old_bd_listed_it() -> None:
    found = judged(
        OLD,
        issue("a", "b", "c", "external:x:y"), issue("b"), issue("c", status="custom"),
        issue("a.1", "parent-child:a"), issue("e", "b", pinned=True), issue("f", status="blocked"),
        issue("g", status="deferred"), issue("h", "conditional-blocks:b"), issue("i", "external:x:y"),
        issue("j", "k", "l"), issue("k", "b", status="pinned"),
        issue("l", status="pinned", issue_type="role"),
    )  # fmt: skip
    there = ("external:x:y",)
    expected = {"a": ("b", *there), "f": (), "g": (), "i": there, "j": ("k",), "k": ("b",)}
    assert found.blocked == expected
    assert {"i", "j"} <= set(found.ready)


def test_the_most_urgent_is_first_then_the_oldest() -> None:
    rows = (
        issue("a", priority=2),
        issue("b", priority=0),
        issue("c", priority=2, created_at="2025-01-01T00:00:00Z"),
    )
    assert judged(NEW, *rows).ready == ("b", "c", "a")


@pytest.mark.parametrize(
    ("asked", "version", "signs", "rules"),
    [
        ("auto", None, (), NEW),
        ("auto", None, (Sign.TOMBSTONE,), OLD),
        ("auto", None, (Sign.COUNTS,), NEW),
        ("auto", None, (Sign.TYPED_LINES, Sign.TOMBSTONE), NEW),
        ("auto", (0, 47, 0), (Sign.TYPED_LINES,), OLD),
        ("auto", (0, 49, 6), (), OLD),
        ("auto", (0, 63, 3), (), NEW),
        ("auto", (1, 0, 5), (Sign.TOMBSTONE,), NEW),
        ("0.4", (1, 0, 5), (), OLD),
        ("1", (0, 47, 0), (), NEW),
    ],
)
def test_the_rules_are_those_asked_for_else_the_programs_else_the_files(
    asked: str, version: tuple[int, ...] | None, signs: tuple[Sign, ...], rules: Rules
) -> None:
    assert decide_rules(asked, version, signs).rules is rules


def test_a_late_program_of_the_old_era_has_its_own_rules() -> None:
    rows = [
        issue("a"), issue("busy", status="in_progress"), issue("role", issue_type="role"),
        issue("x-wisp-1"), issue("x-mol-1"),
    ]  # fmt: skip
    tasks = parse_issues(lines(rows), "f").tasks
    expected = {
        (0, 47, 0): {"a", "busy", "role", "x-wisp-1", "x-mol-1"},
        (0, 47, 2): {"a", "busy", "role", "x-mol-1"},
        (0, 48, 0): {"a", "busy", "x-mol-1"},
        (0, 49, 0): {"a", "busy"},
        (0, 49, 6): {"a"},
    }
    for version, ready in expected.items():
        decision = decide_rules("auto", version, ())
        found = judge(tasks, decision.rules, NOW, version=decision.version)
        assert set(found.ready) == ready
        assert ("role" in Graph(found).tasks) == ("role" in ready)
        assert decide_rules("0.4", version, ()).version == version
    assert decide_rules("0.4", (1, 0, 5), ()).version is None


@pytest.mark.parametrize(
    ("text", "version"),
    [("bd version 0.47.0 (dev)\n", (0, 47, 0)), ("1.3", (1, 3)), ("no such thing", None), ("", None)],
)
def test_a_version_is_found_in_what_bd_says(text: str, version: tuple[int, ...] | None) -> None:
    assert parse_version(text) == version
