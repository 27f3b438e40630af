"""The one strict parser: a document or the environment in, values by key out, every problem named.

An unknown key is a problem that names its place and the nearest right key. Several problems are
reported together. Reading YAML is the caller's: a document comes as a tree of nodes with lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from poolmgr.core.settings import Problem
from poolmgr.core.settings_kinds import Kind, Shape
from poolmgr.core.settings_table import NOT_SETTINGS, SECTIONS, SETTINGS, VARIABLES, Setting
from poolmgr.core.settings_values import Raw, Value

SWITCHES = {
    "true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False,
}  # fmt: skip


class Node(NamedTuple):
    """A value of a document and the line it stands on; a mapping's values stand on their keys' lines.

    A value that is neither a list nor a mapping is also there as it is written.
    """

    line: int
    value: str | int | float | bool | tuple[Node, ...] | dict[str, Node] | None
    written: str = ""


class Given(NamedTuple):
    """What one place says about one key."""

    key: str
    value: Value
    place: str


Found = Given | Problem


def parse_document(root: Node, label: str) -> Iterator[Found]:
    """What a settings file says."""
    if root.value is None:
        return
    if not isinstance(root.value, dict):
        yield Problem(place=f"{label}:{root.line}", key="", message="the file must be a mapping of sections")
        return
    yield from parse_section(root.value, "", label)


def parse_section(entries: Mapping[str, Node], prefix: str, label: str) -> Iterator[Found]:
    """What a section and those inside it say."""
    for name, node in entries.items():
        key = prefix + name
        place = f"{label}:{node.line}"
        if key in SETTINGS:
            yield parse_value(SETTINGS[key], plain(node), place)
        elif key not in SECTIONS:
            yield unknown(place, key)
        elif isinstance(node.value, dict):
            yield from parse_section(node.value, f"{key}.", label)
        elif node.value is not None:
            yield Problem(place=place, key=key, message="is a section; its settings go below it, indented")


def unknown(place: str, key: str) -> Problem:
    """What is no setting; it may be a database's address with its name forgotten."""
    from poolmgr.core.masking import without_password

    shown = without_password(key) if "://" in key else key
    return Problem(place=place, key=shown, message="is no setting", suggestion=nearest_key(key))


def parse_value(setting: Setting, raw: Raw, place: str) -> Found:
    """The value of a setting, or what is wrong with it."""
    try:
        return Given(key=setting.key, value=setting.kind.parsed(raw), place=place)
    except ValueError as error:
        return Problem(place=place, key=setting.key, message=str(error))


def plain(node: Node) -> Raw:
    """A node's value without lines."""
    if isinstance(node.value, tuple):
        return tuple(plain(each) for each in node.value)
    if isinstance(node.value, dict):
        return {name: plain(each) for name, each in node.value.items()}
    return node.value


def parse_environment(environ: Mapping[str, str], read_flow: Callable[[str], Raw]) -> Iterator[Found]:
    """What variables say; `read_flow` reads `[…]` and `{…}` and raises ValueError."""
    for variable in sorted(name for name in environ if name.startswith("POOLMGR_")):
        if variable in NOT_SETTINGS:
            continue
        if variable in VARIABLES:
            yield parse_text(VARIABLES[variable], environ[variable], variable, read_flow)
        else:
            meant = nearest(variable, VARIABLES)
            yield Problem(
                place="environment", key=variable, message="is no setting's variable", suggestion=meant
            )


def parse_flags(flags: Mapping[str, str], read_flow: Callable[[str], Raw]) -> Iterator[Found]:
    """What flags say, by key."""
    for key, text in flags.items():
        yield parse_key(key, text, read_flow, place="command line")


def parse_key(key: str, text: str, read_flow: Callable[[str], Raw], *, place: str) -> Found:
    """The value of a key that somebody typed, from its text."""
    if key not in SETTINGS:
        return Problem(place=place, key=key, message="is no setting", suggestion=nearest_key(key))
    return parse_text(SETTINGS[key], text, place, read_flow)


def parse_text(setting: Setting, text: str, place: str, read_flow: Callable[[str], Raw]) -> Found:
    """The value of a setting from the text of a variable or flag."""
    try:
        raw = raw_of(setting.kind, text, read_flow)
    except ValueError as error:
        return Problem(place=place, key=setting.key, message=str(error))
    return parse_value(setting, raw, place)


def raw_of(kind: Kind, text: str, read_flow: Callable[[str], Raw]) -> Raw:
    """What a document would hold for this text."""
    word = text.strip()
    raw: Raw = word
    match kind.shape:
        case Shape.LIST | Shape.COMMANDS if word.startswith("["):
            raw = read_flow(word)
        case Shape.LIST:
            raw = tuple(part.strip() for part in word.split(",") if part.strip())
        case Shape.COMMANDS:
            # A comma is too common in commands to divide them.
            raw = (word,) if word else ()
        case Shape.MAPPING:
            raw = read_flow(word or "{}")
        case Shape.SWITCH:
            raw = SWITCHES.get(word.lower(), word)
        case Shape.NUMBER if re.fullmatch(r"\d{1,17}", word, re.ASCII):
            raw = int(word)
    return None if kind.is_optional and word in ("", "null") else raw


def nearest_key(key: str) -> str:
    """The key or section that may have been meant; a known last part counts wherever it stands."""
    found = nearest(key, [*SETTINGS, *SECTIONS])
    if found:
        return found
    last = key.rsplit(".", 1)[-1]
    leaves = {known.rsplit(".", 1)[-1]: known for known in reversed(tuple(SETTINGS))}
    return leaves.get(nearest(last, leaves), "")


def nearest(word: str, known: Iterable[str]) -> str:
    """The most similar known word, or nothing."""
    from difflib import get_close_matches  # only a mistake pays for it

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.7)), "")
