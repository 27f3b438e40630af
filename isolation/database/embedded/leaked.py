"""Files of databases that do not exist: a backend killed while it cloned leaves hundreds of megabytes.

A directory in `base` is leaked when no database has its number. The server gives no new database
the number of a directory that is there, so what was there before a start stays leaked for ever.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from isolation.database.session import Session


class Leak(NamedTuple):
    """A directory no database has."""

    path: Path
    size: int


def list_numbers(data: Path) -> frozenset[int]:
    """The numbers of the directories in `base`, each a database's or leaked."""
    names = (path.name for path in (data / "base").glob("*"))
    return frozenset(int(name) for name in names if name.isascii() and name.isdigit())


def list_leaked(session: Session, data: Path, before: frozenset[int]) -> list[Leak]:
    """Which of the directories there were at an earlier time no database has now."""
    known = {int(row[0]) for row in session.rows("SELECT oid FROM pg_catalog.pg_database")}
    return [
        Leak(path, sum(size_of(path)))
        for path in (data / "base" / str(number) for number in sorted(before - known))
        if path.is_dir() and not path.is_symlink()
    ]


def size_of(path: Path) -> Iterable[int]:
    for folder, _, names in os.walk(path):
        for name in names:
            yield os.lstat(os.path.join(folder, name)).st_blocks * 512


def remove_leaked(session: Session, data: Path, before: frozenset[int]) -> list[Leak]:
    """Remove what had been leaked before the server started."""
    leaked = list_leaked(session, data, before)
    for leak in leaked:
        shutil.rmtree(leak.path, ignore_errors=True)
    return leaked
