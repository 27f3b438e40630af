"""Where a pool lives: the repository around a directory and the pool's own files in it.

`pool.json` is the sentinel beside the database: whose pool this is (id, host, path) and what was
changed in the repository and has to be taken back. It survives the loss of the database.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, NamedTuple

from isolation.git.layout import Layout, NoRepository, read_layout
from isolation.git.program import Git
from poolmgr.core.errors import NoPool, NotARepository, PoolElsewhere, StateDamaged, StateUnwritable
from resources.probes.processes import host_id

STATE = "poolmgr"
GOING = "going"  # a cleanup has begun to take the last things away


class Site(NamedTuple):
    """A repository, and the directory in it where the pool's state lies."""

    layout: Layout
    common: Path
    state: Path
    git: Git

    @property
    def facts_file(self) -> Path:
        """The sentinel."""
        return self.state / "pool.json"

    @property
    def database(self) -> Path:
        """The state database."""
        return self.state / "state.db"

    @property
    def archives(self) -> Path:
        """Where rescued ignored files lie."""
        return self.state / "rescue"

    @property
    def parked(self) -> Path:
        """Where directories lie whose work could not be proven kept."""
        return self.state / "parked"


class Facts(NamedTuple):
    """Whose pool this is, and what has to be taken back when it goes."""

    pool_id: str
    host: str
    common: str
    checkout: str
    slots_dir: str
    created: str
    worktree_config: bool = False
    exclude: str = ""
    exclude_made: bool = False
    tracking: tuple[str, ...] = ()
    tombstones: tuple[str, ...] = ()


def find_site(directory: Path) -> Site:
    """The repository around a directory."""
    git = Git(directory)
    try:
        layout = read_layout(git)
    except NoRepository as error:
        why = "" if error.message.startswith("not a git repository") else f": {error.message}"
        raise NotARepository(
            f"{directory} is not in a git repository{why}",
            hint="cd into a repository, or --repo DIR",
        ) from error
    common = Path(os.path.realpath(layout.common))
    return Site(layout=layout, common=common, state=common / STATE, git=git.at(common))


def find_facts(site: Site) -> Facts | None:
    """The sentinel; None where there is no pool."""
    try:
        text = site.facts_file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateUnwritable(f"{site.facts_file} cannot be read: {error.strerror}") from error
    try:
        values: dict[str, Any] = json.loads(text)
        values["tracking"] = tuple(values["tracking"])
        values["tombstones"] = tuple(values["tombstones"])
        return Facts(**values)
    except (ValueError, TypeError, KeyError) as error:
        raise StateDamaged(f"{site.facts_file} is damaged", hint="poolmgr doctor --fix") from error


def require_facts(site: Site) -> Facts:
    """The sentinel."""
    facts = find_facts(site)
    if facts is None:
        raise NoPool(f"no pool here: {site.common}", hint="poolmgr init")
    return facts


def require_staying(site: Site) -> None:
    """Refuse a pool whose cleanup was cut off on its last steps."""
    if (site.state / GOING).exists():
        raise NoPool("the pool is going: its cleanup was cut off", hint="poolmgr cleanup")


def require_home(site: Site, facts: Facts) -> None:
    """Refuse to write where the pool was copied, moved or mounted."""
    if facts.host != host_id():
        raise PoolElsewhere(
            "this pool belongs to another machine; here it may only be read", hint="poolmgr doctor --rebind"
        )
    if facts.common != os.fspath(site.common):
        raise PoolElsewhere(
            f"this is a copy of {facts.common}, or was moved from there; its pool may only be read here",
            hint="poolmgr doctor --rebind",
        )


def is_home(site: Site, facts: Facts) -> bool:
    """Whether the pool belongs to this host and path."""
    return facts.host == host_id() and facts.common == os.fspath(site.common)


def write_facts(site: Site, facts: Facts, **changes: Any) -> Facts:  # noqa: ANN401 - fields of Facts
    """The sentinel, replaced whole."""
    wanted = facts._replace(**changes)
    write_private(site.facts_file, json.dumps(wanted._asdict(), indent=1).encode())
    return wanted


def write_private(file: Path, content: bytes) -> None:
    """A file only its owner reads, replaced whole or not at all, on disk when this returns."""
    making = file.with_name(f".{file.name}.{os.getpid()}")
    flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(making, flags, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    making.replace(file)


def make_state(site: Site) -> None:
    """The state directory and its rooms, closed to others."""
    for room in (
        site.state,
        site.state / "locks",
        site.state / "waiters",
        site.state / "logs",
        site.archives,
        site.parked,
    ):
        room.mkdir(mode=0o700, exist_ok=True)
        if stat.S_IMODE(room.stat().st_mode) & 0o077:
            room.chmod(0o700)
