"""The simulated clock of the replay counts what it should."""

from __future__ import annotations

from pathlib import Path

from tests.bench.prediction.made import write_made
from tests.bench.prediction.tracker import list_names
from tests.bench.replay.clock import replay
from tests.bench.replay.stage import Stage, read_stage, readiness_of
from tests.bench.replay.ways import Moment, at_random, by_component, by_plan, by_priority


def made(directory: Path) -> Stage:
    """A made-up tracker."""
    write_made(directory, seed=1)
    (name,) = list_names(directory)
    return read_stage(directory, name, most=30)


def test_every_way_does_every_task_and_none_is_quicker_than_the_bound(tmp_path: Path) -> None:
    stage = made(tmp_path)
    begin = readiness_of(stage, frozenset(), frozenset())
    for way in (by_plan, by_priority, by_component(stage, begin), at_random(1)):
        found = replay(stage, way, 3)
        assert found.done == len(stage.todo) == 30
        assert found.makespan >= stage.least(3)


def test_one_worker_never_collides_and_one_who_knows_all_does_not_either(tmp_path: Path) -> None:
    stage = made(tmp_path)
    alone = replay(stage, by_priority, 1)
    assert (alone.collisions, alone.makespan) == (0, sum(map(stage.duration, stage.todo)))

    def knowing(moment: Moment) -> list[str]:
        busy = {file for task in moment.running for file in stage.touched[task]}
        return [task for task in moment.readiness.ready if busy.isdisjoint(stage.touched[task])][:1]

    assert replay(stage, knowing, 4).collisions == 0
    assert replay(stage, by_priority, 4).collisions > 0
