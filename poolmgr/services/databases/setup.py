"""What `init` does for databases: find a server, start it or ask it, and let the rest be prepared."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from isolation.database.embedded.binaries import require_binaries
from isolation.database.errors import DatabaseError, EndedAtStart
from isolation.database.rights import require_rights
from isolation.database.session import open_session, require_driver
from poolmgr.core.settings import Settings
from poolmgr.services.databases.asking import ask_house
from poolmgr.services.databases.choice import (
    EMBEDDED,
    OFF,
    SERVER,
    Choice,
    choose,
    find_said,
    hint_for,
    keep_choice,
    read_choice,
)
from poolmgr.services.databases.server import given_address, open_server
from poolmgr.services.ground.pool import Pool


class SetUp(NamedTuple):
    """Which server slots' databases live on, why, and where it is."""

    mode: str
    why: str
    where: str = ""
    version: str = ""
    prefix: str = ""
    is_local: bool = True
    hint: str = ""

    @property
    def as_json(self) -> dict[str, object]:
        """As `init --json` promises it."""
        return {
            "mode": self.mode, "why": self.why, "server": self.where or None, "version": self.version or None,
            "prefix": self.prefix or None,
        }  # fmt: skip


def require_server(settings: Settings, state: Path) -> None:
    """Refuse before anything is made where the server that is named cannot be had; nothing is changed."""
    said = find_said(settings.database)
    if said == EMBEDDED:
        require_driver()
        require_binaries()
    elif (said or read_choice(state).mode) == SERVER:
        with open_session(given_address(settings, state)) as session:
            require_rights(session)


def set_up(pool: Pool) -> SetUp:
    """The server, up; where `auto` finds one of our own that does not start, there is none.

    One that did before, and has data that it does not start on, is not given up: they can be mended.
    """
    before = read_choice(pool.site.state).mode
    choice = choose(pool)
    if choice.mode == OFF:
        return SetUp(choice.mode, choice.why, hint=hint_for(choice.why))
    try:
        found = read_server(pool, choice)
    except DatabaseError as error:
        has_data = before == EMBEDDED and isinstance(error, EndedAtStart)
        if choice.mode != EMBEDDED or find_said(pool.settings.database) or has_data:
            raise
        failed = Choice(OFF, error.message)
        keep_choice(pool, failed)
        return SetUp(failed.mode, failed.why, hint="poolmgr init, once that is mended")
    keep_choice(pool, choice)  # it has answered
    ask_house(pool)
    return found


def read_server(pool: Pool, choice: Choice) -> SetUp:
    """The server as it answers."""
    with open_server(pool) as server, server.session() as session:
        return SetUp(
            choice.mode, choice.why, where=server.where,
            version=f"{session.version // 10000}.{session.version % 10000}", prefix=server.prefix,
            is_local=server.address.is_local,
        )  # fmt: skip
