"""Settings as text for a terminal or for programs: nothing hostile, no password."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from poolmgr.cli.output import safe
from poolmgr.core.masking import without_password
from poolmgr.core.settings_kinds import DURATION
from poolmgr.core.settings_layers import Loaded
from poolmgr.core.settings_parse import Given
from poolmgr.core.settings_table import SETTINGS
from poolmgr.core.settings_values import Value

LONG = 12
UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def settings_json(loaded: Loaded) -> dict[str, object]:
    """Every key with its value and where that comes from."""
    return {
        key: {
            "value": value_for_json(key, value),
            "source": loaded.origin(key).source,
            "place": loaded.origin(key).place,
            "in_effect": SETTINGS[key].in_effect,
        }
        for key, value in loaded.values.items()
    }


def page_lines(loaded: Loaded, *, with_origin: bool) -> Iterator[str]:
    """All settings as a settings file would say them."""
    above: list[str] = []
    for key, setting in SETTINGS.items():
        *sections, leaf = key.split(".")
        for depth, name in enumerate(sections):
            if sections[: depth + 1] != above[: depth + 1]:
                yield f"{'  ' * depth}{name}:"
        above = sections
        text = value_text(key, loaded.values[key])
        notes = [] if setting.in_effect else ["no effect yet"]
        if with_origin:
            notes.append(safe(str(loaded.origin(key))))
        comment = f"  # {', '.join(notes)}" if notes else ""
        yield f"{'  ' * len(sections)}{leaf}: {text}{comment}"


def given_lines(given: Given) -> Iterator[str]:
    """What a file says about one key, an item a line."""
    items = [json.dumps(item) for item in given.value] if isinstance(given.value, tuple) else None
    if isinstance(given.value, Mapping):
        items = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in given.value.items()]
    place = safe(given.place)
    if items is None:
        yield f"{given.key}: {value_text(given.key, given.value)}  # {place}"
        return
    yield f"{given.key}:  # {place}"
    for item in items:
        yield f"  - {item}"


def value_text(key: str, value: Value) -> str:
    """One value as YAML; a long default list as `...`, which means just that."""
    if isinstance(value, tuple) and value == SETTINGS[key].default and len(value) > LONG:
        return '["..."]'
    if SETTINGS[key].kind is DURATION and isinstance(value, (int, float)):
        return duration_text(value)
    # JSON is YAML, and ASCII keeps control and bidi characters spelled out.
    return json.dumps(value_for_json(key, value))


def duration_text(seconds: float) -> str:
    """Seconds in the largest unit that fits."""
    for unit, size in UNITS:
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"


def value_for_json(key: str, value: Value) -> object:
    """One value for programs; a database address without its password."""
    if key == "database.dsn" and isinstance(value, str):
        return without_password(value)
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value
