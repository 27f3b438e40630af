"""The user's own things: checkout, index, branches, stash, config, hooks, worktrees made by hand."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from tests.fixtures.repositories import Repository

EXTENSION = re.compile(rb"\[extensions\]\n\tworktreeConfig = true\n")


def look_at_user(repo: Repository, *handmade: Path) -> dict[str, str]:
    """Everything of the user's by name, but what the pool may change while it exists."""
    common = repo.state.parent
    seen = {
        f"ref {line}": ""
        for line in repo.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    }
    for place in (repo.path, *handmade):
        for folder, folders, names in os.walk(place):
            if Path(folder) == repo.path and ".git" in folders:
                folders.remove(".git")
            seen |= {f"file {Path(folder, name)}": digest(Path(folder, name)) for name in names}
    admins = [Path(repo.git("rev-parse", "--absolute-git-dir", cwd=place)) for place in handmade]
    for admin in (common, *admins):
        seen |= {
            f"file {admin / name}": digest(admin / name)
            for name in ("HEAD", "index", "ORIG_HEAD", "logs/HEAD")
        }
    seen |= {f"file {hook}": digest(hook) for hook in sorted((common / "hooks").iterdir())}
    seen["file logs/refs/stash"] = digest(common / "logs/refs/stash")
    seen["config"] = EXTENSION.sub(b"", (common / "config").read_bytes()).decode()
    return seen


def list_changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What is no longer as it was; branches and rescues may come."""
    gone = [
        f"the user's {name} was {value!r}, is {after.get(name)!r}"
        for name, value in before.items()
        if after.get(name) != value
    ]
    new = [
        name
        for name in after.keys() - before.keys()
        if not name.startswith(("ref refs/heads/", "ref refs/poolmgr/"))
    ]
    return [*gone, *(f"the user's {name} is new" for name in new)]


def digest(file: Path) -> str:
    """What a file holds and how, "" when there is none."""
    if file.is_symlink():
        return os.readlink(file)
    if not file.is_file():
        return ""
    return f"{file.stat().st_mode:o} {hashlib.sha256(file.read_bytes()).hexdigest()}"
