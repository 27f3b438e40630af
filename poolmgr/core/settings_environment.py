"""The `env` setting: variables, and files with variables, each a template."""

from __future__ import annotations

import re

from poolmgr.core.environment import NAME, UNWRITABLE, Environment, list_fields, require_writable
from poolmgr.core.settings_values import Raw, check_path, unfit

OWN = ".env.worktree"


def parse_environment_setting(raw: Raw) -> Environment:
    """Variables by name, and files by path with the variables of each."""
    if not isinstance(raw, dict):
        raise unfit("a mapping of names to texts, and of files to such mappings", raw)
    files = {key for key, value in raw.items() if isinstance(value, dict)}
    for path in files:
        above = next((each for each in files if path.startswith(f"{each}/")), None)
        if above:
            raise ValueError(f"{path} cannot lie below {above}, which is a file")
    return {
        key: parse_file(key, value) if isinstance(value, dict) else parse_variable(key, value)
        for key, value in raw.items()
    }


def parse_file(path: str, raw: dict[str, Raw]) -> dict[str, str]:
    """The variables of one file."""
    check_path(path)
    if "" in path.split("/") or "." in path.split("/") or re.search(UNWRITABLE, path):
        raise ValueError(f"{path!r} is no path of a file, written as git writes it")
    if path == OWN:
        raise ValueError(f"{path} holds all variables that stand by themselves; write them without a file")
    if not raw:
        raise ValueError(f"{path} has no variables below it")
    return {name: parse_variable(name, value, f"{path}: ") for name, value in raw.items()}


def parse_variable(name: str, raw: Raw, place: str = "") -> str:
    """The template of one variable."""
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        raise unfit(f"a text for {place}{name} (put it in quotes)", raw)
    if not re.fullmatch(NAME, name):
        raise ValueError(f"{place}{name!r} cannot name an environment variable")
    if name.startswith("POOLMGR_"):
        raise ValueError(f"{place}{name} is poolmgr's own to set")
    try:
        list_fields(str(raw))
        require_writable(str(raw))
    except ValueError as error:
        raise ValueError(f"{place}{name}: {error}") from None
    return str(raw)
