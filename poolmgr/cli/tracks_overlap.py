"""tracks overlap and conflicts: where two scopes meet, and which tasks will collide."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import clipped, emit, out, safe, say, width
from poolmgr.cli.verb import Values, Verb, Word

if TYPE_CHECKING:
    from tracks.conflicts.claimed import Conflict
    from tracks.conflicts.forecast import Forecast
    from tracks.conflicts.grouping import Group
    from tracks.globs import Globs
    from tracks.tasks.task import Task

SHOWN = 6  # paths of a pair; --json has all
INDENT = 4


def overlap(invocation: Invocation, values: Values) -> None:
    """Say whether two scopes meet, with a path that shows it.

    And whether that path exists yet.

    Example: poolmgr tracks overlap --a 'src/web/**' --b '*.ts'
    """
    from poolmgr.services.ground.site import find_facts, find_site
    from poolmgr.services.planning.tree import list_files
    from poolmgr.services.scoping.guarding import is_folding
    from poolmgr.wiring import settings_of
    from tracks.overlap.verdict import find_overlap

    site = find_site(invocation.directory)
    fold = is_folding(site.git)
    a, b = typed_globs("--a", values["a"], fold=fold), typed_globs("--b", values["b"], fold=fold)
    found = find_overlap(a, b, list_files(site, settings_of(site, find_facts(site))))
    witness = os.fsdecode(found.witness) if found else None
    if invocation.as_json:
        exists, is_odd = found is not None and found.exists, found is not None and found.is_odd
        emit({"overlap": found is not None, "witness": witness, "exists": exists, "odd": is_odd})
    elif found is None:
        out("they do not meet")
    elif found.exists:
        out(f"they meet: {safe(witness)}")
    elif found.is_odd:
        out(f"they meet only below what is a file, or named like one: {safe(witness)} does not exist yet")
    else:
        out(f"they meet: {safe(witness)} does not exist yet")


def conflicts(invocation: Invocation, values: Values) -> None:
    """List the open tasks that may change the same files.

    By the tracks they lie between, with how sure that is and the paths in which they meet.

    Example: poolmgr tracks conflicts --min 0.5
    """
    from poolmgr.cli.tracks_footprint import read_known
    from poolmgr.cli.tracks_read import problems_json, read
    from tracks.conflicts.forecast import forecast
    from tracks.conflicts.grouping import group, name_tracks
    from tracks.graph.open_work import Graph

    found = read(invocation)
    ground = read_known(invocation, found)
    graph = Graph(found.readiness)
    made = forecast(ground, list(graph.tasks), values["min"])
    tracks = name_tracks(graph, ground.tasks)
    if invocation.as_json:
        emit(
            {
                "conflicts": conflicts_json(made.conflicts, tracks),
                "hot": [each._asdict() for each in made.hot],
                "past": {"tasks": len(ground.past), "pairs": made.examples},
                "problems": problems_json(found.tasks),
            }
        )
        return
    for line in conflict_lines(made, group(made.conflicts, tracks), ground.tasks):
        out(safe(line))
    say(f"chances: {basis(made.examples, len(ground.past))}")


def conflicts_json(conflicts: Iterable[Conflict], tracks: Mapping[str, str]) -> list[Mapping[str, object]]:
    """The pairs for programs, each with the tracks it lies between."""
    return [{**each.as_json, "a_track": tracks[each.a], "b_track": tracks[each.b]} for each in conflicts]


def conflict_lines(made: Forecast, groups: Iterable[Group], tasks: Mapping[str, Task]) -> Iterator[str]:
    """Under each two tracks a row per pair with the paths both touch, then the files that many share."""
    if not made.conflicts:
        yield "no two open tasks are known to touch the same files"
    for each in groups:
        yield from heading(each, tasks)
        for pair in each.conflicts:
            yield f"  {pair.severity:<8}  {pair.probability:.2f}  {pair.a}  {pair.b}  ({pair.layer})"
            yield from (f"    {line}" for line in packed([shared.path for shared in pair.shared]))
    yield from (f"hot: {each.path} ({each.tasks} tasks; {each.why})" for each in made.hot)


def heading(found: Group, tasks: Mapping[str, Task]) -> Iterator[str]:
    """Between which tracks some pairs lie, each track with its title."""
    number = f"{len(found.conflicts)} pair{'s' if len(found.conflicts) > 1 else ''}"
    if not found.tracks:
        yield f"between single tasks, {number}:"
        return
    yield f"{'within' if len(found.tracks) == 1 else 'between'} {' and '.join(found.tracks)}, {number}:"
    for track in found.tracks:
        yield clipped(safe(f"  {track}: {tasks[track].title}"), width())


def packed(paths: Sequence[str]) -> Iterator[str]:
    """Paths in lines that fit, the first of many; one that is longer has a line of its own."""
    line = ""
    for at, path in enumerate(paths[:SHOWN], 1):
        word = path + ("," if at < len(paths) else "")
        if line and len(line) + 1 + len(word) > width() - INDENT:
            yield line
            line = ""
        line = f"{line} {word}".strip()
    if len(paths) > SHOWN:
        line += f" {len(paths) - SHOWN} more"
    if line:
        yield line


def basis(examples: int, past: int) -> str:
    """What the chances rest on."""
    if not past:
        return "from six public trackers; no commit here names a task yet"
    if not examples:
        number = f"{past} task{'s' if past > 1 else ''}"
        return f"from six public trackers; the commits here name {number}, too few to learn from"
    return f"from six public trackers, set by {examples} pairs of {past} tasks that commits here name"


def typed_globs(flag: str, globs: list[str], *, fold: bool) -> Globs:
    """The globs of one side; one that git would read as something else is refused by name."""
    from poolmgr.core.errors import UsageError
    from tracks.globs import GlobError, compile_globs

    try:
        return compile_globs(tuple(globs), fold=fold)
    except GlobError as error:
        raise UsageError(f"{flag} {error}", hint="poolmgr tracks overlap --a 'src/**' --b '*.py'") from error


LEAST = Word(
    "min", "list every pair of open tasks with at least this chance", float, metavar="CHANCE", low=0, high=1
)
GLOBS = Word("a", "what one may change; as many as you like", metavar="GLOB", many=True, is_required=True)
VERBS = (
    Verb(
        "overlap",
        overlap.__doc__ or "",
        (GLOBS, GLOBS._replace(name="b", help="what the other may change; as many as you like")),
        overlap,
    ),
    Verb("conflicts", conflicts.__doc__ or "", (LEAST,), conflicts),
)
