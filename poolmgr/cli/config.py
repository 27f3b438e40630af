"""`config show|check|path` and `trust`: what the settings are, where each comes from, who may set it.

They need a repository, not a pool.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import emit, out, safe, say
from poolmgr.cli.typed import group

if TYPE_CHECKING:
    from poolmgr.core.settings_layers import Loaded

COMMITTED = "poolmgr.yaml"

app = group(
    "config",
    "The settings: what they are, and whether they are right.",
    example="poolmgr config show --origin",
)


def register(top: typer.Typer) -> None:
    """`trust` stands at the top level."""
    top.command()(trust)


def find_place(directory: Path) -> tuple[Path | None, Path]:
    """The main checkout of the repository around a directory, and where its pool's state lies."""
    from poolmgr.services.ground.site import find_site
    from poolmgr.services.settings.place import find_checkout

    site = find_site(directory)
    return find_checkout(site), site.state


def load(directory: Path) -> Loaded:
    """The settings in force around a directory."""
    import os

    from poolmgr.services.settings.load import load_settings

    checkout, state = find_place(directory)
    return load_settings(checkout, state, os.environ)


@app.command()
def show(
    context: typer.Context,
    origin: Annotated[bool, typer.Option("--origin", help="say where each value comes from")] = False,
) -> None:
    """Print all settings in force, as a settings file says them.

    Example: poolmgr config show --origin
    """
    from poolmgr.cli.settings_text import page_lines, settings_json

    invocation: Invocation = context.obj
    loaded = load(invocation.directory)
    if invocation.as_json:
        emit({"settings": settings_json(loaded), "skipped": skipped_rows(loaded)})
        return
    for line in page_lines(loaded, with_origin=origin):
        out(line)
    say_remarks(loaded)


@app.command()
def check(context: typer.Context) -> None:
    """Read all settings; name what is wrong, skipped or idle.

    Example: poolmgr config check
    """
    from poolmgr.core.settings import SettingsError
    from poolmgr.services.settings.checking import check_database

    invocation: Invocation = context.obj
    try:
        loaded = load(invocation.directory)
        unchecked = check_database(loaded)
    except SettingsError as error:
        error.hint = "correct it there; the page with every setting: poolmgr config path"
        raise
    if invocation.as_json:
        emit(
            {
                "problems": [], "skipped": skipped_rows(loaded), "no_effect_yet": list(loaded.idle),
                "not_checked": list(unchecked),
            }
        )  # fmt: skip
        return
    count = len(loaded.origins)
    out(f"the settings are right: {count} set, {len(loaded.values) - count} by default")
    say_remarks(loaded)
    if unchecked:
        from isolation.database.installing import install_command

        say(f"not checked, for psycopg is not installed: {', '.join(unchecked)}")
        say(f"to install it: {install_command()}")


@app.command()
def path(context: typer.Context) -> None:
    """Print the files that settings are read from, the strongest last.

    Example: poolmgr config path
    """
    from poolmgr.services.settings.file import clone_path
    from poolmgr.services.settings.place import defaults_page

    invocation: Invocation = context.obj
    checkout, state = find_place(invocation.directory)
    files = {
        "defaults": defaults_page(),
        "committed": checkout / COMMITTED if checkout else None,
        "clone": clone_path(state),
    }
    if invocation.as_json:
        emit(
            {
                name: {"path": str(file), "exists": file.exists()} if file else None
                for name, file in files.items()
            }
        )
        return
    for name, file in files.items():
        if file:
            missing = "" if file.exists() else "  (not there)"
            out(f"{name:<10} {safe(file)}{missing}")


def trust(context: typer.Context) -> None:
    """Let the committed poolmgr.yaml set commands, copies and places.

    What it may set from now on is printed. The file is remembered as it is now: when it
    changes, it has to be trusted again.

    Example: poolmgr trust
    """
    from poolmgr.cli.settings_text import given_lines, value_for_json
    from poolmgr.core.settings_layers import needing_trust
    from poolmgr.services.settings.load import read_files
    from poolmgr.services.settings.trust import is_trusted, write_trust

    invocation: Invocation = context.obj
    checkout, state = find_place(invocation.directory)
    files = read_files(checkout, state)
    asking = needing_trust(files.committed)
    was_trusted = is_trusted(state, files.digest)
    if asking and files.digest and not was_trusted:
        write_trust(state, files.digest)
    if invocation.as_json:
        rows = [
            {"key": each.key, "value": value_for_json(each.key, each.value), "place": each.place}
            for each in asking
        ]
        emit({"digest": files.digest, "was_trusted": was_trusted, "now_in_force": rows})
    elif files.digest is None:
        say(f"there is no {COMMITTED} here; nothing to trust")
    elif not asking:
        say(f"{COMMITTED} sets nothing that needs trust")
    else:
        say(f"{COMMITTED} was trusted before:" if was_trusted else f"trusted; {COMMITTED} now sets:")
        for line in (line for each in asking for line in given_lines(each)):
            out(line)


def skipped_rows(loaded: Loaded) -> list[dict[str, str]]:
    """What was skipped for want of trust."""
    return [{"key": each.key, "place": each.place} for each in loaded.skipped]


def say_remarks(loaded: Loaded) -> None:
    """Tell people what is skipped and what has no effect yet."""
    for line in remarks(loaded):
        say(safe(line))


def remarks(loaded: Loaded) -> Iterator[str]:
    """What is skipped and what has no effect yet."""
    if loaded.skipped:
        keys = ", ".join(f"{each.key} ({each.place})" for each in loaded.skipped)
        yield f"skipped until you trust {COMMITTED}: {keys}"
        yield "to see and trust them: poolmgr trust"
    if loaded.idle:
        yield "set, but without effect yet: " + ", ".join(loaded.idle)
