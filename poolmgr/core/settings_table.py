"""The table of all settings, derived from the sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

from poolmgr.core.settings import Settings
from poolmgr.core.settings_kinds import Kind
from poolmgr.core.settings_section import Section
from poolmgr.core.settings_values import Value

# Variables of ours that say where and for whom a program runs; no settings.
NOT_SETTINGS = frozenset(
    {"POOLMGR_PREPARES", "POOLMGR_AGENT", "POOLMGR_LEASE", "POOLMGR_SLOT", "POOLMGR_TEST_DATA"}
)


class Setting(NamedTuple):
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


def settings_of(group: type[Section], prefix: str, *, in_effect: bool) -> Iterator[Setting]:
    """The settings of a section and of those inside it."""
    for name, field in group.fields.items():
        effective = in_effect and field.in_effect
        if field.factory:
            yield from settings_of(field.factory, f"{prefix}{name}.", in_effect=effective)
        elif field.kind:
            yield Setting(
                key=prefix + name,
                kind=field.kind,
                default=field.default,
                doc=field.doc,
                needs_trust=field.needs_trust,
                in_effect=effective,
            )


SETTINGS: Mapping[str, Setting] = {each.key: each for each in settings_of(Settings, "", in_effect=True)}
SECTIONS = frozenset(key.rsplit(".", 1)[0] for key in SETTINGS if "." in key)
VARIABLES: Mapping[str, Setting] = {each.variable: each for each in SETTINGS.values()}


def settings_from(values: Mapping[str, Value]) -> Settings:
    """The settings with these values, the others as by default."""
    return cast("Settings", section_from(Settings, "", values))


def section_from(group: type[Section], prefix: str, values: Mapping[str, Value]) -> Section:
    """A section with these values, by whole key."""
    given: dict[str, object] = {}
    for name, field in group.fields.items():
        key = prefix + name
        if field.factory:
            given[name] = section_from(field.factory, f"{key}.", values)
        elif key in values:
            given[name] = values[key]
    return group(**given)
