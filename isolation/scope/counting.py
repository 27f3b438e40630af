"""How many files a slot shows, and of how many.

`count` asks git and keeps the answers: what is shown beside the index it was read from, the total
by tree. `find_counts` only looks those up; its cost never grows with the repository.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from isolation.git.config import replace_file
from isolation.scope.ground import Ground, require_ground

if TYPE_CHECKING:
    from isolation.git.program import Git

KEPT = 32  # trees whose total is kept
COUNTED = "poolmgr-counted.json"


class Counts(NamedTuple):
    """Files shown and files in the commit; None: not counted yet. `is_fresh`: the index is still that one."""

    visible: int | None = None
    total: int | None = None
    is_fresh: bool = False


def find_counts(worktree: Path) -> Counts:
    """What was counted last, by three small reads and no process."""
    ground = require_ground(worktree)
    facts = read_facts(ground.admin / COUNTED)
    if not facts:
        return Counts()
    return Counts(facts["visible"], facts["total"], facts["index"] == identify(ground))


def count(git: Git, worktree: Path, totals: Path) -> Counts:
    """Counted now if the index is another one by now; `totals` is the file that keeps totals by tree."""
    ground = require_ground(worktree)
    known = find_counts(worktree)
    if known.is_fresh and known.total is not None:
        return known
    inside = ground.git(git)
    index = identify(ground)
    visible = count_visible(inside)
    total = count_total(inside, totals)
    facts = {"visible": visible, "total": total, "index": index}
    replace_file(ground.admin / COUNTED, json.dumps(facts).encode())
    return Counts(visible, total, is_fresh=True)


def count_visible(inside: Git) -> int:
    """The files of the index that are checked out: with a sparse index it costs what is shown."""
    rows = inside.run("ls-files", "-z", "-t", "--sparse").stdout.split(b"\0")
    return len({row[2:] for row in rows if row and row[:1] != b"S" and not row.endswith(b"/")})


def count_total(inside: Git, totals: Path) -> int:
    """The files of HEAD's tree."""
    tree = inside.run("rev-parse", "--verify", "--quiet", "HEAD^{tree}", accept=(0, 1)).text
    if not tree:
        return 0
    known = read_facts(totals)
    if tree not in known:
        listed = inside.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree).stdout.count(b"\0")
        known = dict([*known.items(), (tree, listed)][-KEPT:])
        with suppress(OSError):
            replace_file(totals, json.dumps(known).encode())
    return int(known[tree])


def identify(ground: Ground) -> list[int]:
    """What tells one index from another without reading it; HEAD's file moves with branches."""
    found = []
    for name in ("index", "HEAD"):
        with suppress(FileNotFoundError):
            facts = os.stat(ground.admin / name)
            found += [facts.st_ino, facts.st_size, facts.st_mtime_ns]
    return found


def read_facts(file: Path) -> dict[str, Any]:
    """A cache and no more: unreadable is empty."""
    try:
        facts = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
