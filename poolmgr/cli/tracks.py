"""tracks …: which tasks can run side by side, and where they collide. It needs a repository, not a pool."""

from __future__ import annotations

import typer

from poolmgr.cli import tracks_overlap
from poolmgr.cli.typed import add_verb

app = typer.Typer(
    name="tracks",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Which tasks can run side by side, and where they collide.",
)

for verb in tracks_overlap.VERBS:
    add_verb(app, verb)
