"""`config show|check|path` and `trust`: what the settings are, where each comes from, who may set it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from poolmgr.cli.settings_text import escaped, given_lines, page_lines, value_for_json
from poolmgr.core.settings_layers import Loaded, needing_trust
from poolmgr.core.settings_table import SETTINGS
from poolmgr.services.settings import load_settings, read_files
from poolmgr.services.settings_file import COMMITTED, clone_path
from poolmgr.services.settings_place import defaults_page, find_checkout
from poolmgr.services.settings_trust import is_trusted, write_trust
from poolmgr.services.site import find_site

CONTRACT_VERSION = 1

app = typer.Typer(
    name="config",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The settings: what they are, where they come from, whether they are right.",
)

Repo = Annotated[Path, typer.Option("--repo", metavar="DIR", help="a directory of the repository")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the settings of one repository lie."""

    checkout: Path | None
    state: Path

    def load(self) -> Loaded:
        """The settings in force here."""
        return load_settings(self.checkout, self.state, os.environ)


def find_place(repo: Path) -> Place:
    """The repository around a directory."""
    site = find_site(repo)
    return Place(checkout=find_checkout(site), state=site.state)


@app.command()
def show(
    repo: Repo = Path(),
    origin: Annotated[bool, typer.Option("--origin", help="say where each value comes from")] = False,
    as_json: AsJson = False,
) -> None:
    """Print all settings as they are in force, as a settings file would say them.

    Example: poolmgr config show --origin
    """
    loaded = find_place(repo).load()
    if as_json:
        print_json(
            {
                "settings": {
                    key: {
                        "value": value_for_json(key, value),
                        "source": loaded.origin(key).source,
                        "place": loaded.origin(key).place,
                        "in_effect": SETTINGS[key].in_effect,
                    }
                    for key, value in loaded.values.items()
                },
                "skipped": skipped_rows(loaded),
            }
        )
        return
    print("\n".join(page_lines(loaded, with_origin=origin)))
    say_remarks(loaded)


@app.command()
def check(repo: Repo = Path(), as_json: AsJson = False) -> None:
    """Read all settings and name what is wrong, skipped or without effect.

    Example: poolmgr config check
    """
    loaded = find_place(repo).load()
    if as_json:
        print_json({"problems": [], "skipped": skipped_rows(loaded), "no_effect_yet": list(loaded.idle)})
        return
    print(
        f"the settings are right: {len(loaded.origins)} set, {len(SETTINGS) - len(loaded.origins)} by default"
    )
    say_remarks(loaded)


@app.command()
def path(repo: Repo = Path(), as_json: AsJson = False) -> None:
    """Print the files that settings are read from, the strongest last.

    Example: poolmgr config path
    """
    place = find_place(repo)
    files = {
        "defaults": defaults_page(),
        "committed": place.checkout / COMMITTED if place.checkout else None,
        "clone": clone_path(place.state),
    }
    if as_json:
        rows = {
            name: {"path": str(file), "exists": file.exists()} if file else None
            for name, file in files.items()
        }
        print_json({"files": rows})
        return
    for name, file in files.items():
        if file:
            missing = "" if file.exists() else "  (not there)"
            print(f"{name:<10} {escaped(str(file))}{missing}")


def trust(repo: Repo = Path(), as_json: AsJson = False) -> None:
    """Let the committed poolmgr.yaml set commands, copies, caches and places, and print which.

    The file is remembered as it is now: when it changes, it has to be trusted again.

    Example: poolmgr trust
    """
    place = find_place(repo)
    files = read_files(place.checkout, place.state)
    asking = needing_trust(files.committed)
    was_trusted = is_trusted(place.state, files.digest)
    if asking and files.digest and not was_trusted:
        write_trust(place.state, files.digest)
    if as_json:
        rows = [
            {"key": each.key, "value": value_for_json(each.key, each.value), "place": each.place}
            for each in asking
        ]
        print_json({"digest": files.digest, "was_trusted": was_trusted, "now_in_force": rows})
        return
    if files.digest is None:
        say(f"there is no {COMMITTED} here; nothing to trust")
    elif not asking:
        say(f"{COMMITTED} sets nothing that needs trust")
    else:
        say(f"{COMMITTED} was trusted before:" if was_trusted else f"trusted; {COMMITTED} now sets:")
        print("\n".join(line for given in asking for line in given_lines(given)))


def skipped_rows(loaded: Loaded) -> list[dict[str, str]]:
    """What was skipped for want of trust."""
    return [{"key": each.key, "place": each.place} for each in loaded.skipped]


def say_remarks(loaded: Loaded) -> None:
    """Tell people what is skipped and what has no effect yet."""
    for line in remarks(loaded):
        say(line)


def remarks(loaded: Loaded) -> Iterator[str]:
    """What is skipped and what has no effect yet."""
    if loaded.skipped:
        keys = ", ".join(f"{each.key} ({each.place})" for each in loaded.skipped)
        yield f"skipped until you trust {COMMITTED}: {keys}"
        yield "to see and trust them: poolmgr trust"
    if loaded.idle:
        yield "set, but without effect yet: " + ", ".join(loaded.idle)


def print_json(document: dict[str, object]) -> None:
    """Print the answer for programs."""
    print(json.dumps({"contract_version": CONTRACT_VERSION, **document}))


def say(text: str) -> None:
    """Tell people, beside the data."""
    print(escaped(text), file=sys.stderr)
