"""Which server a pool's databases live on: what the settings say, else what `init` found.

Asked at every hand-over, so it loads nothing; a pool without databases pays one look at a file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from poolmgr.core.settings import DatabaseSettings
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import write_private

EMBEDDED, SERVER, OFF = "embedded", "server", "off"
CHOICE = "choice.json"
NOT_LOOKED = "init has not looked for PostgreSQL yet"


class Choice(NamedTuple):
    """Which server, and why that one."""

    mode: str
    why: str


def room_of(state: Path) -> Path:
    """Where the pool keeps what it knows about its databases."""
    return state / "database"


def is_on(pool: Pool) -> bool:
    """Whether slots have databases."""
    return read_mode(pool) != OFF


def read_mode(pool: Pool) -> str:
    """Which server is used."""
    return find_said(pool.settings.database) or read_choice(pool.site.state).mode


def find_said(settings: DatabaseSettings) -> str:
    """What the settings say outright, "" when they leave it to us."""
    if settings.mode != "auto":
        return settings.mode
    return SERVER if settings.dsn else ""


def read_choice(state: Path) -> Choice:
    """What `init` found; off where it looked for nothing yet."""
    try:
        said = json.loads((room_of(state) / CHOICE).read_bytes())
        mode, why = said["mode"], said["why"]
    except (OSError, ValueError, TypeError, KeyError):
        return Choice(OFF, NOT_LOOKED)
    return Choice(mode if mode in {EMBEDDED, SERVER} else OFF, str(why))


def choose(pool: Pool) -> Choice:
    """The server from here on; what `auto` finds is written down.

    A given one stays it where its address is not known: else another shell would get another server.
    """
    said = find_said(pool.settings.database)
    if said and pool.settings.database.mode != "auto":
        return Choice(said, "database.mode says so")
    if said or read_choice(pool.site.state).mode == SERVER:
        return Choice(SERVER, "database.dsn is set")
    missing = find_missing()
    found = Choice(OFF, missing) if missing else Choice(EMBEDDED, "PostgreSQL's programs are here")
    keep_choice(pool, found)
    return found


def keep_choice(pool: Pool, found: Choice) -> None:
    """What `auto` means from here on."""
    room = room_of(pool.site.state)
    room.mkdir(mode=0o700, exist_ok=True)
    write_private(room / CHOICE, json.dumps(found._asdict()).encode())


def note_given(pool: Pool, where: str) -> None:
    """A server of the user's has something of ours from now on."""
    file = room_of(pool.site.state) / "given"
    known = list_given(pool.site.state)
    if where not in known:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        write_private(file, "\n".join((*known, where)).encode())


def list_given(state: Path) -> list[str]:
    """The user's servers that have, or had, something of ours."""
    try:
        return (room_of(state) / "given").read_text().splitlines()
    except OSError:
        return []


def find_missing() -> str:
    """What an embedded server would need that is not here, "" when nothing is."""
    from importlib.util import find_spec

    if find_spec("psycopg") is None:
        return "psycopg is not installed"
    from isolation.database.embedded.binaries import find_binaries

    return "" if find_binaries() else "PostgreSQL's server programs are not installed"


def find_late(pool: Pool) -> str:
    """That slots could have databases by now, "" where they have, or could not."""
    found = read_choice(pool.site.state)
    is_stale = found.mode == OFF and (found.why == NOT_LOOKED or "installed" in found.why)
    if find_said(pool.settings.database) or not is_stale or find_missing():
        return ""
    return "PostgreSQL is installed by now; for a database in every slot: poolmgr init"


def hint_for(missing: str) -> str:
    """How to have databases after all."""
    if "installed" not in missing:
        return "poolmgr init"
    from isolation.database.installing import install_command

    return f"{install_command()}, then: poolmgr init"
