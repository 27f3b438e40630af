"""The settings: every key with its type, default, meaning and whether a committed file may set it.

The sections below are the only definition; the table of keys, the parser, the environment's
names, `config show` and the test of the commented page are derived from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from poolmgr.core import settings_defaults as defaults
from poolmgr.core import settings_kinds as kinds
from poolmgr.core.errors import PoolError
from poolmgr.core.settings_section import Section, section, setting


class PoolSettings(Section):
    """How many slots there are, where they lie and what they start from."""

    min: int = setting(default=3, kind=kinds.whole(1, 1000), doc="slots that are kept when nothing happens")
    max: int = setting(
        default=10, kind=kinds.whole(1, 1000), doc="slots there are at most; then requests wait"
    )
    initial: int = setting(default=4, kind=kinds.whole(1, 1000), doc="slots that `init` makes")
    base: str | None = setting(
        default=None,
        kind=kinds.REFERENCE,
        doc="what new branches start from; null: the remote's default branch, else the local one",
    )
    dir: str | None = setting(
        default=None,
        kind=kinds.LINE,
        doc="where slots lie, relative to the checkout; null: ../<repo>.worktrees",
        needs_trust=True,
    )
    branch: str = setting(
        default="{agent}/{slot}-{fence}",
        kind=kinds.BRANCH_TEMPLATE,
        doc="name of the branch made when `acquire` names none",
    )
    per_agent: int | None = setting(
        default=None,
        kind=kinds.whole(1, 1000, is_optional=True),
        doc="leases one agent may hold at a time; null: any number",
    )
    fetch: bool = setting(
        default=False, kind=kinds.SWITCH, doc="whether acquire and refresh run `git fetch` first"
    )


class QueueSettings(Section):
    """How requests wait."""

    timeout: float = setting(default=10.0, kind=kinds.DURATION, doc="how long `acquire` waits for a slot")
    aging: float = setting(
        default=1800.0, kind=kinds.DURATION, doc="a request that has waited this long rises by one priority"
    )


class LeaseSettings(Section):
    """How long a slot is held."""

    idle: float = setting(
        default=57600.0,
        kind=kinds.DURATION,
        doc="a lease in whose slot nothing happened for so long is suspect",
    )


class ReleaseSettings(Section):
    """What giving a slot back looks at."""

    disposable: tuple[str, ...] = setting(
        default=defaults.DISPOSABLE,
        kind=kinds.GLOBS,
        doc="git-ignored paths that are not work; they may be deleted",
        needs_trust=True,
    )
    ignore: tuple[str, ...] = setting(
        default=(),
        kind=kinds.NAMES,
        doc="names of processes that do not hold a slot up when they stay inside",
        needs_trust=True,
    )


class WarmSettings(Section):
    """How a slot is prepared before somebody wants it."""

    keep: tuple[str, ...] = setting(
        default=defaults.KEEP,
        kind=kinds.GLOBS,
        doc="ignored paths handed on while their lockfile fits",
        needs_trust=True,
    )
    copy: tuple[str, ...] = setting(
        default=(), kind=kinds.PATHS, doc="untracked files copied from the checkout", needs_trust=True
    )
    run: tuple[str, ...] = setting(
        default=(), kind=kinds.COMMANDS, doc="commands run in a new or recycled slot", needs_trust=True
    )
    lockfiles: tuple[str, ...] = setting(
        default=defaults.LOCKFILES,
        kind=kinds.GLOBS,
        doc="files whose change makes kept caches stale and `run` due again",
    )


class ScaleSettings(Section):
    """When the pool shrinks."""

    down_after: float = setting(
        default=600.0, kind=kinds.DURATION, doc="a free slot above `pool.min` goes after so long"
    )


class ActivitySettings(Section):
    """When somebody else's work on a branch is recent."""

    warn: float = setting(
        default=7200.0, kind=kinds.DURATION, doc="`acquire` warns of commits to the branch that are younger"
    )


class ScopeSettings(Section):
    """What slots with a scope see besides it, and what they may change without owning it."""

    essential: tuple[str, ...] = setting(
        default=defaults.ESSENTIAL, kind=kinds.GLOBS, doc="paths every scope sees"
    )
    mirror: Mapping[str, str] = setting(
        default=defaults.MIRROR,
        kind=kinds.MIRROR,
        doc="source directories and the tests that go with them; who owns one side sees the other",
    )
    shared: tuple[str, ...] = setting(
        default=defaults.SHARED, kind=kinds.GLOBS, doc="paths every scope may change; that is reported"
    )
    unstage: tuple[str, ...] = setting(
        default=(".beads/",), kind=kinds.GLOBS, doc="paths that hooks stage and a scoped commit leaves out"
    )


class TemplateSettings(Section):
    """What slot databases are copied from."""

    migrations: tuple[str, ...] = setting(
        default=(), kind=kinds.GLOBS, doc="files whose change makes a new template due"
    )
    run: tuple[str, ...] = setting(
        default=(), kind=kinds.COMMANDS, doc="commands that build the schema", needs_trust=True
    )
    seed: tuple[str, ...] = setting(
        default=(), kind=kinds.COMMANDS, doc="commands that fill it", needs_trust=True
    )
    size: int = setting(
        default=2 * 2**30, kind=kinds.SIZE, doc="room for templates; the least used go when they need more"
    )


class DatabaseSettings(Section):
    """A PostgreSQL database for every slot."""

    mode: str = setting(
        default="auto", kind=kinds.choice("auto", "embedded", "server", "off"), doc="which server is used"
    )
    dsn: str | None = setting(
        default=None, kind=kinds.ADDRESS, doc="address of a server of your own", needs_trust=True
    )
    template: TemplateSettings = section(factory=TemplateSettings)
    connections: int = setting(
        default=20, kind=kinds.whole(1, 10000), doc="connections a slot's role may have"
    )
    spares: int = setting(
        default=2, kind=kinds.whole(0, 100), doc="databases built ahead, so that lending one is quick"
    )
    idle: float = setting(
        default=1800.0,
        kind=kinds.DURATION,
        doc="the embedded server stops when nobody needed it for so long; 0: never",
    )
    grace: float = setting(
        default=1800.0, kind=kinds.DURATION, doc="`db orphans --clean` leaves alone what is younger"
    )


class PortsSettings(Section):
    """Ports for what `env` starts or names."""

    first: int = setting(default=20000, kind=kinds.whole(1024, 65535), doc="where the blocks of ports begin")
    block: int = setting(
        default=10, kind=kinds.whole(0, 1000), doc="how many ports a lease has for itself; 0: none"
    )


class BeadsSettings(Section):
    """The task graph."""

    rules: str = setting(
        default="auto", kind=kinds.choice("auto", "0.4", "1"), doc="which version's rules say what is ready"
    )
    path: str | None = setting(
        default=None,
        kind=kinds.LINE,
        doc="where the tasks lie: a directory of Beads, or one file; null: .beads/",
        needs_trust=True,
    )


class TracksSettings(Section):
    """What tasks touch, where nobody says it of each."""

    paths: Mapping[str, str] = setting(
        default={}, kind=kinds.TASK_PATHS, doc="globs that tasks of a label, type or title touch"
    )


class LimitsSettings(Section):
    """Where resources become scarce: first a warning, then no new slots."""

    connections_warn: str = setting(default="80%", kind=kinds.THRESHOLD, doc="database connections in use")
    connections_critical: str = setting(
        default="95%", kind=kinds.THRESHOLD, doc="database connections in use"
    )
    disk_warn: str = setting(default="2GiB", kind=kinds.THRESHOLD, doc="disk space left")
    disk_critical: str = setting(default="500MiB", kind=kinds.THRESHOLD, doc="disk space left")
    descriptors_warn: str = setting(default="80%", kind=kinds.THRESHOLD, doc="file descriptors in use")
    descriptors_critical: str = setting(default="95%", kind=kinds.THRESHOLD, doc="file descriptors in use")
    pool_warn: str = setting(default="80%", kind=kinds.THRESHOLD, doc="slots in use, of `pool.max`")
    pool_critical: str = setting(default="100%", kind=kinds.THRESHOLD, doc="slots in use, of `pool.max`")
    stale: float = setting(
        default=3600.0, kind=kinds.DURATION, doc="what nobody used for so long may be a leak"
    )


class Settings(Section):
    """All settings, by section."""

    pool: PoolSettings = section(factory=PoolSettings)
    queue: QueueSettings = section(factory=QueueSettings)
    lease: LeaseSettings = section(factory=LeaseSettings)
    release: ReleaseSettings = section(factory=ReleaseSettings)
    warm: WarmSettings = section(factory=WarmSettings)
    scale: ScaleSettings = section(factory=ScaleSettings)
    activity: ActivitySettings = section(factory=ActivitySettings)
    scope: ScopeSettings = section(factory=ScopeSettings)
    database: DatabaseSettings = section(factory=DatabaseSettings)
    beads: BeadsSettings = section(factory=BeadsSettings)
    tracks: TracksSettings = section(factory=TracksSettings)
    env: Mapping[str, str | Mapping[str, str]] = setting(
        default={},
        kind=kinds.ENVIRONMENT,
        doc="variables for every slot's .env.worktree, and for files of your choice",
        needs_trust=True,
    )
    ports: PortsSettings = section(factory=PortsSettings)
    limits: LimitsSettings = section(factory=LimitsSettings, in_effect=False)


class Problem(NamedTuple):
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
