"""Edits behind index flags: assume-unchanged and skip-worktree entries whose file differs.

Git is asked again with a copy of the index in which these entries have neither flags nor a memory of
how their files looked, so that filters and line endings are judged as git judges them, by content: for
a flagged entry git keeps what it remembers although the file changed in that same second. The
worktree's own index is never written.
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
        forget_looks(asking, flagged)
        arguments = ("status", "--porcelain=v2", "-z", "--untracked-files=no", "--ignore-submodules=none")
        changes = parse_status(asking.run(*SHOW_EVERYTHING, *arguments).stdout).changes
    return tuple(one.path for one in changes if one.path in flagged and one.letters[1] != ".")


def forget_looks(git: Git, paths: frozenset[bytes]) -> None:
    """Write these entries as if they were new, without flags."""
    rows = git.run(*SHOW_EVERYTHING, "ls-files", "-z", "--stage").stdout.split(b"\0")
    named = b"".join(row + b"\0" for row in rows if row.partition(b"\t")[2] in paths)
    git.run(*SHOW_EVERYTHING, "update-index", "-z", "--index-info", stdin=named)
