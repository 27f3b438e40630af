"""tracks graph and report: a picture or a page of the open tasks, on stdout or in a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import emit, safe, say
from poolmgr.cli.tracks_read import RULES, Read, problems_json, read
from poolmgr.cli.tracks_recommend import SLOTS, plan_json
from poolmgr.cli.verb import Values, Verb, Word

if TYPE_CHECKING:
    from tracks.draw.picture import Picture
    from tracks.pages.report import Outlook

GRAPHS = ("svg", "html", "mermaid", "dot")
REPORTS = ("md", "html")
ENDINGS = {
    ".svg": "svg",
    ".html": "html",
    ".htm": "html",
    ".mmd": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".md": "md",
}
STDOUT = "-"


def graph(invocation: Invocation, values: Values) -> None:
    """Draw the open tasks: tracks as lanes, in waves.

    Contested paths are marked.

    Example: poolmgr tracks graph --output tracks.svg
    """
    from tracks.draw.picture import compose

    kind, output = chosen("graph", values, GRAPHS)
    found, outlook, _ = look_ahead(invocation, values["rules"])
    picture = compose(outlook.analysis, outlook.plan, outlook.forecast.conflicts)
    if output is not None or not invocation.as_json:
        hand_over(drawer_of(kind)(picture), output)
    if invocation.as_json:
        told = {"format": kind, "output": output, "problems": problems_json(found.tasks)}
        emit({**picture.as_json, **told})


def drawer_of(kind: str) -> Callable[[Picture], str]:
    """What draws in a format."""
    if kind == "html":
        from tracks.pages.html import graph_page as draw
    elif kind == "mermaid":
        from tracks.draw.mermaid import mermaid as draw
    elif kind == "dot":
        from tracks.draw.dot import dot as draw
    else:
        from tracks.draw.svg import svg as draw
    return draw


def report(invocation: Invocation, values: Values) -> None:
    """Tell all of the open tasks: what to do, waits, collides.

    Example: poolmgr tracks report --format html --output tracks.html
    """
    kind, output = chosen("report", values, REPORTS)
    found, outlook, slots = look_ahead(invocation, values["rules"])
    if output is not None or not invocation.as_json:
        hand_over(report_text(outlook, kind), output)
    if invocation.as_json:
        emit({**report_json(found, outlook, slots), "format": kind, "output": output})


def report_text(outlook: Outlook, kind: str) -> str:
    """The report in its format."""
    from tracks.pages.report import report as sections_of

    if kind == "html":
        from tracks.draw.picture import compose
        from tracks.pages.html import report_page

        picture = compose(outlook.analysis, outlook.plan, outlook.forecast.conflicts)
        return report_page(sections_of(outlook), picture)
    from tracks.pages.markdown import markdown

    return markdown(sections_of(outlook))


def report_json(found: Read, outlook: Outlook, slots: int) -> Mapping[str, object]:
    """What `tracks analyze`, `recommend` and `conflicts` say, in one answer."""
    from poolmgr.cli.tracks_overlap import conflicts_json
    from poolmgr.cli.tracks_text import analysis_json
    from tracks.conflicts.grouping import name_tracks
    from tracks.graph.open_work import Graph

    tracks = name_tracks(Graph(found.readiness), found.readiness.relations.tasks)
    return {
        **analysis_json(found.tasks, found.readiness, outlook.analysis),
        **plan_json(outlook.plan, slots),
        "conflicts": conflicts_json(outlook.forecast.conflicts, tracks),
        "hot": [each._asdict() for each in outlook.forecast.hot],
    }


def hand_over(text: str, output: str | None) -> None:
    """The text, in its file or on stdout."""
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return
    from poolmgr.core.errors import PoolError

    try:
        with open(output, "wb") as stream:
            stream.write(text.encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise PoolError(
            f"--output {safe(output)} cannot be written: {reason}",
            hint="name a file that can be written: --output /tmp/tracks.html",
        ) from error


def look_ahead(invocation: Invocation, rules: str | None) -> tuple[Read, Outlook, int]:
    """The plan for the slots that are free, how many those are, and all that is known besides."""
    from poolmgr.cli.tracks_footprint import find_snapshot
    from poolmgr.services.planning.ground import read_ground
    from poolmgr.services.planning.held import count_free, list_held
    from tracks.conflicts.forecast import forecast
    from tracks.graph.analysis import analyze
    from tracks.pages.report import Outlook, Source
    from tracks.plan.recommendation import Wish, plan

    found = read(invocation, rules)
    pool = find_snapshot(invocation, found.site)
    leases = pool.leases if pool else ()
    slots = count_free(pool) if pool else SLOTS
    if not slots:
        say(f"no slot of the pool is free; the plan is for {SLOTS} all the same")
        slots = SLOTS
    ground = read_ground(found.site, found.settings, found.tasks.tasks, leases)
    going = [task_id for task_id, task in ground.tasks.items() if not task.is_over]
    held = list_held(found.site, found.settings, going, leases)
    analysis = analyze(found.readiness)
    tasks, decision = found.tasks, found.tasks.decision
    source = Source(tasks.source, decision.rules, decision.why, tasks.problems)
    made = plan(ground, found.readiness, held, Wish(slots))
    outlook = Outlook(source, analysis, made, forecast(ground, list(analysis.graph.tasks)))
    return found, outlook, slots


def chosen(verb: str, values: Values, kinds: tuple[str, ...]) -> tuple[str, str | None]:
    """The format, which the file's name may say, and the file; None for stdout."""
    from poolmgr.core.errors import UsageError

    output = None if values["output"] == STDOUT else values["output"]
    ending = os.path.splitext(output or "")[1].lower()
    kind = values["format"] or (ENDINGS[ending] if ENDINGS.get(ending) in kinds else kinds[0])
    if kind not in kinds:
        raise UsageError(
            f"--format {safe(kind)!r} is none of {', '.join(kinds)}",
            hint=f"poolmgr tracks {verb} --format {kinds[0]}",
        )
    return kind, output


OUTPUT = Word("output", "write it into this file, not to stdout (-)", metavar="FILE")
VERBS = (
    Verb(
        "report",
        report.__doc__ or "",
        (
            Word("format", "md or html; by default what the file's name says, else md", metavar="FORMAT"),
            OUTPUT,
            RULES,
        ),
        report,
    ),
    Verb(
        "graph",
        graph.__doc__ or "",
        (
            Word(
                "format",
                "svg, html, mermaid or dot; by default what the file's name says, else svg",
                metavar="FORMAT",
            ),
            OUTPUT,
            RULES,
        ),
        graph,
    ),
)
