"""The settings: every key with its type, default, meaning and whether a committed file may set it.

The sections below are the only definition; the table of keys, the parser, the environment's
names, `config show` and the test of the commented page are derived from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from poolmgr.core import settings_defaults as defaults
from poolmgr.core import settings_kinds as kinds
from poolmgr.core.errors import PoolError
from poolmgr.core.settings_kinds import Kind

T = TypeVar("T")


def setting(default: T, kind: Kind, doc: str, *, needs_trust: bool = False, in_effect: bool = True) -> T:
    """A field that is a setting."""
    metadata = {"kind": kind, "doc": doc, "needs_trust": needs_trust, "in_effect": in_effect}
    if isinstance(default, dict):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


def section(factory: type[T], *, in_effect: bool = True) -> T:
    """A field that is a group of settings."""
    return field(default_factory=factory, metadata={"section": factory, "in_effect": in_effect})


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """How many slots there are, where they lie and what they start from."""

    min: int = setting(3, kinds.whole(1, 1000), "slots that are kept when nothing happens")
    max: int = setting(10, kinds.whole(1, 1000), "slots there are at most; then requests wait")
    initial: int = setting(4, kinds.whole(1, 1000), "slots that `init` makes")
    base: str | None = setting(
        None,
        kinds.REFERENCE,
        "what new branches start from; null: the remote's default branch, else the local one",
    )
    dir: str | None = setting(
        None,
        kinds.LINE,
        "where slots lie, relative to the checkout; null: ../<repo>.worktrees",
        needs_trust=True,
    )
    branch: str = setting(
        "{agent}/{slot}-{fence}", kinds.BRANCH_TEMPLATE, "name of the branch made when `acquire` names none"
    )
    per_agent: int | None = setting(
        None, kinds.whole(1, 1000, is_optional=True), "leases one agent may hold at a time; null: any number"
    )
    fetch: bool = setting(False, kinds.SWITCH, "whether acquire and refresh run `git fetch` first")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """How requests wait."""

    timeout: float = setting(10.0, kinds.DURATION, "how long `acquire` waits for a slot")
    aging: float = setting(
        1800.0, kinds.DURATION, "a request that has waited this long rises by one priority"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseSettings:
    """How long a slot is held."""

    idle: float = setting(
        57600.0, kinds.DURATION, "a lease in whose slot nothing happened for so long is suspect"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSettings:
    """What giving a slot back looks at."""

    disposable: tuple[str, ...] = setting(
        defaults.DISPOSABLE,
        kinds.GLOBS,
        "git-ignored paths that are not work; they may be deleted",
        needs_trust=True,
    )
    ignore: tuple[str, ...] = setting(
        (),
        kinds.NAMES,
        "names of processes that do not hold a slot up when they stay inside",
        needs_trust=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmSettings:
    """How a slot is prepared before somebody wants it."""

    keep: tuple[str, ...] = setting(
        defaults.KEEP, kinds.GLOBS, "ignored paths handed on while their lockfile fits", needs_trust=True
    )
    copy: tuple[str, ...] = setting(
        (), kinds.PATHS, "untracked files copied from the checkout", needs_trust=True
    )
    run: tuple[str, ...] = setting(
        (), kinds.COMMANDS, "commands run in a new or recycled slot", needs_trust=True
    )
    lockfiles: tuple[str, ...] = setting(
        defaults.LOCKFILES, kinds.GLOBS, "files whose change makes kept caches stale and `run` due again"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSettings:
    """When the pool shrinks."""

    down_after: float = setting(600.0, kinds.DURATION, "a free slot above `pool.min` goes after so long")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivitySettings:
    """When somebody else's work on a branch is recent."""

    warn: float = setting(7200.0, kinds.DURATION, "`acquire` warns of commits to the branch that are younger")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeSettings:
    """What slots with a scope see besides it."""

    essential: tuple[str, ...] = setting((), kinds.GLOBS, "paths every scope sees")
    mirror: Mapping[str, str] = setting(
        {}, kinds.MAPPING, "source globs and the test globs that go with them"
    )
    shared: tuple[str, ...] = setting((), kinds.GLOBS, "paths every scope may change")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSettings:
    """What slot databases are copied from."""

    migrations: tuple[str, ...] = setting((), kinds.GLOBS, "files whose change makes a new template due")
    run: tuple[str, ...] = setting((), kinds.COMMANDS, "commands that build the schema", needs_trust=True)
    seed: tuple[str, ...] = setting((), kinds.COMMANDS, "commands that fill it", needs_trust=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """A PostgreSQL database for every slot."""

    mode: str = setting("auto", kinds.choice("auto", "embedded", "server", "off"), "which server is used")
    dsn: str | None = setting(None, kinds.LINE, "address of a server of your own", needs_trust=True)
    template: TemplateSettings = section(TemplateSettings)
    connections: int = setting(20, kinds.whole(1, 10000), "connections a slot's role may have")


@dataclass(frozen=True, slots=True, kw_only=True)
class BeadsSettings:
    """The task graph."""

    rules: str = setting("auto", kinds.choice("auto", "0.4", "1"), "which version's rules say what is ready")
    path: str | None = setting(None, kinds.LINE, "where the tasks lie; null: .beads/", needs_trust=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsSettings:
    """Where resources become scarce: first a warning, then no new slots."""

    connections_warn: str = setting("80%", kinds.THRESHOLD, "database connections in use")
    connections_critical: str = setting("95%", kinds.THRESHOLD, "database connections in use")
    disk_warn: str = setting("2GiB", kinds.THRESHOLD, "disk space left")
    disk_critical: str = setting("500MiB", kinds.THRESHOLD, "disk space left")
    descriptors_warn: str = setting("80%", kinds.THRESHOLD, "file descriptors in use")
    descriptors_critical: str = setting("95%", kinds.THRESHOLD, "file descriptors in use")
    pool_warn: str = setting("80%", kinds.THRESHOLD, "slots in use, of `pool.max`")
    pool_critical: str = setting("100%", kinds.THRESHOLD, "slots in use, of `pool.max`")
    stale: float = setting(3600.0, kinds.DURATION, "what nobody used for so long may be a leak")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, by section."""

    pool: PoolSettings = section(PoolSettings)
    queue: QueueSettings = section(QueueSettings)
    lease: LeaseSettings = section(LeaseSettings)
    release: ReleaseSettings = section(ReleaseSettings)
    warm: WarmSettings = section(WarmSettings)
    scale: ScaleSettings = section(ScaleSettings)
    activity: ActivitySettings = section(ActivitySettings)
    scope: ScopeSettings = section(ScopeSettings, in_effect=False)
    database: DatabaseSettings = section(DatabaseSettings, in_effect=False)
    beads: BeadsSettings = section(BeadsSettings, in_effect=False)
    env: Mapping[str, str] = setting(
        {}, kinds.ENVIRONMENT, "variables for every slot's .env.worktree", needs_trust=True, in_effect=False
    )
    limits: LimitsSettings = section(LimitsSettings, in_effect=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with the settings: where, which key, what, and what may be meant."""

    place: str
    key: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        meant = f"; did you mean {self.suggestion}?" if self.suggestion else ""
        named = f"{self.key} " if self.key else ""
        return f"{self.place}: {named}{self.message}{meant}"


class SettingsError(PoolError):
    """The settings cannot be used as they are."""

    code = "settings"
    exit_code = 2

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        facts = {
            "problems": [{"place": each.place, "key": each.key, "message": str(each)} for each in problems]
        }
        super().__init__("\n".join(map(str, problems)), hint="poolmgr config check", facts=facts)
        self.problems = problems
