"""Which tasks to do now, side by side: tracks that share no path and do not wait for one another.

Pure, and the same for the same input. What is learned from the past never keeps tasks apart; what
is declared, configured or named in a task's text does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tracks.conflicts.claimed import Index
from tracks.conflicts.ground import Ground
from tracks.conflicts.learning import learned_among
from tracks.footprints.claim import Claim, Footprint
from tracks.footprints.gathering import gather
from tracks.graph.open_work import Graph
from tracks.plan.lane import Expected, describe, joinable
from tracks.plan.planner import Field, Planner, Step
from tracks.ready.readiness import Readiness


class Wish(NamedTuple):
    """For how many slots; strict: nothing of which nobody knows what it touches."""

    slots: int
    is_strict: bool = False


class Held(NamedTuple):
    """What somebody has now: who, for which task if any, and the paths."""

    who: str
    task: str | None = None
    claims: tuple[Claim, ...] = ()


class Track(NamedTuple):
    """Tasks for one slot, in order; `certain`: what all of them touch is declared or configured."""

    number: int
    steps: tuple[Step, ...]
    owns: tuple[str, ...]
    sees: tuple[str, ...]
    expects: tuple[Expected, ...]
    unblocks: tuple[str, ...]
    unproven: tuple[str, ...]
    certain: bool
    why: str

    @property
    def tasks(self) -> tuple[str, ...]:
        """The ids."""
        return tuple(step.task for step in self.steps)


class LeftOut(NamedTuple):
    """A task that could have been thought of, and because of whom it is not done now."""

    id: str
    why: str


class Plan(NamedTuple):
    """The tracks, the most urgent first, and what is left out, in the same order."""

    tracks: tuple[Track, ...]
    left_out: tuple[LeftOut, ...]


def plan(ground: Ground, readiness: Readiness, held: Sequence[Held], wish: Wish) -> Plan:
    """The plan for some slots beside what is held already."""
    graph = Graph(readiness)
    gathered = gather(ground.tasks, sorted(graph.tasks), ground.tree, ground.facts)
    footprints = {task: joinable(each) for task, each in gathered.items()}
    # No task has such an id.
    leases = {f"\0{at}": Footprint(f"\0{at}", each.claims) for at, each in enumerate(held)}
    index = Index((*footprints.values(), *leases.values()), ground.tree, fold=ground.shared.fold)
    planner = Planner(Field(ground, graph, footprints, index), wish.slots, is_strict=wish.is_strict)
    for name, each in zip(leases, held, strict=True):
        planner.hold(name, each.who, each.task)
    planner.run()
    steps = [step.task for lane in planner.lanes for step in lane.steps]
    learned = learned_among(ground, {task: footprints[task] for task in steps})
    tracks = []
    for number, lane in enumerate(planner.lanes, 1):
        scope = describe([footprints[step.task] for step in lane.steps], learned)
        tracks.append(
            Track(
                number=number,
                steps=tuple(lane.steps),
                owns=scope.owns,
                sees=scope.sees,
                expects=scope.expects,
                unblocks=tuple(lane.unblocks),
                unproven=scope.unproven,
                certain=scope.certain,
                why=lane.steps[0].why,
            )
        )
    return Plan(tuple(tracks), tuple(LeftOut(*each) for each in planner.left_out()))
