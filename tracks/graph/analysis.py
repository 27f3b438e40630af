"""All that can be said of open tasks without knowing their files, in one value."""

from __future__ import annotations

from typing import NamedTuple

from tracks.graph.course import Bottleneck, Path, find_critical_path, list_bottlenecks, list_waves
from tracks.graph.open_work import Graph, Names
from tracks.ready.readiness import Readiness


class Analysis(NamedTuple):
    """The graph of open work and what follows from it; `alone` are tasks without any tie."""

    graph: Graph
    waves: tuple[Names, ...]
    cycles: tuple[Names, ...]
    deadlocks: tuple[Names, ...]
    components: tuple[Names, ...]
    alone: int
    path: Path
    bottlenecks: tuple[Bottleneck, ...]


def analyze(readiness: Readiness) -> Analysis:
    """The analysis of tasks that were judged."""
    graph = Graph(readiness)
    components = tuple(each for each in graph.components if len(each) > 1)
    return Analysis(
        graph=graph,
        waves=list_waves(graph),
        cycles=graph.cycles,
        deadlocks=graph.deadlocks,
        components=components,
        alone=len(graph.components) - len(components),
        path=find_critical_path(graph),
        bottlenecks=list_bottlenecks(graph),
    )
