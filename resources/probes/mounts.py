"""Linux: what is mounted where, and under which other paths a directory can be reached.

A container or sandbox may see a slot under another name. So a directory is also known by its
file system and its path in there, and is translated into the view of every mount namespace.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ESCAPE = re.compile(rb"\\([0-7]{3})")


class Mount(NamedTuple):
    """A line of mountinfo: the part `source` of the file system `device` shows at `point`."""

    device: bytes
    source: bytes
    point: bytes
    kind: str


def parse_mounts(text: bytes) -> tuple[Mount, ...]:
    """The mounts of a mountinfo file, the latest last."""
    mounts = []
    for line in text.splitlines():
        before, _, after = line.partition(b" - ")
        fields = before.split(b" ")
        if len(fields) < 5:
            continue
        mounts.append(
            Mount(
                device=fields[2],
                source=unescape(fields[3]),
                point=unescape(fields[4]),
                kind=after.partition(b" ")[0].decode(errors="replace"),
            )
        )
    return tuple(mounts)


def unescape(text: bytes) -> bytes:
    """A path as it is: the kernel writes spaces and newlines as octal numbers."""
    return ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), text)


def read_mounts(pid: str = "self") -> tuple[Mount, ...]:
    """The mounts a process sees, none when they cannot be read."""
    try:
        return parse_mounts(Path(f"/proc/{pid}/mountinfo").read_bytes())
    except OSError:
        return ()


def find_mount(mounts: tuple[Mount, ...], path: bytes) -> Mount | None:
    """The mount a path lies on."""
    best = None
    for mount in mounts:
        if is_beneath(path, mount.point) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def read_kind(path: Path) -> str:
    """The type of the file system a path lies on, empty when unknown."""
    mount = find_mount(read_mounts(), os.fsencode(os.path.realpath(path)))
    return mount.kind if mount else ""


def read_view(pid: int) -> tuple[str, bytes]:
    """The mount namespace and root directory through which a process sees the files."""
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt"), read_root(pid)
    except FileNotFoundError as error:
        raise ProcessLookupError(str(error)) from error


def read_root(pid: int) -> bytes:
    """The root directory of a process; it may end at any moment while it is looked at."""
    try:
        return os.readlink(b"/proc/%d/root" % pid)
    except FileNotFoundError as error:
        raise ProcessLookupError(str(error)) from error


def list_aliases(roots: Iterable[bytes], pid: int) -> dict[bytes, tuple[bytes, ...]]:
    """Every path under which the process `pid` may show that it is in one of our directories."""
    own, mounts = read_mounts(), read_mounts(str(pid))
    prefix = read_root(pid).rstrip(b"/")
    return {
        root: tuple(prefix + place for place in translated(root, own, mounts)) if mounts else (root,)
        for root in roots
    }


def translated(root: bytes, own: tuple[Mount, ...], other: tuple[Mount, ...]) -> set[bytes]:
    """The paths at which a directory of our mounts appears in other mounts, whole or in part."""
    home = find_mount(own, root)
    if home is None:
        return {root}
    inner = joined(home.source, relative(root, home.point))
    found = set()
    for mount in other:
        if mount.device != home.device:
            continue
        if is_beneath(inner, mount.source):
            place = joined(mount.point, relative(inner, mount.source))
        elif is_beneath(mount.source, inner):  # only a part of our directory is mounted there
            place = mount.point
        else:
            continue
        if find_mount(other, place) is mount:  # else another mount lies on top
            found.add(place)
    return found


def is_beneath(path: bytes, parent: bytes) -> bool:
    """Whether a path is `parent` or lies in it."""
    return path == parent or path.startswith(parent.rstrip(b"/") + b"/")


def relative(path: bytes, parent: bytes) -> bytes:
    return path[len(parent.rstrip(b"/")) :].lstrip(b"/")


def joined(parent: bytes, rest: bytes) -> bytes:
    return parent.rstrip(b"/") + b"/" + rest if rest else parent
