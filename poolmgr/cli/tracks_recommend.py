"""tracks recommend: which tasks to do now, side by side, and what is left out because of whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import clipped, emit, extent, out, safe, say, width
from poolmgr.cli.tracks_read import RULES, problems_json, read
from poolmgr.cli.verb import Values, Verb, Word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracks.plan.recommendation import LeftOut, Plan, Track
    from tracks.tasks.task import Task

SHOWN = 10  # of a list that is longer; --json has all
SLOTS = 4  # where there is no pool
LEAST = 24  # columns of a title


def recommend(invocation: Invocation, values: Values) -> None:
    """Say which tasks to do now, a track for each slot.

    No two share a path or wait for one another.

    Example: poolmgr tracks recommend 3
    """
    from poolmgr.cli.tracks_footprint import find_snapshot
    from poolmgr.services.planning.ground import read_ground
    from poolmgr.services.planning.held import count_free, list_held
    from tracks.plan.recommendation import Wish, plan

    found = read(invocation, values["rules"])
    pool = find_snapshot(invocation, found.site)
    leases = pool.leases if pool else ()
    ground = read_ground(found.site, found.settings, found.tasks.tasks, leases)
    going = [task_id for task_id, task in ground.tasks.items() if not task.is_over]
    held = list_held(found.site, found.settings, going, leases)
    slots = values["n"] or (count_free(pool) if pool else SLOTS)
    made = plan(ground, found.readiness, held, Wish(slots, is_strict=values["strict"]))
    if invocation.as_json:
        emit({**plan_json(made, slots), "problems": problems_json(found.tasks)})
        return
    for line in plan_lines(made, ground.tasks):
        out(safe(line))
    if not slots:
        say("no slot of the pool is free; poolmgr tracks recommend 4 plans for 4 all the same")


def plan_json(made: Plan, slots: int) -> dict[str, object]:
    """The plan as `--json` promises it."""
    return {
        "slots": slots,
        "tracks": [track_json(track) for track in made.tracks],
        "left_out": [each._asdict() for each in made.left_out],
    }


def track_json(track: Track) -> dict[str, object]:
    """One track."""
    return {
        "track": track.number,
        "tasks": list(track.tasks),
        "owns": list(track.owns), "sees": list(track.sees),
        "expects": [each.as_json for each in track.expects],
        "unblocks": list(track.unblocks),
        "why": track.why,
        "certain": track.certain, "unproven": list(track.unproven),
        "steps": [{"id": step.task, "why": step.why} for step in track.steps],
    }  # fmt: skip


def plan_lines(made: Plan, tasks: Mapping[str, Task]) -> Iterator[str]:
    """The same for people."""
    if not made.tracks:
        yield "nothing can be begun now"
    for track in made.tracks:
        yield from track_lines(track, tasks)
    if made.left_out:
        yield from left_lines(made.left_out, tasks)


def track_lines(track: Track, tasks: Mapping[str, Task]) -> Iterator[str]:
    """One track: its tasks in order, each with why it is there, then its paths."""
    yield f"track {track.number}{'' if track.certain else ' (unproven)' if track.unproven else ' (likely)'}"
    for step in track.steps[:SHOWN]:
        yield task_line(tasks[step.task], step.why)
    if len(track.steps) > SHOWN:
        yield f"  … {len(track.steps) - SHOWN} more"
    for word, paths in (
        ("owns", track.owns), ("sees", track.sees),
        ("expects", [f"{each.path} ({each.layer} {each.confidence:.2f})" for each in track.expects]),
        ("unblocks", track.unblocks),
    ):  # fmt: skip
        if paths:
            yield f"  {word}: {listed(paths)}"


def left_lines(left_out: Sequence[LeftOut], tasks: Mapping[str, Task]) -> Iterator[str]:
    """What is not done now."""
    yield f"left out ({len(left_out)}{f', the first {SHOWN}' if len(left_out) > SHOWN else ''}):"
    for each in left_out[:SHOWN]:
        yield task_line(tasks[each.id], each.why)


def task_line(task: Task, why: str) -> str:
    """A task and why it is where it is; a long title is cut, the reason never."""
    room = width() - extent(safe(f"  {task.id}    ({why})"))
    return f"  {task.id}  {clipped(safe(task.title), max(LEAST, room))}  ({why})"


def listed(words: Sequence[str]) -> str:
    """Words in a row, the first of many."""
    return ", ".join(words[:SHOWN]) + (f", … {len(words) - SHOWN} more" if len(words) > SHOWN else "")


NUMBER = Word(
    "n", "for how many slots; those of the pool that are free, 4 without a pool", int, metavar="N", low=1,
    is_argument=True,
)  # fmt: skip
STRICT = Word("strict", "leave out tasks of which nothing says what they touch", bool)
VERBS = (Verb("recommend", recommend.__doc__ or "", (NUMBER, STRICT, RULES), recommend),)
