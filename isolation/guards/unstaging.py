"""Takes out of a commit what the repository's own hook staged although the slot does not own it.

A tracker's hook adds its export to every commit. What was staged before the hooks ran stays and is
judged as everything else, but for what the hook wrote at an earlier commit: `git commit -a` brings
that back. Works on the index git is using. Standard library only: runs in hooks.
"""

from __future__ import annotations

import os

from isolation.guards.rule import OPTIONS, RAW, parse_raw
from isolation.guards.words import some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from isolation.guards.case import Case
    from isolation.guards.rule import Entry

NO_MODE = b"000000"
FILE = ".unstaged"


def unstage(case: Case) -> list[str]:
    """What is said about it: one line, or nothing."""
    is_unstaged = case.matcher("unstage")
    written = read_written(case)
    with open(os.path.join(case.room, ".before"), "rb") as file:
        before = {path for path, _, entry, _ in parse_raw(file.read()) if written.get(path) != entry}
    fields = case.run(*OPTIONS, "diff-index", "--cached", *RAW, "HEAD", "--").split(b"\0")
    entries = {fields[at + 1]: fields[at][1:].split(b" ") for at in range(0, len(fields) - 1, 2)}
    found = {
        path: entry
        for path, entry in entries.items()
        if path not in before and is_unstaged(path) and not case.owns(path)
    }
    if not found:
        return []
    note_written(case, written | {path: (entry[1], entry[3]) for path, entry in found.items()})
    taken = {path: (entry[0], entry[2]) for path, entry in found.items()}
    lines = b"".join(
        b"%s %s\t%s\0" % (b"0" if mode == NO_MODE else mode, oid, path) for path, (mode, oid) in taken.items()
    )
    case.run("-c", "core.hooksPath=/dev/null", "update-index", "-z", "--index-info", stdin=lines)
    names = ", ".join(some(os.fsdecode(path) for path in taken))
    return [
        f"poolmgr: note: a hook staged what this slot does not own, so it stays out of the commit: {names}"
    ]


def read_written(case: Case) -> dict[bytes, Entry]:
    """What was taken out before, as the hook had staged it."""
    try:
        with open(os.path.join(case.room, FILE), "rb") as file:
            fields = file.read().split(b"\0")
    except OSError:
        return {}
    return {fields[at + 2]: (fields[at], fields[at + 1]) for at in range(0, len(fields) - 2, 3)}


def note_written(case: Case, written: dict[bytes, Entry]) -> None:
    """Remember it for the next commit; without it, that one is judged."""
    making = os.path.join(case.room, f"{FILE}.{os.getpid()}")
    try:
        with open(making, "wb") as file:
            file.writelines(b"%s\0%s\0%s\0" % (*entry, path) for path, entry in written.items())
        os.replace(making, os.path.join(case.room, FILE))
    except OSError:
        return
