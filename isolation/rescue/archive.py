"""The private half of a rescue: a tar file, 0600 in a 0700 directory, with its own list inside.

Written under a temporary name, synced, then renamed; its digest stands in the git part. Only
regular files have members, `worktree/<path>` and `admin/<path>`.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from isolation.errors import NotKept, RescueDamaged, WorktreeChanged
from isolation.rescue.manifest import Entry, Side, Type, named, parse_entries, write_entries

LIST = "manifest.json"
Roots = Mapping[Side, Path]


class Digesting(io.RawIOBase):
    """A file that is digested while something reads it."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self.file = file
        self.sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        chunk = self.file.read(size)
        self.sum.update(chunk)
        return chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """An archive under its temporary name."""

    path: Path
    digest: str
    entries: tuple[Entry, ...]


def write_archive(path: Path, roots: Roots, entries: tuple[Entry, ...]) -> Archived:
    """An archive of these entries at `path`, which is replaced."""
    ensure_directory(path.parent)
    path.unlink(missing_ok=True)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            listed = write_members(file, roots, entries)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        path.unlink(missing_ok=True)
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE}:
            raise NotKept(f"the rescue archive cannot be written: {error.strerror}") from error
        raise
    return Archived(path=path, digest=digest, entries=listed)


def ensure_directory(path: Path) -> None:
    """The archives' directory, for its owner alone."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(path.stat().st_mode) != 0o700:
        path.chmod(0o700)


def write_members(file: BinaryIO, roots: Roots, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Every file's content, then the list of all entries with their digests."""
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape") as tar:
        listed = tuple(
            write_member(tar, roots[one.side], one) if one.type is Type.FILE else one for one in entries
        )
        text = json.dumps(write_entries(listed), separators=(",", ":")).encode()
        tar.addfile(member_of(LIST, len(text)), io.BytesIO(text))
    return listed


def write_member(tar: tarfile.TarFile, root: Path, entry: Entry) -> Entry:
    """One file's content; the entry with its digest."""
    with open_file(root / entry.path) as file:
        if os.fstat(file.fileno()).st_size != entry.size:
            raise WorktreeChanged(f"changed while it was kept: {entry.path}")
        reader = Digesting(file)
        start = tar.offset
        try:
            tar.addfile(member_of(f"{entry.side}/{entry.path}", entry.size), reader)
        except OSError as error:
            if error.errno is None or tar.offset == start:
                raise WorktreeChanged(f"changed while it was kept: {entry.path}") from error
            raise
    return named(entry, reader.sum.hexdigest())


def member_of(name: str, size: int) -> tarfile.TarInfo:
    """A plain private member."""
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o600
    return member


@contextmanager
def open_file(path: Path) -> Iterator[io.BufferedReader]:
    """A regular file to read; a link or FIFO that took its place is not followed or waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise WorktreeChanged(f"gone while it was kept: {path}") from error
    except OSError as error:
        raise NotKept(f"cannot be read: {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        yield file


def name_private(roots: Roots, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries with the digests of the files as they are now."""
    return tuple(
        named(one, read_digest(roots[one.side] / one.path)) if one.type is Type.FILE else one
        for one in entries
    )


def read_digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An archive to read, with its list."""

    tar: tarfile.TarFile
    members: Mapping[str, tarfile.TarInfo]
    entries: tuple[Entry, ...]

    def content(self, name: str) -> IO[bytes] | None:
        """A member's content, None when there is no such file."""
        member = self.members.get(name)
        return self.tar.extractfile(member) if member else None


@contextmanager
def open_archive(path: Path, digest: str) -> Iterator[Opened]:
    """The archive, once its digest is proven."""
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise RescueDamaged(f"the rescue archive is not what its ref says: {path}")
            file.seek(0)
            with tarfile.open(fileobj=file, mode="r:", errors="surrogateescape") as tar:
                yield read_list(tar)
    except FileNotFoundError as error:
        raise RescueDamaged(f"the rescue archive is missing: {path}") from error
    except tarfile.TarError as error:
        raise RescueDamaged(f"the rescue archive cannot be read: {path}") from error


def read_list(tar: tarfile.TarFile) -> Opened:
    """The archive with its own list of entries."""
    members = {member.name: member for member in tar.getmembers()}
    text = tar.extractfile(members[LIST]) if LIST in members else None
    try:
        entries = parse_entries(json.loads(text.read() if text else b""))
    except ValueError as error:
        raise RescueDamaged("the rescue archive has no list") from error
    return Opened(tar=tar, members=members, entries=entries)


def sync_directory(path: Path) -> None:
    """Make a rename in this directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
