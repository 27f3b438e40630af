"""How a plan grows: first a task for every slot, then what collides with one track or waits for it.

What would belong to two tracks, or collides with a lease, is left out, and says because of whom.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from tracks.conflicts.claimed import Index
from tracks.conflicts.ground import Ground
from tracks.footprints.claim import Footprint
from tracks.graph.course import RUNNING, is_startable
from tracks.graph.open_work import Graph
from tracks.plan.clashes import Clash, Clashes
from tracks.plan.lane import exclusions, is_known
from tracks.plan.picking import Pick, Picker, by_risk, by_urgency
from tracks.plan.risk import Chance, chance_among
from tracks.plan.waiting import Waiting
from tracks.plan.weight import Order, Rank
from tracks.ready.readiness import urgency

ENOUGH = 4  # ready tasks, with which one track is not enough where two are possible
SHOWN = 3
UNKNOWN = "nothing declares, configures or names what it touches"


class Field(NamedTuple):
    """What is planned upon."""

    ground: Ground
    graph: Graph
    footprints: Mapping[str, Footprint]
    claims: Index


class Step(NamedTuple):
    """A task in its place, and why it is there."""

    task: str
    why: str


class Lane:
    """A track while it grows."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.unblocks: list[str] = []
        self.exclusions: dict[tuple[str, ...], str] = {}  # each with the task that needs it


class Planner:
    """Grows the lanes; owners of what is taken are lanes from 0 on, and leases below 0."""

    def __init__(self, field: Field, slots: int, *, is_strict: bool) -> None:
        self.field = field
        self.slots = slots
        self.is_strict = is_strict
        self.lanes: list[Lane] = []
        self._order = Order(field.graph)
        self._waiting = Waiting(field.graph)
        self._clashes = Clashes(field.claims)
        self._others = Clashes(
            field.claims
        )  # what is in progress without a lease: it takes nothing, but is told
        self._holders: list[str] = []
        self._busy: dict[str, str] = {}  # tasks under way, with who has them
        self._left: dict[str, str] = {}
        self._placed: set[str] = set()
        self._apart: set[str] = set()  # ready tasks that no track has anything to do with so far
        self._queue: list[tuple[Rank, str]] = []

    def hold(self, name: str, who: str, task: str | None) -> None:
        """What somebody has now is taken, by the name of its footprint and for its task."""
        self._holders.append(who)
        self._clashes.add(-len(self._holders), name)
        if task is not None:
            self._busy[task] = who
            self._clashes.add(-len(self._holders), task)

    def run(self) -> None:
        """The whole plan."""
        for at, task in enumerate(
            each for each in sorted(self.field.graph.tasks) if self._is_elsewhere(each)
        ):
            self._others.add(at, task)
        known, unknown = self._candidates()
        chance = self._chance([*known, *unknown])
        for pick in self._choose(known, chance, is_alone=self.is_strict or not unknown):
            self._open(pick.task, self._order.praise(pick.task))
        if self.is_strict:
            self._left.update((task, f"{UNKNOWN} (--strict)") for task in unknown)
        else:
            beside = [lane.steps[0].task for lane in self.lanes]
            picker = self._picker(chance, beside)
            for pick in picker.pick(unknown, self.slots - len(self.lanes), by_risk):
                why = f"{self._order.praise(pick.task)}; unproven: {UNKNOWN}, risk {pick.risk:.0%}"
                self._open(pick.task, why)
        for task in known:
            self._wait(task)
        while self._queue:
            self._judge(heappop(self._queue)[1])

    def left_out(self) -> Iterator[tuple[str, str]]:
        """Every ready task that is not done now, and what was set free and cannot be done here."""
        ready = self.field.graph.readiness.ready
        for task in sorted({*ready, *self._left} - self._placed, key=self._order.rank):
            yield task, self._left.get(task) or self._idle(task)

    def _candidates(self) -> tuple[list[str], list[str]]:
        """The ready tasks that may open a track, known ones and others, the most urgent first."""
        known: list[str] = []
        unknown: list[str] = []
        for task in sorted(self.field.graph.readiness.ready, key=self._order.rank):
            if not self._is_held(task) and self._waiting.is_free(task):
                (known if is_known(self.field.footprints[task]) else unknown).append(task)
        return known, unknown

    def _is_held(self, task: str) -> bool:
        """Whether somebody has the task or a path of it; then that is why it is left out."""
        clashes = {owner: clash for owner, clash in self._clashes.of(task).items() if owner < 0}
        if task in self._busy:
            self._left[task] = f"under way: {self._busy[task]}"
        elif clashes:
            self._left[task] = self._blame(clashes, {})
        return task in self._left

    def _chance(self, tasks: Sequence[str]) -> Chance:
        """How likely these tasks collide with one another and with what is under way; learned when asked."""
        chances: list[Chance] = []

        def chance(one: str, other: str) -> float:
            if not chances:
                known = {task: self.field.footprints[task] for task in (*tasks, *self._going)}
                chances.append(chance_among(self.field.ground, known))
            return chances[0](one, other)

        return chance

    @property
    def _going(self) -> list[str]:
        """The tasks that somebody has."""
        return [task for task in self._busy if task in self.field.graph.tasks]

    def _picker(self, chance: Chance, beside: Sequence[str] = ()) -> Picker:
        """Who picks tasks beside others."""
        return Picker((*self._going, *beside), self._clashes.apart(), chance, self._order.rank)

    def _choose(self, known: list[str], chance: Chance, *, is_alone: bool) -> list[Pick]:
        """Known tasks that share nothing, the most urgent first; it gives way where it leaves slots idle."""
        chosen = self._picker(chance).pick(known, self.slots, by_urgency)
        ready = len(self.field.graph.readiness.ready)
        if len(chosen) == 1 and self.slots > 1 and is_alone and ready >= ENOUGH:
            kinds = self._clashes.kinds(known)
            for start, task in enumerate(kinds):
                if self._clashes.has_two(kinds[start:]):
                    fewer = known[known.index(task) :]
                    return self._picker(chance).pick(fewer, self.slots, by_urgency)
        return chosen

    def _open(self, task: str, why: str) -> None:
        """A track begins."""
        self.lanes.append(Lane())
        self._place(task, len(self.lanes) - 1, why)

    def _place(self, task: str, at: int, why: str) -> None:
        """A task goes to the end of a track; what its end sets free is looked at."""
        lane = self.lanes[at]
        lane.steps.append(Step(task, why + self._beside(task)))
        lane.exclusions |= dict.fromkeys(exclusions(self.field.footprints[task]), task)
        self._placed.add(task)
        for struck in self._apart.intersection(self._clashes.add(at, task)):
            self._apart.remove(struck)
            self._wait(struck)
        freed = [each for each in self._waiting.end(task, at) if is_startable(self.field.graph, each)]
        for each in sorted(freed, key=self._order.rank):
            self._wait(each)
            if len(self._waiting.met(each)) == 1 and each in self.field.graph.needs:
                lane.unblocks.append(each)

    def _is_elsewhere(self, task: str) -> bool:
        """Whether somebody is said to work on a task of which the plan knows no lease."""
        is_going = self.field.graph.tasks[task].status in RUNNING
        return is_going and task not in self._busy and task not in self.field.graph.readiness.ready

    def _beside(self, task: str) -> str:
        """Who works on a task already, or on another one that claims the same."""
        own = self.field.graph.tasks[task]
        if own.status in RUNNING:
            return f"; in progress{f' by {own.assignee}' if own.assignee else ''}"
        clash = next(iter(self._others.of(task).values()), None)
        return f"; {clash.task}, in progress, shares {clash.path}" if clash else ""

    def _wait(self, task: str) -> None:
        """A task is to be judged when its turn comes."""
        heappush(self._queue, (self._order.rank(task), task))

    def _judge(self, task: str) -> None:
        """A task joins the one track it belongs to, or is left out, for now where it belongs to none."""
        if task in self._placed or self._is_held(task):
            return
        clashes, met = self._clashes.of(task), self._waiting.met(task)
        lanes = sorted({*clashes, *met})
        if len(lanes) > 1:
            self._left[task] = self._blame(clashes, met)
        elif lanes and self.is_strict and not is_known(self.field.footprints[task]):
            self._left[task] = f"{UNKNOWN} (--strict)"
        elif lanes and (other := self._find_muddled(task, lanes[0])):
            self._left[task] = f"one scope cannot leave out what both it and {other} leave out"
        elif lanes:
            is_known_one = is_known(self.field.footprints[task])
            why = self._blame(clashes, met) + ("" if is_known_one else "; unproven")
            self._place(task, lanes[0], why)
        else:
            self._apart.add(task)

    def _find_muddled(self, task: str, at: int) -> str | None:
        """A task of the track whose exclusions and this one's do not go into one list of globs."""
        own = set(exclusions(self.field.footprints[task]))
        return next((other for globs, other in self.lanes[at].exclusions.items() if own - {globs}), None)

    def _blame(self, clashes: Mapping[int, Clash], met: Mapping[int, str]) -> str:
        """Because of whom a task is where it is."""
        is_joined = len({*met, *clashes}) == 1
        words = [
            f"after {other}{'' if is_joined else f' (track {at + 1})'}" for at, other in sorted(met.items())
        ]
        for owner, clash in sorted(clashes.items()):
            other = self._holders[-owner - 1] if owner < 0 else clash.task
            where = "" if is_joined or owner < 0 else f" (track {owner + 1})"
            words.append(f"shares {clash.path} with {other}{where}")
        return "; ".join(words)

    def _idle(self, task: str) -> str:
        """Why a ready task that stands in nobody's way is left out."""
        tasks = self.field.graph.tasks
        before = [each for each in self._waiting.below.get(task, ()) if each not in self._placed]
        before.sort(key=lambda each: urgency(tasks[each]))
        if before:
            more = ", …" if len(before) > SHOWN else ""
            return f"those below it come first: {', '.join(map(self._named, before[:SHOWN]))}{more}"
        return "no slot is left for it"

    def _named(self, task: str) -> str:
        """A task, and whether it is under way."""
        is_going = self.field.graph.tasks[task].status in RUNNING
        return f"{task} (in progress)" if is_going else task
