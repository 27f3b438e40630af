"""The kinds of settings: the words for what each wants, its parser, and its form in the environment."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from poolmgr.core.settings_values import (
    Raw,
    Value,
    check_glob,
    check_nothing,
    check_path,
    parse_address,
    parse_branch_template,
    parse_duration,
    parse_line,
    parse_mapping,
    parse_mirror,
    parse_reference,
    parse_size,
    parse_switch,
    parse_task_paths,
    parse_threshold,
    unfit,
)

DEFAULTS_HERE = "..."
BREAKS = {ord("\n"): " ", ord("\t"): " "}


class Shape(StrEnum):
    """How the text of an environment variable is read for a kind."""

    WORD = "word"
    NUMBER = "number"
    SWITCH = "switch"
    LIST = "list"
    COMMANDS = "commands"
    MAPPING = "mapping"


class Kind(NamedTuple):
    """A type of value: the words for it, its parser, and whether null stands for "none"."""

    wants: str
    parse: Callable[[Raw], Value]
    shape: Shape = Shape.WORD
    is_optional: bool = False

    def parsed(self, raw: Raw) -> Value:
        """The value; ValueError says what is wrong with it."""
        if raw is None:
            if self.is_optional:
                return None
            raise ValueError(f"wants {self.wants}, not nothing")
        return self.parse(raw)


def whole(low: int, high: int, *, is_optional: bool = False) -> Kind:
    """A whole number within bounds."""
    wants = f"a whole number from {low} to {high}" + (" or null" if is_optional else "")

    def parse(raw: Raw) -> Value:
        if isinstance(raw, bool) or not isinstance(raw, int) or not low <= raw <= high:
            raise unfit(wants, raw)
        return raw

    return Kind(wants=wants, parse=parse, shape=Shape.NUMBER, is_optional=is_optional)


def choice(*words: str) -> Kind:
    """One of a few words; YAML reads a bare `off` as false and a bare 0.4 as a number."""
    wants = "one of " + ", ".join(words)

    def parse(raw: Raw) -> Value:
        word = {True: "on", False: "off"}[raw] if isinstance(raw, bool) else raw
        if isinstance(word, (tuple, dict)) or str(word) not in words:
            raise unfit(wants, raw)
        return str(word)

    return Kind(wants=wants, parse=parse)


def texts(wants: str, check: Callable[[str], object], *, shape: Shape = Shape.LIST) -> Kind:
    """A list of texts that each pass a check; `...` stands for the defaults."""

    def parse(raw: Raw) -> Value:
        if not isinstance(raw, tuple):
            raise unfit(wants, raw)
        for item in raw:
            # A command may be a script of several lines.
            line = item.translate(BREAKS) if shape is Shape.COMMANDS and isinstance(item, str) else item
            if parse_line(line) != DEFAULTS_HERE:
                check(str(item))
        return tuple(str(item) for item in raw)

    return Kind(wants=wants, parse=parse, shape=shape)


def parse_environment(raw: Raw) -> Value:
    """Variables, and files with variables."""
    from poolmgr.core.settings_environment import parse_environment_setting  # only a changed file pays

    return parse_environment_setting(raw)


SWITCH = Kind(wants="true or false", parse=parse_switch, shape=Shape.SWITCH)
DURATION = Kind(wants="a duration such as 10s, 30m, 16h or 10d", parse=parse_duration, shape=Shape.NUMBER)
SIZE = Kind(wants="a size such as 50MiB or 2GiB", parse=parse_size, shape=Shape.NUMBER)
THRESHOLD = Kind(wants="a share such as 80%, a number or a size such as 2GiB", parse=parse_threshold)
LINE = Kind(wants="a text or null", parse=parse_line, is_optional=True)
ADDRESS = Kind(wants="a text or null", parse=parse_address, is_optional=True)
REFERENCE = Kind(
    wants="the name of a branch, tag or commit, or null", parse=parse_reference, is_optional=True
)
BRANCH_TEMPLATE = Kind(
    wants="a branch name with {agent}, {slot}, {fence} or {date}", parse=parse_branch_template
)
GLOBS = texts("a list of globs", check_glob)
PATHS = texts("a list of paths inside the checkout", check_path)
NAMES = texts("a list of names", check_nothing)
COMMANDS = texts("a list of commands", check_nothing, shape=Shape.COMMANDS)
MAPPING = Kind(wants="a mapping of names to texts", parse=parse_mapping, shape=Shape.MAPPING)
MIRROR = Kind(wants="a mapping of directories as src/** to others", parse=parse_mirror, shape=Shape.MAPPING)
TASK_PATHS = Kind(
    wants="a mapping of label:NAME, type:NAME or title:PATTERN to globs",
    parse=parse_task_paths,
    shape=Shape.MAPPING,
)
ENVIRONMENT = Kind(wants="a mapping of names to texts", parse=parse_environment, shape=Shape.MAPPING)
