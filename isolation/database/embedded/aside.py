"""Data that are damaged: kept beside the new, under another name, for whoever wants to look at them.

New data carry a mark until a server has let us in that runs on them. Those with the mark are empty, and
the only ones that are ever removed. Whoever calls holds the server's `alive` lock.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from isolation.database.embedded.leaked import list_numbers
from isolation.database.embedded.place import Home, find_data

NAME = "data.crashed-"
MARK = "poolmgr.new"  # inside the data; names what they took the place of
FIRST_OWN = 16384  # the number of the first database that initdb did not make


def set_aside(data: Path) -> Path:
    """Keep what may be damaged under another name; where it is now."""
    aside = data.with_name(f"{NAME}{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    data.rename(aside)
    return aside


def mark_new(data: Path, replaced: str) -> None:
    """Say of data that they are new, and what was set aside for them."""
    (data / MARK).write_text(replaced)


def is_new(data: Path) -> bool:
    """Whether nobody ever had anything in these data."""
    return (data / MARK).exists() and max(list_numbers(data), default=0) < FIRST_OWN


def forget_mark(data: Path) -> None:
    """From now on there may be something in the data."""
    (data / MARK).unlink(missing_ok=True)


def remove_new(data: Path) -> None:
    """Remove new data, in one step."""
    gone = data.with_name("data.new")
    shutil.rmtree(gone, ignore_errors=True)
    data.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def bring_back(data: Path) -> None:
    """What was set aside, where the new data that took its place never came to be used."""
    if not is_new(data):
        return
    name = (data / MARK).read_text()
    if name.startswith(NAME) and "/" not in name and data.with_name(name).exists():
        remove_new(data)
        data.with_name(name).rename(data)


def list_aside(home: Home) -> list[Path]:
    """What was set aside, the last first."""
    return sorted(find_data(home).parent.glob(f"{NAME}*"), reverse=True)
