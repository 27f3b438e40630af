"""Finds the guards of a slot changed, puts them back, and keeps what was put there working."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from isolation.git.config import EXTENSION, find_shared, set_shared
from isolation.git.program import Git
from isolation.guards.dispatch import OURS, dispatcher
from isolation.guards.hooks import PATH, put_back
from isolation.guards.install import ensure_acting
from isolation.guards.words import shown

KEY = "core.hooksPath"


def verify_guards(
    git: Git, admin: Path, python: str = sys.executable, *, is_scoped: bool = True
) -> tuple[str, ...]:
    """A sentence for each thing that was found changed; by then it is put right.

    `git` is the slot's; the caller holds the pool's git lock. A full slot needs no guards.
    """
    if not is_scoped and not (admin / "revoked").exists():
        return ()
    script = dispatcher(python)
    directory = admin / OURS
    gone = [*list_gone(directory)]
    said = (
        *gone,
        *put_back(directory, script, list_places(git, admin)),
        *restore_setting(git, admin, python),
    )
    if said:  # what is chained may be another thing now
        (directory / ".chain").unlink(missing_ok=True)
    return said


def list_gone(directory: Path) -> Iterator[str]:
    """What was removed or switched off."""
    for name in ("pre-commit", "pre-merge-commit", "reference-transaction"):
        file = directory / name
        if not file.exists():
            yield f"{name}: the guard was removed; it is back"
        elif not os.access(file, os.X_OK):
            yield f"{name}: the guard was switched off; it is on again"


def list_places(git: Git, admin: Path) -> tuple[Path, ...]:
    """Where the repository's own hooks may lie."""
    from isolation.guards.chain import Settings, locate

    listed = git.run("config", "--list", "-z", "--show-scope", "--show-origin").stdout
    common = Path(os.path.normpath(admin / os.fsdecode((admin / "commondir").read_bytes()).rstrip("\n")))
    value = Settings(listed, os.environb).value
    return tuple(Path(os.fsdecode(place)) for place in locate(os.fsencode(admin), os.fsencode(common), value))


def restore_setting(git: Git, admin: Path, python: str) -> Iterator[str]:
    """Git runs our hooks in this worktree; those that somebody set instead are chained."""
    if (find_shared(git, EXTENSION) or "").lower() not in {"true", "yes", "on", "1"}:
        set_shared(git, EXTENSION, "true")
        yield f"{EXTENSION} was off, and with it the guards of every slot; it is on again"
    file = os.fspath(admin / "config.worktree")
    wanted = os.fspath(admin / OURS)
    values = git.run("config", "--file", file, "-z", "--get-all", KEY, accept=(0, 1)).stdout.split(b"\0")[:-1]
    found = os.fsdecode(values[-1]) if values else None
    if found == wanted:
        return
    if found and os.path.basename(found) != OURS:
        (admin / OURS / PATH).write_bytes(os.fsencode(found))
        yield f"{KEY} of this worktree had been set to {shown(found)}; its hooks run beside the guard now"
    else:
        yield f"{KEY} of this worktree did not name the guard; it does again"
    git.run("config", "--file", file, "--unset-all", KEY, accept=(0, 5))
    ensure_acting(admin, python)
