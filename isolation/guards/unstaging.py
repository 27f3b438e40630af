"""Takes out of a commit what the repository's own hook staged although the slot does not own it.

A tracker's hook adds its export to every commit. What was staged before the hooks ran stays: it
is judged as everything else. Works on the index git is using. Standard library only: runs in hooks.
"""

from __future__ import annotations

import os

from isolation.guards.rule import OPTIONS, RAW, parse_raw
from isolation.guards.words import some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from isolation.guards.case import Case

NO_MODE = b"000000"


def unstage(case: Case) -> list[str]:
    """What is said about it: one line, or nothing."""
    is_unstaged = case.matcher("unstage")
    with open(os.path.join(case.room, ".before"), "rb") as file:
        before = {path for path, *_ in parse_raw(file.read())}
    fields = case.run(*OPTIONS, "diff-index", "--cached", *RAW, "HEAD", "--").split(b"\0")
    entries = {fields[at + 1]: fields[at][1:].split(b" ") for at in range(0, len(fields) - 1, 2)}
    taken = {
        path: (entry[0], entry[2])
        for path, entry in entries.items()
        if path not in before and is_unstaged(path) and not case.owns(path)
    }
    if not taken:
        return []
    lines = b"".join(
        b"%s %s\t%s\0" % (b"0" if mode == NO_MODE else mode, oid, path) for path, (mode, oid) in taken.items()
    )
    case.run("-c", "core.hooksPath=/dev/null", "update-index", "-z", "--index-info", stdin=lines)
    names = ", ".join(some(os.fsdecode(path) for path in taken))
    return [
        f"poolmgr: note: a hook staged what this slot does not own, so it stays out of the commit: {names}"
    ]
