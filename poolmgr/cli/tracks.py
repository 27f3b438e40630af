"""tracks …: which tasks can run side by side, and where they collide. It needs a repository, not a pool."""

from __future__ import annotations

from poolmgr.cli import tracks_explain, tracks_graph, tracks_overlap, tracks_recommend
from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import emit, out
from poolmgr.cli.tracks_read import RULES, read
from poolmgr.cli.typed import add_verb, group
from poolmgr.cli.verb import Values, Verb

app = group(
    "tracks",
    "Which tasks can run side by side, and where they collide.",
    example="poolmgr tracks recommend 4",
)


def analyze(invocation: Invocation, values: Values) -> None:
    """Show what is ready, and what is blocked by what.

    And how the open tasks hang together: waves, groups, cycles, bottlenecks, the critical path.

    Example: poolmgr tracks analyze --rules 1
    """
    from poolmgr.cli.tracks_text import analysis_json, analysis_lines
    from tracks.graph.analysis import analyze as analyze_tasks

    found = read(invocation, values["rules"])
    analysis = analyze_tasks(found.readiness)
    if invocation.as_json:
        emit(analysis_json(found.tasks, found.readiness, analysis))
        return
    for line in analysis_lines(found.tasks, found.readiness, analysis):
        out(line)


VERBS = (Verb("analyze", analyze.__doc__ or "", (RULES,), analyze),)
OTHERS = (tracks_recommend, tracks_explain, tracks_overlap, tracks_graph)
for verb in (*VERBS, *(each for module in OTHERS for each in module.VERBS)):
    add_verb(app, verb)
