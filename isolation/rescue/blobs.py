"""Names the raw content of files as git would, and writes what the repository lacks.

One git process for any number of files. Few missing files become loose objects; many become one
pack, because a synced loose object costs milliseconds.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.errors import GitFailed, WorktreeChanged
from isolation.rescue.manifest import Entry, Type, named

if TYPE_CHECKING:
    from isolation.git.program import Git

DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
FEW = 100
SMALL = 1024**2
PORTION = 64 * 1024**2


def name_contents(git: Git, root: Path, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries with the raw object names of their files as they are now."""
    files = [entry.path for entry in entries if entry.type is Type.FILE]
    names = dict(zip(files, hash_files(git, root, files), strict=True))
    return tuple(named(one, names[one.path]) if one.type is Type.FILE else one for one in entries)


def write_contents(git: Git, root: Path, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The same, with every content in the repository."""
    listed = name_contents(git, root, entries)
    lacking = read_lacking(git, {one.content for one in listed if one.content})
    files = list({one.content: one for one in listed if one.content in lacking}.values())
    many = [one for one in files if one.size <= SMALL] if len(files) > FEW else []
    packed = {one.content for one in many}
    for portion in list_portions(many):
        write_pack(git, root, portion)
    hash_files(git, root, [one.path for one in files if one.content not in packed], write=True)
    lacking = read_lacking(git, {one.content for one in files})
    if lacking:
        path = next(one.path for one in files if one.content in lacking)
        raise WorktreeChanged(f"changed while it was kept: {path}")
    return listed


def hash_files(git: Git, root: Path, paths: list[str], *, write: bool = False) -> list[str]:
    """Raw object names, in order; names that end or break a line go through links."""
    if not paths:
        return []
    with tempfile.TemporaryDirectory(prefix="poolmgr-names-") as directory:
        prefix = os.fsencode(root) + b"/"
        lines = [prefix + os.fsencode(path) for path in paths]
        for number, line in enumerate(lines):
            if b"\n" in line or line.endswith(b"\r"):
                lines[number] = os.fsencode(os.path.join(directory, str(number)))
                os.symlink(line, lines[number])
        options = ("-w",) if write else ()
        arguments = ("hash-object", "-t", "blob", *options, "--no-filters", "--stdin-paths")
        try:
            names = git.run(*DURABLE, *arguments, stdin=b"\n".join(lines) + b"\n").text.split("\n")
        except GitFailed as error:
            raise WorktreeChanged(f"a file could not be kept: {error}") from error
    if len(names) != len(paths):
        raise WorktreeChanged("a file could not be kept")
    return names


def read_lacking(git: Git, names: set[str]) -> set[str]:
    """Those of these objects that the repository does not have."""
    if not names:
        return set()
    asked = "".join(f"{name}\n" for name in names).encode()
    lines = git.run("cat-file", "--batch-check=%(objectname)", stdin=asked).text.split("\n")
    return {line.partition(" ")[0] for line in lines if line.endswith(" missing")}


def list_portions(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Entries in portions that fit into memory."""
    portion: list[Entry] = []
    size = 0
    for entry in entries:
        if portion and size + entry.size > PORTION:
            yield portion
            portion, size = [], 0
        portion.append(entry)
        size += entry.size
    if portion:
        yield portion


def write_pack(git: Git, root: Path, entries: list[Entry]) -> None:
    """The content of these files as one pack."""
    parts: list[bytes] = []
    for entry in entries:
        try:
            with open(os.path.join(root, entry.path), "rb", opener=open_plain) as file:
                content = file.read()
        except OSError as error:
            raise WorktreeChanged(f"{entry.path}: {error.strerror}") from error
        parts += (b"blob\ndata %d\n" % len(content), content, b"\n")
    git.run(*DURABLE, "-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", stdin=b"".join(parts))


def open_plain(path: str, flags: int) -> int:
    """Open without following a link or waiting for a FIFO."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
