"""The table of all settings, derived from the sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, cast

from poolmgr.core.settings import Settings
from poolmgr.core.settings_kinds import Kind, Value

# Variables of ours that say where a program runs; no settings.
NOT_SETTINGS = frozenset({"POOLMGR_SLOT", "POOLMGR_LEASE", "POOLMGR_TEST_DATA"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key: what it may be, what it is when nobody says, and what it means."""

    key: str
    kind: Kind
    default: Value
    doc: str
    needs_trust: bool
    in_effect: bool

    @property
    def section(self) -> str:
        """The group it stands in."""
        return self.key.split(".")[0]

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return "POOLMGR_" + self.key.replace(".", "_").upper()


def settings_of(kind: type[Any], prefix: str, *, in_effect: bool) -> Iterator[Setting]:
    """The settings of a section and of those inside it."""
    for each in fields(kind):
        effective = in_effect and each.metadata["in_effect"]
        if inner := each.metadata.get("section"):
            yield from settings_of(inner, f"{prefix}{each.name}.", in_effect=effective)
        else:
            yield Setting(
                key=prefix + each.name,
                kind=each.metadata["kind"],
                default=default_of(each),
                doc=each.metadata["doc"],
                needs_trust=each.metadata["needs_trust"],
                in_effect=effective,
            )


def default_of(each: Field[Any]) -> Value:
    """The value a field has when nobody sets it."""
    value: Value = {} if each.default is MISSING else each.default
    return value


SETTINGS: Mapping[str, Setting] = {each.key: each for each in settings_of(Settings, "", in_effect=True)}
SECTIONS = frozenset(key.rsplit(".", 1)[0] for key in SETTINGS if "." in key)
VARIABLES: Mapping[str, Setting] = {each.variable: each for each in SETTINGS.values()}


def settings_from(values: Mapping[str, Value]) -> Settings:
    """The settings with these values, the others as by default."""
    return cast("Settings", section_from(Settings, "", values))


def section_from(kind: type[object], prefix: str, values: Mapping[str, Value]) -> object:
    """A section with these values, by whole key."""
    given: dict[str, object] = {}
    for each in fields(cast("type[Any]", kind)):
        key = prefix + each.name
        if inner := each.metadata.get("section"):
            given[each.name] = section_from(inner, f"{key}.", values)
        elif key in values:
            given[each.name] = values[key]
    return kind(**given)
