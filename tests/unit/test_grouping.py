"""Between which tracks a pair of tasks lies: topmost tasks, then what hangs together by waiting."""

from __future__ import annotations

from datetime import UTC, datetime

from tracks.conflicts.claimed import Conflict
from tracks.conflicts.grouping import group, name_tracks
from tracks.graph.open_work import Graph
from tracks.ready.readiness import judge
from tracks.ready.rules import Rules
from tracks.tasks.task import Edge, Task

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def tracks_of(*tasks: Task) -> dict[str, str]:
    graph = Graph(judge(tasks, Rules.NEW, NOW))
    return name_tracks(graph, {task.id: task for task in tasks})


def waiting(task: Task, *targets: str) -> Task:
    return task._replace(edges=tuple(Edge(task.id, target) for target in targets))


def test_what_is_below_an_epic_is_its_track_and_single_tasks_are_their_own() -> None:
    found = tracks_of(
        Task("e", type="epic", status="closed"),
        Task("e.1", parent="e"),
        Task("e.1.1", parent="e.1"),
        Task("x"),
    )
    assert found == {"e.1": "e", "e.1.1": "e", "x": "x"}


def test_what_waits_for_one_another_is_a_track_with_the_name_of_what_comes_first() -> None:
    chain = (waiting(Task("a"), "b"), waiting(Task("b"), "c"), Task("c"))
    assert tracks_of(*chain, Task("x")) == {"a": "c", "b": "c", "c": "c", "x": "x"}


def test_who_waits_for_a_part_of_an_epic_belongs_to_it_but_an_epic_stays_one() -> None:
    found = tracks_of(
        Task("e", type="epic"), Task("e.1", parent="e"), waiting(Task("a"), "e.1"),
        waiting(Task("f", type="epic"), "e.1"), Task("f.1", parent="f"),
    )  # fmt: skip
    assert found == {"e": "e", "e.1": "e", "a": "e", "f": "f", "f.1": "f"}


def test_a_circle_of_parents_and_one_of_blocks_end() -> None:
    assert set(tracks_of(Task("a", parent="b"), Task("b", parent="a"))) == {"a", "b"}
    assert set(tracks_of(waiting(Task("a"), "b"), waiting(Task("b"), "a")).values()) == {"a"}


def test_pairs_stand_under_their_tracks_in_the_order_of_the_first() -> None:
    tracks = {"a": "e", "b": "e", "c": "f", "d": "f", "x": "x", "y": "y"}
    pairs = [("x", "y"), ("a", "c"), ("a", "b"), ("d", "b"), ("a", "x")]
    found = group([Conflict(*pair, 0.5) for pair in pairs], tracks)
    assert [(each.tracks, len(each.conflicts)) for each in found] == [
        ((), 1), (("e", "f"), 2), (("e",), 1), (("e", "x"), 1),
    ]  # fmt: skip
