"""The command line's definition: every command with its words. Work is imported by the command."""

from __future__ import annotations

from typing import Annotated

import typer

from poolmgr import __version__
from poolmgr.cli import care, config, db, lend, look, pool, queue, rescue, run, scope, tracks
from poolmgr.cli.output import out
from poolmgr.cli.typed import add_verb

app = typer.Typer(
    name="poolmgr",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Lend git worktrees to coding agents, and never lose their work.",
    epilog='Example: cd "$(poolmgr acquire)". Every command takes --repo DIR and --json.',
)


def show_version(wanted: bool) -> None:
    """The version, and nothing else."""
    if wanted:
        out(__version__)
        raise typer.Exit


@app.callback()
def top(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """What stands before a command's name."""


for verb in (*lend.VERBS, *run.VERBS, *look.VERBS):
    add_verb(app, verb)
care.register(app)
config.register(app)
app.add_typer(pool.app)
app.add_typer(queue.app)
app.add_typer(rescue.app)
app.add_typer(scope.app)
app.add_typer(db.app)
app.add_typer(tracks.app)
app.add_typer(config.app)
