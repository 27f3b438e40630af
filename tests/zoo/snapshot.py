"""What must come back: two snapshots are equal when files, modes, links, index, HEAD and refs are."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from tests.zoo.repository import git

OWN = frozenset({".env.worktree"})
DISPOSABLE = frozenset({b"node_modules", b"__pycache__"})


def is_disposable(path: bytes, is_dir: bool) -> bool:  # noqa: FBT001 - the shape of a Matcher
    """The zoo's disposable files: a directory named like a cache."""
    return is_dir and os.path.basename(path) in DISPOSABLE


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that must come back."""

    head: str
    files: dict[str, tuple[str, int, bytes]] = field(default_factory=dict)
    index: str = ""
    flags: str = ""
    refs: str = ""
    operations: tuple[str, ...] = ()


def snapshot_of(worktree: Path, own: frozenset[str] = OWN) -> Snapshot:
    """Everything of a worktree that has to be the same when it comes back."""
    admin = Path(git(worktree, "rev-parse", "--absolute-git-dir"))
    marks = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "rebase-merge", "rebase-apply")
    return Snapshot(
        head=git(worktree, "rev-parse", "--verify", "--quiet", "HEAD", check=False),
        files=dict(sorted(read_files(worktree, worktree, own).items())),
        index=git(worktree, "ls-files", "-z", "--stage", "--resolve-undo"),
        flags=git(worktree, "ls-files", "-z", "-v", "-f"),
        refs=git(worktree, "for-each-ref", "refs/worktree", "refs/bisect", "refs/rewritten"),
        operations=tuple(name for name in marks if (admin / name).exists()),
    )


def read_files(root: Path, directory: Path, own: frozenset[str]) -> dict[str, tuple[str, int, bytes]]:
    """Type, mode bits and content of every path, disposable directories left out."""
    found: dict[str, tuple[str, int, bytes]] = {}
    for path in directory.iterdir():
        name = str(path.relative_to(root))
        mode = path.lstat().st_mode
        bits = stat.S_IMODE(mode)
        if name == ".git" or name in own or stat.S_ISSOCK(mode):
            continue
        if stat.S_ISLNK(mode):
            found[name] = ("link", 0, os.fsencode(path.readlink()))
        elif stat.S_ISDIR(mode) and not is_disposable(os.fsencode(name), True):
            found[name] = ("directory", bits, b"")
            found |= read_files(root, path, own)
        elif stat.S_ISREG(mode):
            found[name] = ("file", bits, b"" if is_pointer(path) else path.read_bytes())
        elif stat.S_ISFIFO(mode):
            found[name] = ("fifo", bits, b"")
    return found


def is_pointer(path: Path) -> bool:
    """Whether this is a submodule's `.git` file, which names another place after a restore."""
    return path.name == ".git"
