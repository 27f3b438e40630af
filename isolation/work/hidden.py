"""Edits behind index flags: assume-unchanged and skip-worktree entries whose file differs.

Git is asked again with a copy of the index in which the flags are cleared, so that filters and
line endings are judged as git judges them. The worktree's own index is never written.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.work.status import SHOW_EVERYTHING, parse_status

if TYPE_CHECKING:
    from isolation.git.program import Git
    from isolation.work.status import Listing

CLEARED = ("--no-assume-unchanged", "--no-skip-worktree")


def list_hidden(git: Git, admin: Path, listing: Listing, present: frozenset[bytes]) -> tuple[bytes, ...]:
    """Flagged paths whose file differs; a skip-worktree entry absent from disk is no work."""
    flagged = listing.assumed | (listing.skipped & present)
    return list_edited(git, admin, flagged) if flagged else ()


def list_edited(git: Git, admin: Path, flagged: frozenset[bytes]) -> tuple[bytes, ...]:
    """Those of the flagged paths whose file differs."""
    with tempfile.TemporaryDirectory(prefix="poolmgr-index-") as directory:
        copy = Path(directory) / "index"
        shutil.copyfile(admin / "index", copy)
        asking = git.with_variables(GIT_INDEX_FILE=str(copy))._replace(index_file=copy)
        clear_flags(asking, flagged)
        arguments = ("status", "--porcelain=v2", "-z", "--untracked-files=no", "--ignore-submodules=none")
        changes = parse_status(asking.run(*SHOW_EVERYTHING, *arguments).stdout).changes
    return tuple(one.path for one in changes if one.path in flagged and one.letters[1] != ".")


def clear_flags(git: Git, paths: frozenset[bytes]) -> None:
    """Write the index with the flags of these paths cleared."""
    names = b"".join(path + b"\0" for path in sorted(paths))
    for flag in CLEARED:
        git.run(*SHOW_EVERYTHING, "update-index", "-z", flag, "--stdin", stdin=names)
