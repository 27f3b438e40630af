"""Where tasks lie: Beads' directory in the main checkout, or the place that `beads.path` names.

Never a linked worktree's: its copy is a snapshot of when it was made. A link in the directory to
another one (`redirect`) is followed once, and only where the repository did not bring it.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import NamedTuple

from isolation.git.program import Git
from poolmgr.core.errors import NoTasks

DIRECTORIES = (".beads", ".hive")
ISSUES = ("issues.jsonl", "beads.jsonl")
YAML = (".yaml", ".yml")
BACKUP = "backup/issues.jsonl"


class Place(NamedTuple):
    """A directory of Beads, or one file that somebody named."""

    checkout: Path
    directory: Path | None
    file: Path | None = None
    is_asked: bool = False

    def name_of(self, path: Path) -> str:
        """A file as people write it: relative to the checkout where it lies inside."""
        return str(path.relative_to(self.checkout)) if path.is_relative_to(self.checkout) else str(path)


def find_place(checkout: Path, asked: str | None) -> Place:
    """The place; NoTasks where there is none."""
    if asked:
        path = Path(os.path.normpath(checkout / Path(asked).expanduser()))
        if path.is_dir():
            return Place(checkout, path, is_asked=True)
        if not path.exists():
            raise NoTasks(f"beads.path names {path}, which is not there", hint="poolmgr config show --origin")
        return Place(checkout, None, path, is_asked=True)
    for name in DIRECTORIES:
        if (checkout / name).is_dir():
            return Place(checkout, redirected(checkout, checkout / name))
    raise NoTasks(
        f"there are no tasks in {checkout}: no .beads directory",
        hint="bd init, or name a file of tasks: beads.path in poolmgr.yaml (poolmgr config path)",
    )


def redirected(checkout: Path, directory: Path) -> Path:
    """The directory that is meant."""
    link = directory / "redirect"
    if not link.is_file() or Git(checkout).run("ls-files", "--", os.fspath(link)).text:
        return directory
    lines = read_file(link).decode(errors="surrogateescape").splitlines()
    named = next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")
    target = checkout / named
    return target if named and target.is_dir() else directory


def list_files(place: Place) -> list[Path]:
    """The files of tasks that are there, the one that counts first."""
    if place.directory is None:
        return [place.file] if place.file else []
    names = [*exported_names(place.directory), *ISSUES, *(f"tasks{end}" for end in YAML)]
    found = [path for name in dict.fromkeys(names) if (path := place.directory / name).is_file()]
    backup = place.directory / BACKUP
    return found or ([backup] if backup.is_file() else [])


def exported_names(directory: Path) -> list[str]:
    """The file that `bd` was told to write, where its metadata say so."""
    try:
        named = json.loads(read_file(directory / "metadata.json")).get("jsonl_export")
    except (OSError, ValueError, AttributeError, RecursionError):
        return []
    is_plain = isinstance(named, str) and named.endswith(".jsonl") and os.path.basename(named) == named
    return [named] if is_plain else []


def read_file(path: Path) -> bytes:
    """A regular file's content; a pipe that nobody writes to is refused, not waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NoTasks(f"{path} is no regular file", hint="poolmgr config show --origin")
        return stream.read()
