"""From what each place says to one value per key: later layers win, an untrusted one is sifted.

Numbers that nobody set give way to those that somebody set (`max: 2` alone lowers `min` and
`initial`); two that somebody set and that contradict each other are a problem.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from poolmgr.core.settings import PoolSettings, Problem, Settings, SettingsError
from poolmgr.core.settings_kinds import DEFAULTS_HERE
from poolmgr.core.settings_parse import Given
from poolmgr.core.settings_table import SETTINGS, settings_from
from poolmgr.core.settings_values import Value


class Source(StrEnum):
    """Who may say what a setting is, the weakest first."""

    DEFAULT = "default"
    COMMITTED = "committed file"
    CLONE = "this clone's file"
    ENVIRONMENT = "environment"
    FLAG = "flag"


class Origin(NamedTuple):
    """Where a value comes from."""

    source: Source
    place: str = ""

    def __str__(self) -> str:
        return f"{self.source} ({self.place})" if self.place else str(self.source)


class Loaded(NamedTuple):
    """The settings, where each that is set comes from, and what was skipped for want of trust.

    `digest` is that of the committed file, if there is one.
    """

    settings: Settings
    values: Mapping[str, Value]
    origins: Mapping[str, Origin]
    skipped: tuple[Given, ...] = ()
    digest: str | None = None
    is_trusted: bool = False

    def origin(self, key: str) -> Origin:
        """Where the value of a key comes from."""
        return self.origins.get(key, Origin(source=Source.DEFAULT))

    @property
    def idle(self) -> tuple[str, ...]:
        """The keys that are set and have no effect yet."""
        return tuple(key for key in self.origins if not SETTINGS[key].in_effect)


Layer = tuple[Source, Sequence[Given]]


def needing_trust(givens: Iterable[Given]) -> tuple[Given, ...]:
    """Those that a committed file may only set once somebody trusts it."""
    return tuple(given for given in givens if SETTINGS[given.key].needs_trust)


def layered(layers: Iterable[Layer], *, digest: str | None, is_trusted: bool) -> Loaded:
    """The settings these layers make, the weakest first."""
    values: dict[str, Value] = {}
    origins: dict[str, Origin] = {}
    skipped: list[Given] = []
    for source, givens in layers:
        for given in givens:
            if source is Source.COMMITTED and SETTINGS[given.key].needs_trust and not is_trusted:
                skipped.append(given)
                continue
            values[given.key] = expanded(given)
            origins[given.key] = Origin(source=source, place=given.place)
    values |= sizes(values, origins)
    require_ports(values, origins)
    return Loaded(
        settings=settings_from(values),
        values={key: values.get(key, each.default) for key, each in SETTINGS.items()},
        origins=origins,
        skipped=tuple(skipped),
        digest=digest,
        is_trusted=is_trusted,
    )


def expanded(given: Given) -> Value:
    """The value with the defaults in the place of `...`."""
    default = SETTINGS[given.key].default
    if (
        not isinstance(given.value, tuple)
        or not isinstance(default, tuple)
        or DEFAULTS_HERE not in given.value
    ):
        return given.value
    at = given.value.index(DEFAULTS_HERE)
    after = tuple(item for item in given.value[at + 1 :] if item != DEFAULTS_HERE)
    return given.value[:at] + default + after


def sizes(values: Mapping[str, Value], origins: Mapping[str, Origin]) -> dict[str, Value]:
    """The pool's three sizes in order; SettingsError if those that are set are not."""
    order = ("pool.min", "pool.initial", "pool.max")
    given = {key: number for key in order if isinstance(number := values.get(key), int)}
    for lower, upper in pairwise(given):
        if given[lower] > given[upper]:
            message = f"is {given[lower]}, above {upper} ({given[upper]}, {origins[upper].place})"
            raise SettingsError((Problem(place=origins[lower].place, key=lower, message=message),))
    usual = PoolSettings()
    most = given.get("pool.max", max(usual.max, *given.values(), 0))
    least = given.get("pool.min", min(usual.min, *given.values(), most))
    start = given.get("pool.initial", min(max(usual.initial, least), most))
    return {"pool.min": least, "pool.initial": start, "pool.max": most}


def require_ports(values: Mapping[str, Value], origins: Mapping[str, Origin]) -> None:
    """SettingsError when a template names a port beyond the block."""
    setting = values.get("env")
    if not isinstance(setting, Mapping) or not setting:
        return
    from poolmgr.core.environment import list_ports  # only who has templates pays for them

    block = values.get("ports.block", SETTINGS["ports.block"].default)
    for port, name in sorted(list_ports(setting).items()):
        if isinstance(block, int) and port >= block:
            message = f"{name} names port {port} of a lease, counted from 0, and ports.block is {block}"
            raise SettingsError((Problem(place=origins["env"].place, key="env", message=message),))
