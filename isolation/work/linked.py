"""Linked worktrees that lie inside a directory which is moved: git's records of them go along.

`git worktree prune` removes a record that names nothing, and with it an index, a HEAD and a reflog.
So the records are locked before the directory moves and unlocked once they name its new place;
`follow` repeated finishes what a kill cut off. Callers hold the pool's git lock.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from isolation.git.config import replace_file
from isolation.work.walk import walk

REASON = b"poolmgr is moving the directory around it\n"
POINTS = b"gitdir: "


class Linked(NamedTuple):
    """A worktree's `.git` file, and git's record of it: the admin directory that the file names."""

    pointer: Path
    admin: Path


def move(source: Path, target: Path) -> None:
    """Rename a directory; git forgets none of the worktrees in it, and finds them at their new place."""
    found = [one for one in list_linked(source, source) if not is_elsewhere(one)]
    try:
        for _, admin in found:
            if not (admin / "locked").exists():
                replace_file(admin / "locked", REASON)
        os.rename(source, target)
    except OSError:
        follow(source, source)
        raise
    if found:
        follow(target, source)


def try_move(source: Path, target: Path) -> bool:
    """Whether it lies at the target now; False where a rename cannot reach."""
    with suppress(OSError):
        move(source, target)
    return target.exists()


def follow(root: Path, was: Path) -> None:
    """The records name the worktrees where they are now that what was called `was` lies here."""
    for one in list_linked(root, was):
        if is_elsewhere(one):
            continue  # what lies here is a copy
        if find_named(one.pointer, POINTS) != one.admin:
            rewrite(one.pointer, POINTS, one.admin)
        if find_named(one.admin / "gitdir") != one.pointer:
            rewrite(one.admin / "gitdir", b"", one.pointer)
        if read(one.admin / "locked") == REASON:
            (one.admin / "locked").unlink()


def list_linked(root: Path, was: Path) -> list[Linked]:
    """Those below a directory that was called `was`; copies come after what they were copied from."""
    root, was = real(root), real(was)
    below = (os.fsdecode(one.path) for one in walk(os.fsencode(root)) if one.repository and one.path)
    pointers = [root / path / ".git" for path in below]
    found = [Linked(one, admin) for one in pointers if (admin := find_record(one, root, was))]
    return sorted(found, key=lambda one: find_named(one.admin / "gitdir") != moved(one.pointer, root, was))


def find_record(pointer: Path, root: Path, was: Path) -> Path | None:
    """The admin directory that a `.git` file names: by its path now, or by the one it was written for."""
    for file in (pointer, moved(pointer, root, was)):
        named = find_named(pointer, POINTS, file.parent)
        for admin in (named, moved(named, was, root)) if named else ():
            if (admin / "gitdir").is_file() and (admin / "commondir").is_file():
                return admin
    return None


def is_elsewhere(one: Linked) -> bool:
    """Whether the record names another worktree, and that one is there."""
    named = find_named(one.admin / "gitdir")
    return named is not None and named.exists() and not named.samefile(one.pointer)


def find_named(file: Path, before: bytes = b"", base: Path | None = None) -> Path | None:
    """The path that one of git's own files has, relative ones seen from its directory or another."""
    words = read(file)
    if not words.startswith(before) or b"\0" in words:
        return None
    named = os.fsdecode(words.removeprefix(before).rstrip(b"\r\n"))
    return Path(os.path.normpath((base or file.parent) / named)) if named else None


def rewrite(file: Path, before: bytes, target: Path) -> None:
    """It leads there, by the kind of path it had: absolute or relative."""
    is_absolute = read(file).removeprefix(before).startswith(b"/")
    path = os.fspath(target) if is_absolute else os.path.relpath(target, file.parent)
    replace_file(file, before + os.fsencode(path) + b"\n")


def moved(path: Path, source: Path, target: Path) -> Path:
    """Where a path leads once a directory is called something else."""
    return target / path.relative_to(source) if path.is_relative_to(source) else path


def real(directory: Path) -> Path:
    """The directory by the name that git writes; it need not be there."""
    return Path(os.path.realpath(directory.parent), directory.name)


def read(file: Path) -> bytes:
    """A regular file's content, nothing where none can be read."""
    try:
        return b"" if file.is_symlink() else file.read_bytes()
    except OSError:
        return b""
