"""Writes what a rescue holds into a directory: files as raw bytes, modes, links, FIFOs.

Directories come first and links last, so nothing is ever written through a link. A path that is
in the way is replaced by rename; sockets have no content and are left out.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from isolation.errors import RescueDamaged
from isolation.rescue.archive import Opened
from isolation.rescue.manifest import Entry, Type

if TYPE_CHECKING:
    from isolation.git.program import Git

BATCH_BYTES = 32 * 1024**2
BATCH_FILES = 4000
TEMPORARY = ".poolmgr-filling"


def make_directories(root: Path, entries: Iterable[Entry]) -> None:
    """Every directory, writable until the files are in."""
    for entry in sorted(entries, key=lambda one: one.path):
        path = root / entry.path
        if entry.type is Type.DIRECTORY:
            if not is_real_directory(path):
                remove_path(path)
                path.mkdir(mode=0o700)
            elif path.stat().st_mode & stat.S_IRWXU != stat.S_IRWXU:
                path.chmod(0o700)


def is_real_directory(path: Path) -> bool:
    """Whether a directory and no link to one lies there."""
    return path.is_dir() and not path.is_symlink()


def remove_path(path: Path) -> None:
    """Make way; only ever called below a directory that is being filled."""
    if is_real_directory(path):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_files(git: Git, root: Path, entries: Iterable[Entry]) -> None:
    """Files whose content lies in git."""
    small: list[Entry] = []
    for entry in entries:
        if entry.type is Type.FILE and entry.size > BATCH_BYTES:
            write_big(git, root, entry)
        elif entry.type is Type.FILE:
            small.append(entry)
    for batch in list_batches(small):
        for entry, content in zip(batch, read_blobs(git, batch), strict=True):
            write_file(root, entry, content)


def list_batches(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Entries in portions that fit into memory."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and (size + entry.size > BATCH_BYTES or len(batch) >= BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry.size
    if batch:
        yield batch


def read_blobs(git: Git, batch: list[Entry]) -> Iterator[bytes]:
    """The content of each entry, in order, by one process."""
    asked = "".join(f"{entry.content}\n" for entry in batch).encode()
    answer = memoryview(git.run("cat-file", "--batch", stdin=asked).stdout)
    place = 0
    for entry in batch:
        head = f"{entry.content} blob {entry.size}\n".encode()
        if answer[place : place + len(head)] != head:
            raise RescueDamaged(f"the rescue lacks the content of {entry.path}")
        place += len(head)
        yield bytes(answer[place : place + entry.size])
        place += entry.size + 1


def write_big(git: Git, root: Path, entry: Entry) -> None:
    """A big file, written by git itself and moved into place."""
    made = root / git.at(root).run("unpack-file", entry.content).text
    made.chmod(entry.mode)
    move_into_place(made, root / entry.path)


def write_file(root: Path, entry: Entry, content: bytes | IO[bytes]) -> None:
    """A file with its content and mode; what is in the way stays until the new one is complete."""
    path = os.path.join(root, entry.path)
    try:
        write_new(path, entry.mode, content)
    except FileExistsError:
        temporary = root / TEMPORARY
        temporary.unlink(missing_ok=True)
        write_new(str(temporary), entry.mode, content)
        move_into_place(temporary, Path(path))


def write_new(path: str, mode: int, content: bytes | IO[bytes]) -> None:
    """A file that was not there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        if isinstance(content, bytes):
            file.write(content)
        else:
            shutil.copyfileobj(content, file)
        os.fchmod(file.fileno(), mode)


def move_into_place(made: Path, path: Path) -> None:
    """Rename over whatever is there."""
    if is_real_directory(path):
        shutil.rmtree(path)
    made.rename(path)


def write_members(archive: Opened, root: Path, entries: Iterable[Entry]) -> None:
    """Files whose content lies in the archive."""
    for entry in entries:
        if entry.type is Type.FILE:
            content = archive.content(f"{entry.side}/{entry.path}")
            if content is None:
                raise RescueDamaged(f"the rescue archive lacks {entry.path}")
            write_file(root, entry, content)


def write_rest(root: Path, entries: tuple[Entry, ...]) -> None:
    """Links and FIFOs, then the modes of directories, the inner ones first."""
    for entry in entries:
        path = root / entry.path
        if entry.type in {Type.LINK, Type.FIFO}:
            remove_path(path)
            if entry.type is Type.LINK:
                path.symlink_to(entry.target)
            else:
                os.mkfifo(path)
                path.chmod(entry.mode)
    with suppress(FileNotFoundError):
        (root / TEMPORARY).unlink()
    for entry in sorted(entries, key=lambda one: one.path, reverse=True):
        if entry.type is Type.DIRECTORY:
            (root / entry.path).chmod(entry.mode)
