"""The index before and after a change of view: whatever was in it still is, or all is as it was.

A view only flags entries. Git has faults that drop or double them, so its word is not enough.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from isolation.errors import NotKept
from isolation.git.config import replace_file
from isolation.work.status import SHOW_EVERYTHING

if TYPE_CHECKING:
    from pathlib import Path

    from isolation.git.program import Git
    from isolation.scope.ground import Ground

WHOLE = ("-c", "index.sparse=false")


class Before(NamedTuple):
    """The index, patterns and settings of a slot, byte for byte, and the paths and stages in the index.

    The index with its time: for git, what is older than the index is as the index says, by the second.
    A younger copy would hide what was edited in the second in which the original was written.
    """

    content: bytes
    mtime_ns: int
    patterns: bytes | None
    settings: bytes | None
    places: tuple[bytes, ...]


def read_before(inside: Git, ground: Ground) -> Before:
    """Everything a change of view may harm, but the files."""
    content, mtime_ns = read_index(ground.admin / "index")
    return Before(
        content=content,
        mtime_ns=mtime_ns,
        patterns=find_bytes(ground.patterns),
        settings=find_bytes(ground.settings),
        places=list_places(inside),
    )


def list_places(inside: Git) -> tuple[bytes, ...]:
    """The stage and path of every entry."""
    rows = inside.run(*SHOW_EVERYTHING, *WHOLE, "ls-files", "-z", "--stage").stdout.split(b"\0")
    return tuple(row.partition(b" ")[2].partition(b" ")[2] for row in rows if row)


def require_whole(inside: Git, ground: Ground, before: Before, deleted: bytes) -> None:
    """Raise, with everything undone, when an entry is gone or there twice; `deleted` files stay deleted."""
    places = list_places(inside)
    found = frozenset(places)
    lost = frozenset(path_of(place) for place in before.places) - frozenset(map(path_of, found))
    if not lost and len(found) == len(places):
        return
    put_back(inside, ground, before, deleted)
    example = os.fsdecode(min(lost)) if lost else "an entry is there twice"
    raise NotKept(f"git did not keep the index whole ({example}); it is as it was before")


def path_of(place: bytes) -> bytes:
    """The path of an entry."""
    return place.partition(b"\t")[2]


def put_back(inside: Git, ground: Ground, before: Before, deleted: bytes) -> None:
    """Index, patterns and settings as they were, and the files that went meanwhile."""
    lock = ground.admin / "index.lock"
    try:
        with lock.open("xb") as file:
            file.write(before.content)
        os.utime(lock, ns=(before.mtime_ns, before.mtime_ns))
    except FileExistsError as error:
        raise NotKept(f"git did not keep the index whole, and {lock} is in the way") from error
    for path, content in ((ground.patterns, before.patterns), (ground.settings, before.settings)):
        if content is None:
            path.unlink(missing_ok=True)
        else:
            replace_file(path, content)
    lock.rename(ground.admin / "index")
    gone = inside.run(*SHOW_EVERYTHING, "diff-files", "-z", "--name-only", "--diff-filter=D").stdout
    back = frozenset(gone.split(b"\0")) - frozenset(deleted.split(b"\0"))
    listed = b"".join(path + b"\0" for path in sorted(back))
    if listed:
        inside.run("checkout-index", "-q", "-u", "-z", "--stdin", stdin=listed)


def read_index(file: Path) -> tuple[bytes, int]:
    """The index and when it was written; git replaces the file, and never writes into it."""
    try:
        with file.open("rb") as opened:
            return opened.read(), os.fstat(opened.fileno()).st_mtime_ns
    except FileNotFoundError:
        return b"", 0


def find_bytes(file: Path) -> bytes | None:
    """A file's content; None when there is no such file."""
    return file.read_bytes() if file.exists() else None
