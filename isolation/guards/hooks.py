"""The directory of our hooks: ours under every name, and what another tool put there beside them.

A tool that installs hooks writes into the directory git names, and renames what it finds. What it
wrote moves to `inside`, where our script runs it after the repository's own; ours comes back.
Every file is moved or replaced whole, so a repetition after a kill ends in the same.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from isolation.guards.dispatch import END, FREQUENT, HOOKS, MARK

INSIDE = "inside"
PATH = "path"  # hooks somebody set for this worktree alone
ROOM = (INSIDE, PATH)
RENAMED = (".legacy", ".old")  # by prek and pre-commit, by lefthook


def put_back(directory: Path, script: bytes, chained: tuple[Path, ...] = ()) -> tuple[str, ...]:
    """Our script under every name; a sentence for each thing that had been changed.

    What another tool wrote is dropped where `chained` has the same: it would run twice.
    """
    if not directory.exists():
        make_whole(directory, script)
    said = [*keep_foreign(directory, chained)]
    for name in HOOKS:
        file = directory / name
        if name in FREQUENT and not os.path.lexists(file):
            continue
        if not is_script(file, script):
            write_script(file, script)
    return tuple(said)


def make_whole(directory: Path, script: bytes) -> None:
    """The directory with all that has to be there, in one step."""
    making = directory.with_name(f".{directory.name}.{os.getpid()}")
    remove(making)
    making.mkdir(mode=0o755)
    for name in HOOKS:
        if name not in FREQUENT:
            descriptor = os.open(making / name, os.O_CREAT | os.O_WRONLY | os.O_EXCL | os.O_CLOEXEC, 0o755)
            with open(descriptor, "wb") as file:
                file.write(script)
    making.rename(directory)


def keep_foreign(directory: Path, chained: tuple[Path, ...]) -> Iterator[str]:
    """What is not ours goes where it still runs; what tools made of ours goes."""
    for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
        file = Path(entry)
        if entry.name in ROOM or entry.name.startswith("."):
            continue
        if is_ours(file):
            yield from keep_appended(file)
            if entry.name not in HOOKS:
                file.unlink()
        elif is_same(file, chained):
            file.unlink()
            yield f"{entry.name}: installed in this slot's hooks, where the repository has the same; removed"
        else:
            (directory / INSIDE).mkdir(exist_ok=True)
            target = directory / INSIDE / entry.name
            remove(target)
            file.rename(target)
            if entry.name in HOOKS:
                yield f"{entry.name}: another tool put its own in place of the guard; it runs beside it now"


def keep_appended(file: Path) -> Iterator[str]:
    """What a tool wrote at the end of ours, where it would never run, as a hook of its own."""
    tail = file.read_bytes().partition(END)[2]
    if tail.strip() and file.name in HOOKS:
        room = file.parent / INSIDE
        room.mkdir(exist_ok=True)
        remove(room / file.name)
        write_script(room / file.name, b"#!/bin/sh\n" + tail)
        yield f"{file.name}: another tool added to the guard; what it added runs beside it now"


def is_ours(file: Path) -> bool:
    """Whether it is our script, in whatever version."""
    try:
        if file.is_symlink() or not file.is_file():
            return False
        with file.open("rb") as opened:
            return opened.read(len(MARK)) == MARK
    except OSError:
        return False


def is_same(file: Path, places: tuple[Path, ...]) -> bool:
    """Whether one of these directories has the same file."""
    try:
        content = file.read_bytes()
        return any(
            (place / file.name).read_bytes() == content for place in places if (place / file.name).exists()
        )
    except OSError:
        return False


def is_script(file: Path, script: bytes) -> bool:
    """Whether it is ours, as it should be."""
    try:
        return not file.is_symlink() and os.access(file, os.X_OK) and file.read_bytes() == script
    except OSError:
        return False


def write_script(file: Path, script: bytes) -> None:
    """Our script under this name."""
    making = file.with_name(f".{file.name}.{os.getpid()}")
    making.write_bytes(script)
    making.chmod(0o755)
    making.replace(file)


def remove(entry: Path) -> None:
    """One entry, with all below it; not being there is fine."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)
