"""What is the user's own in a repository: to be the same, byte for byte, whatever the pool does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.zoo import git
from tests.zoo.snapshot import read_files

RECORDS = ("HEAD", "ORIG_HEAD", "config", "config.worktree", "index", "info/exclude", "logs/HEAD")
GIVEN = ("config", "info/exclude")  # what poolmgr writes to while there is a pool
Files = dict[str, tuple[str, int, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """The main checkout, its git directory, and a worktree made by hand."""

    files: Files
    records: dict[str, bytes | None]
    hooks: Files
    refs: dict[str, str]
    stash: str
    by_hand: tuple[Files, Files]


def read_household(checkout: Path, by_hand: Path) -> Household:
    """Everything of the user's; only refs that rescues made are left out."""
    common = checkout / ".git"
    rows = git(checkout, "for-each-ref", "--format=%(refname) %(objectname)%(symref)").splitlines()
    refs = dict(row.split(" ") for row in rows)
    return Household(
        files=read_files(checkout, checkout, frozenset()),
        records={name: read_bytes(common / name) for name in RECORDS},
        hooks=read_files(common / "hooks", common / "hooks", frozenset()),
        refs={name: oid for name, oid in refs.items() if not name.startswith("refs/poolmgr/rescue/")},
        stash=git(checkout, "stash", "list", "--format=%H %gs"),
        by_hand=(read_files(by_hand, by_hand, frozenset()), read_admin(common / "worktrees" / by_hand.name)),
    )


def read_admin(admin: Path) -> Files:
    """Git's record of a worktree."""
    return read_files(admin, admin, frozenset())


def read_bytes(path: Path) -> bytes | None:
    """The content of a file, None where there is none."""
    return path.read_bytes() if path.exists() else None


def take_away(pooled: bytes | None, original: bytes | None, now: bytes | None) -> bytes | None:
    """`now` without the lines that making the pool has added."""
    if now is None or pooled is None:
        return now
    added = Counter(pooled.splitlines(keepends=True)) - Counter((original or b"").splitlines(keepends=True))
    left = []
    for line in now.splitlines(keepends=True):
        if added[line]:
            added[line] -= 1
        else:
            left.append(line)
    return b"".join(left)
