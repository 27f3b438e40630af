"""Which programs, run by whom, fit the data there is, or are the best for new data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from isolation.database.embedded import accounts
from isolation.database.embedded.binaries import Binaries, list_binaries, require_binaries
from isolation.database.embedded.outside import copy_wheel
from isolation.database.embedded.place import Home, Record
from isolation.database.embedded.program import OURSELVES, Account
from isolation.database.errors import ServerFailed


def choose_programs(home: Home, record: Record | None, asked: str) -> tuple[Account, Binaries]:
    """Who runs what: as the data there is wants it, else the best there is."""
    known = accounts.parse_account(record.account) if record is not None else OURSELVES
    data = home.place_for(known) / "data"
    refuse_others(data, known)
    wanted = known if record is not None and data.exists() else None
    major = read_major(data)
    for binaries in list_usable(home, asked, major):
        account = accounts.find_account(home.root, binaries.dir, wanted)
        if account is not None:
            return account, binaries
    programs = require_binaries(asked, major).dir
    raise ServerFailed(
        f"no account of this machine can run {programs}/postgres, which refuses root",
        hint="run poolmgr as another user, or set database.dsn to a server that is there",
    )


def refuse_others(data: Path, account: Account) -> None:
    """Stop when the data is another user's: PostgreSQL starts for nobody but its owner."""
    if account.user is None and data.exists() and data.stat().st_uid != os.geteuid():
        raise ServerFailed(
            f"{data} belongs to user {data.stat().st_uid}, and you are {os.geteuid()}",
            hint="run poolmgr as the user who started it first",
        )


def list_usable(home: Home, asked: str, major: int) -> Iterator[Binaries]:
    """The programs that fit the data, the best first; last a copy that every account can read."""
    require_binaries(asked, major)
    wheel = None
    for binaries in list_binaries(asked):
        if major in {0, binaries.major}:
            yield binaries
            if binaries.origin == "wheel":
                wheel = binaries
    if wheel is not None and os.geteuid() == 0:
        yield copy_wheel(home, wheel)


def read_major(data: Path) -> int:
    """The major version the data is of, 0 when there is none."""
    try:
        return int((data / "PG_VERSION").read_text())
    except (FileNotFoundError, ValueError):
        return 0
