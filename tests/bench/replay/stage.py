"""One tracker to be replayed: the earlier half of its tasks is the past, the later half is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import NamedTuple

from poolmgr.core.settings_defaults import SHARED
from tests.bench.prediction.tracker import SUFFIX, read_changes
from tracks.conflicts.ground import Ground
from tracks.footprints.gathering import Facts
from tracks.footprints.tree import Tree
from tracks.globs import compile_globs
from tracks.graph.course import find_critical_path
from tracks.graph.open_work import Graph
from tracks.ready.readiness import Readiness, judge
from tracks.ready.rules import Rules
from tracks.tasks.beads import parse_issues
from tracks.tasks.task import Task

NOW = datetime(2100, 1, 1, tzinfo=UTC)


class Stage(NamedTuple):
    """What is known when the replay begins, and what only the replay knows."""

    name: str
    ground: Ground
    todo: Mapping[str, Task]
    touched: Mapping[str, frozenset[str]]

    def duration(self, task: str) -> int:
        """How long a task takes: more files, more time."""
        return 1 + len(self.touched[task]).bit_length()

    def least(self, workers: int) -> int:
        """No plan is quicker than this."""
        tasks = [task._replace(estimate=self.duration(name)) for name, task in self.todo.items()]
        chain = find_critical_path(Graph(judge(tasks, Rules.NEW, NOW))).minutes or 0
        return max(chain, ceil(sum(map(self.duration, self.todo)) / workers))


def read_stage(data: Path, name: str, most: int) -> Stage:
    """A data set; notes are left out, which tell how it went, and files that every scope may change."""
    known = {task.id: task for task in parse_issues((data / f"{name}.jsonl").read_bytes(), name).tasks}
    shared = compile_globs((*SHARED, ".beads/"))
    past = sorted(read_changes(data / f"{name}{SUFFIX}"), key=lambda change: (change.moment, change.task))
    past = [change for change in past if change.task in known]
    later = past[len(past) // 2 :][-most:]
    touched = {
        change.task: frozenset(file for file in change.files if not shared.matches(file)) for change in later
    }
    todo = {
        task: known[task]._replace(
            status="open", notes="", closed=None, assignee="", pinned=False, ephemeral=False, estimate=None,
            defer_until=None, type="epic" if known[task].type == "epic" else "task",
        )
        for task in touched
    }  # fmt: skip
    over = {name: task._replace(status="closed") for name, task in known.items()}
    tree = Tree((data / f"{name}.files.txt").read_bytes().splitlines())
    earlier = tuple(past[: len(past) // 2])
    return Stage(name, Ground(over | todo, tree, Facts(), earlier, shared), todo, touched)


def readiness_of(stage: Stage, running: frozenset[str], done: frozenset[str]) -> Readiness:
    """What is ready at a moment."""
    tasks = dict(stage.ground.tasks)
    for task in running | done:
        status = "closed" if task in done else "in_progress"
        tasks[task] = tasks[task]._replace(status=status)
    return judge(tasks.values(), Rules.NEW, NOW)
