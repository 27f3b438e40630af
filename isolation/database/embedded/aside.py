"""Data that the server cannot be trusted with, or cannot start on: kept beside the new, under another name.

Whoever calls holds the server's `alive` lock.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from isolation.database.embedded.place import Home, find_data, read_record, write_record
from isolation.database.errors import DatabaseError, EndedAtStart

NAME = "data.crashed-"


def set_aside(data: Path) -> Path:
    """Keep what may be damaged under another name; where it is now."""
    aside = data.with_name(f"{NAME}{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    data.rename(aside)
    return aside


@contextmanager
def kept_aside(home: Home) -> Iterator[None]:
    """Without the data inside; they come back where new ones do no better: the fault is not theirs."""
    record, data = read_record(home), find_data(home)
    aside = set_aside(data)
    try:
        yield
    except DatabaseError as error:
        if isinstance(error, EndedAtStart):
            shutil.rmtree(data, ignore_errors=True)
        if not data.exists():
            aside.rename(data)
            if record is not None:
                write_record(home, record)
        raise


def list_aside(home: Home) -> list[Path]:
    """What was set aside, the last first."""
    return sorted(find_data(home).parent.glob(f"{NAME}*"), reverse=True)


def forget_older(home: Home) -> None:
    """Only the last is kept, once a server runs on what took its place."""
    for old in list_aside(home)[1:]:
        shutil.rmtree(old, ignore_errors=True)
