"""How open tasks hang together: waves, cycles, critical path, bottlenecks; also against brute force."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.beads import issue, lines
from tracks.graph.analysis import Analysis, analyze
from tracks.graph.components import list_knots
from tracks.graph.course import list_freed
from tracks.ready.readiness import judge
from tracks.ready.rules import Rules
from tracks.tasks.beads import parse_issues
from tracks.tasks.task import Task

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def analyzed(*issues: dict[str, Any], rules: Rules = Rules.NEW) -> Analysis:
    """The analysis of these issues."""
    return analyze(judge(parse_issues(lines(issues), "f").tasks, rules, NOW))


def freed(analysis: Analysis, task_id: str) -> tuple[str, ...]:
    """What the end of a task makes ready."""
    return list_freed(analysis.graph, task_id)


def test_waves_are_what_is_ready_then_what_that_makes_ready() -> None:
    rows = (
        issue("c", "b", "x"),
        issue("b", "a"),
        issue("a"),
        issue("d"),
        issue("x"),
        issue("e", "c", priority=0),
    )
    assert analyzed(*rows).waves == (("a", "d", "x"), ("b",), ("c",), ("e",))


def test_what_is_under_way_ends_with_the_first_wave() -> None:
    rows = (issue("a", status="in_progress"), issue("b", "a"), issue("c"))
    assert analyzed(*rows).waves == (("c",), ("b",))
    assert analyzed(*rows[:2]).waves == ((), ("b",))


def test_what_waits_for_no_task_is_in_no_wave_nor_what_waits_for_it() -> None:
    later = {"defer_until": "2027-01-01T00:00:00Z"}
    rows = (
        issue("a", **later), issue("b", "a"), issue("g", issue_type="gate"), issue("c", "g"),
        issue("x", "y"), issue("y", "x"), issue("z", "y"), issue("p", status="reviewed"), issue("q", "p"),
        issue("d"),
    )  # fmt: skip
    assert analyzed(*rows).waves == (("d",),)


def test_a_child_comes_when_its_blocked_parent_may_begin() -> None:
    rows = (issue("b"), issue("e", "b", issue_type="epic"), issue("e.1", "parent-child:e"), issue("f", "e"))
    assert analyzed(*rows).waves == (("b",), ("e", "e.1"), ("f",))
    assert freed(analyzed(*rows), "b") == ("e", "e.1")


def test_a_gate_comes_after_the_children_it_waits_for() -> None:
    rows = (
        issue("w", "waits-for:s"),
        issue("s"),
        issue("s.1", "parent-child:s"),
        issue("s.2", "parent-child:s"),
    )
    assert analyzed(*rows).waves == (("s", "s.1", "s.2"), ("w",))


def test_a_block_that_only_failure_opens_is_in_no_wave() -> None:
    rows = (issue("a"), issue("b", "conditional-blocks:a"))
    assert analyzed(*rows, rules=Rules.OLD).waves == (("a",),)
    assert analyzed(*rows).waves == (("a",), ("b",))


def test_cycles_are_found_whether_open_or_closed_and_begin_with_the_smallest() -> None:
    rows = (
        issue("b", "c"), issue("c", "a"), issue("a", "b"), issue("s", "s"),
        issue("x", "conditional-blocks:y", status="closed"), issue("y", "x", status="closed"),
        issue("p", "related:q"), issue("q", "p"),
    )  # fmt: skip
    assert analyzed(*rows).cycles == (("a", "b", "c"), ("s",), ("x", "y"))


def test_an_epic_that_waits_for_its_own_child_is_a_deadlock_and_no_cycle_of_bd() -> None:
    rows = (issue("e", "e.1"), issue("e.1", "parent-child:e"))
    found = analyzed(*rows)
    assert (found.cycles, found.deadlocks, found.waves) == ((), (("e", "e.1"),), ())


def test_more_cycles_in_one_another_are_one_knot() -> None:
    rows = (issue("a", "b"), issue("b", "a", "c"), issue("c", "a"))
    assert analyzed(*rows).cycles == (("a", "b", "c"),)


def test_tasks_that_hang_together_are_one_component_and_the_others_are_alone() -> None:
    rows = (issue("a"), issue("b", "a"), issue("c", "a"), issue("x"), issue("y", "x"), issue("z"))
    found = analyzed(*rows)
    assert (found.components, found.alone) == ((("a", "b", "c"), ("x", "y")), 1)


def test_the_critical_path_has_most_tasks_or_takes_longest() -> None:
    rows = [issue("a"), issue("b", "a"), issue("c", "b"), issue("x"), issue("y", "x")]
    assert analyzed(*rows).path == (("a", "b", "c"), None)
    rows[3]["estimated_minutes"], rows[4]["estimated_minutes"] = 30, 100
    assert analyzed(*rows).path == (("x", "y"), 130)  # each of the others counts as 30
    assert analyzed().path == ((), None)


def test_notes_wisps_and_gates_are_no_part_of_a_path() -> None:
    rows = (
        issue("n", pinned=True), issue("m", status="pinned"), issue("w", ephemeral=True),
        issue("g", issue_type="gate"), issue("a", "n", "g", "w"), issue("b", "a"),
    )  # fmt: skip
    found = analyzed(*rows)
    assert (found.path.tasks, sorted(found.graph.tasks)) == (("a", "b"), ["a", "b"])


def test_of_equal_paths_the_more_urgent_counts() -> None:
    assert analyzed(issue("a"), issue("b", priority=1), issue("c", priority=3)).path.tasks == ("b",)


def test_a_bottleneck_is_what_most_wait_for() -> None:
    rows = (issue("a"), issue("b", "a"), issue("c", "a", "x"), issue("d", "c"), issue("x"), issue("y"))
    found = [(one.id, one.holds, one.frees) for one in analyzed(*rows).bottlenecks]
    assert found == [("a", 3, ("b",)), ("x", 2, ()), ("c", 1, ("d",))]


def test_a_chain_of_thousands_is_no_depth_of_calls() -> None:
    rows = [issue("t-0"), *(issue(f"t-{n}", f"t-{n - 1}") for n in range(1, 3000))]
    found = analyzed(*rows)
    assert (len(found.waves), len(found.path.tasks), found.bottlenecks[0].holds) == (3000, 3000, 2999)
    assert len(list_knots({str(n): [str((n + 1) % 3000)] for n in range(3000)})[0]) == 3000


@st.composite
def graphs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Open tasks with edges anywhere, a few of them closed."""
    count = draw(st.integers(1, 7))
    names = [f"t-{number}" for number in range(count)]
    needs = st.lists(st.sampled_from([*names, "nobody"]), max_size=3, unique=True)
    status = st.sampled_from(["open", "open", "open", "closed"])
    return [issue(name, *draw(needs), status=draw(status)) for name in names]


def ended(rows: list[dict[str, Any]], over: set[str]) -> set[str]:
    """What is ready when these have ended: asked of the rules themselves."""
    later = [row | {"status": "closed"} if row["id"] in over else row for row in rows]
    return set(judge(parse_issues(lines(later), "f").tasks, Rules.NEW, NOW).ready)


@given(graphs())
def test_waves_are_what_the_rules_say_when_one_wave_after_the_other_ends(rows: list[dict[str, Any]]) -> None:
    over: set[str] = set()
    for wave in analyzed(*rows).waves:
        assert set(wave) == ended(rows, over)
        over |= set(wave)
    assert ended(rows, over) == set()


@given(graphs())
def test_what_a_task_frees_is_what_the_rules_call_ready_when_it_ends(rows: list[dict[str, Any]]) -> None:
    found = analyzed(*rows)
    for one in found.bottlenecks:
        assert set(one.frees) == ended(rows, {one.id}) - ended(rows, set())


@given(graphs())
def test_what_is_in_no_wave_is_in_a_cycle_or_behind_one(rows: list[dict[str, Any]]) -> None:
    found = analyzed(*rows)
    tasks: dict[str, Task] = dict(found.graph.tasks)
    waiting = tasks.keys() - {each for wave in found.waves for each in wave}
    knotted = {each for cycle in found.cycles for each in cycle}
    reach = set(knotted & waiting)
    while more := {each for each in waiting - reach if reach & set(found.graph.edges[each])}:
        reach |= more
    assert waiting == reach
