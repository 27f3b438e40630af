"""What a user can meet is in the README: every command, exit code, slot state and setting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup

from poolmgr.cli.app import app
from poolmgr.core.errors import PoolError
from poolmgr.core.lifecycle import TRANSITIONS, State
from tests.fixtures.source import TOP

README = (TOP / "README.md").read_text(encoding="utf-8")


def list_commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command with the words that reach it."""
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from list_commands(inner, (*words, name))
    else:
        yield " ".join(words), command


COMMANDS = dict(list_commands(typer.main.get_command(app)))


def exit_codes(kind: type[PoolError] = PoolError) -> set[int]:
    """Every exit code an error can end poolmgr with."""
    return {kind.exit_code}.union(*(exit_codes(inner) for inner in kind.__subclasses__()))


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_is_in_the_readme(words: str) -> None:
    assert re.search(rf"\b{re.escape(words)}\b", README), f"README does not show `poolmgr {words}`"


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_and_option_has_its_help(words: str) -> None:
    command = COMMANDS[words]
    assert command.help, f"`poolmgr {words}` has no help"
    without = [
        option.name
        for option in command.params
        if not getattr(option, "help", None) and not getattr(option, "hidden", False)
    ]
    assert without == []


@pytest.mark.parametrize("words", ["release", "reclaim", "cleanup"])
def test_who_ends_a_lease_is_told_that_its_database_goes(words: str) -> None:
    assert re.search(r"\b[Dd]atabases?\b.* go", COMMANDS[words].help)


@pytest.mark.parametrize("code", sorted(exit_codes() | {0, 3, 130}))
def test_every_exit_code_is_in_the_readme(code: int) -> None:
    assert re.search(rf"^\|\s*`?{code}`?\s*\|", README, re.MULTILINE), f"no row for exit code {code}"


@pytest.mark.parametrize("state", State)
def test_every_state_is_in_the_readme_with_where_it_leads(state: State) -> None:
    row = re.search(rf"^\|\s*`?{state}`?\s*\|.*$", README, re.MULTILINE)
    assert row, f"no row for the state {state}"
    named = set(re.findall(r"\b[A-Z]{5,}\b", row[0])) - {state.value}
    assert named == {target.value for target in TRANSITIONS[state]}


def test_every_section_of_the_settings_is_pointed_to() -> None:
    assert "config/defaults.yaml" in README or "poolmgr config show" in README
