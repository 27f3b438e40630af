"""Reflogs: where a ref has been, when, and by what; and what was fetched last.

Read as files, since a log whose commits are gone still says something. Anybody can write them:
what they say is a reason to believe, never a proof.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from isolation.git.remotes import place_of

FETCHED = re.compile(rb"([0-9a-f]{40,64})\t[^\t]*\tbranch '([^ ]+)' of (.*)")
LINE = re.compile(rb"([0-9a-f]{40,64}) ([0-9a-f]{40,64}) [^\t\n]*> (\d+) [+-]\d{4}(?:\t(.*))?")


class Line(NamedTuple):
    """One move of a ref; `raw` is the same in two logs when one command moved both."""

    old: str
    new: str
    time: int
    message: str
    raw: bytes


class Fetched(NamedTuple):
    """A branch that a fetch found, and where."""

    place: str
    branch: str
    oid: str


def read_log(directory: Path, ref: str) -> tuple[Line, ...]:
    """The moves of a ref, the oldest first; none where no log is kept."""
    try:
        content = (directory / "logs" / ref).read_bytes()
    except OSError:
        return ()
    return tuple(line for raw in content.split(b"\n") if (line := parse_line(raw)))


def parse_line(raw: bytes) -> Line | None:
    """One line of a log; None for what git did not write."""
    match = LINE.fullmatch(raw)
    if match is None:
        return None
    old, new, time, message = match.groups()
    return Line(old.decode(), new.decode(), int(time), os.fsdecode(message or b""), raw)


def read_fetched(directory: Path, worktree: Path) -> tuple[Fetched, ...]:
    """What the last fetch from a worktree found."""
    try:
        lines = (directory / "FETCH_HEAD").read_bytes().split(b"\n")
    except OSError:
        return ()
    found = (FETCHED.fullmatch(line) for line in lines)
    return tuple(
        Fetched(place_of(os.fsdecode(match[3]), worktree), os.fsdecode(match[2]), match[1].decode())
        for match in found
        if match
    )
