"""tracks overlap and conflicts: where two scopes meet, and which tasks will collide."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import emit, out, safe, say, table
from poolmgr.cli.verb import Values, Verb, Word

if TYPE_CHECKING:
    from tracks.conflicts.forecast import Forecast
    from tracks.globs import Globs


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
        exists = found is not None and found.exists
        emit({"overlap": found is not None, "witness": witness, "exists": exists})
    elif found is None:
        out("they do not meet")
    elif found.exists:
        out(f"they meet: {safe(witness)}")
    elif found.is_odd:
        out(f"they meet only below a directory that is named like a file: {safe(witness)} does not exist yet")
    else:
        out(f"they meet: {safe(witness)} does not exist yet")


def conflicts(invocation: Invocation, values: Values) -> None:
    """List the open tasks that may change the same files.

    With how sure that is, and a path in which they meet.

    Example: poolmgr tracks conflicts --min 0.5
    """
    from poolmgr.cli.tracks_footprint import read_known
    from poolmgr.cli.tracks_read import read
    from tracks.conflicts.forecast import forecast
    from tracks.graph.open_work import Graph

    found = read(invocation)
    ground = read_known(invocation, found)
    made = forecast(ground, list(Graph(found.readiness).tasks), values["min"])
    if invocation.as_json:
        emit(
            {
                "conflicts": [each.as_json for each in made.conflicts],
                "hot": [each._asdict() for each in made.hot],
                "past": {"tasks": len(ground.past), "pairs": made.examples},
            }
        )
        return
    for line in conflict_lines(made):
        out(line)
    say(f"chances: {basis(made.examples, len(ground.past))}")


def conflict_lines(made: Forecast) -> list[str]:
    """A row per pair, then the files that many tasks share."""
    rows = [
        (each.severity, f"{each.probability:.2f}", each.a, each.b, each.witness or "-", each.layer)
        for each in made.conflicts
    ]
    lines = table(("severity", "chance", "task", "task", "path", "known by"), rows) if rows else []
    if not rows:
        lines = ["no two open tasks are known to touch the same files"]
    return lines + [safe(f"hot: {each.path} ({each.tasks} tasks; {each.why})") for each in made.hot]


def basis(examples: int, past: int) -> str:
    """What the chances rest on."""
    if not examples:
        return "from six public trackers; no commit here names a task yet"
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
GLOBS = Word("a", "what one may change", metavar="GLOB", many=True, is_required=True)
VERBS = (
    Verb(
        "overlap",
        overlap.__doc__ or "",
        (GLOBS, GLOBS._replace(name="b", help="what the other may change")),
        overlap,
    ),
    Verb("conflicts", conflicts.__doc__ or "", (LEAST,), conflicts),
)
