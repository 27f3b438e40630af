"""What must be true of a pool whenever nothing is being done to it: read from outside, by no code of poolmgr.

Every function answers sentences about what is wrong; none is an empty list.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from tests.fixtures.repositories import Repository
from tests.invariants.places import list_misplaced, list_stale_files, list_unclean
from tests.invariants.rows import list_contradictions, read_rows


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a case may leave that is no fault there."""

    states: frozenset[str] = frozenset({"READY", "LEASED", "SUSPECT", "PARKED"})
    foreign: frozenset[Path] = field(default_factory=frozenset)  # worktrees that people made

    def with_worktrees(self, *paths: str | os.PathLike[str]) -> Allowed:
        """The same, with worktrees made by hand."""
        return Allowed(self.states, frozenset(Path(path) for path in paths))


def list_violations(repo: Repository, allowed: Allowed) -> list[str]:
    """Everything that is wrong with the pool of this repository, nothing being done to it."""
    if not (repo.state / "state.db").exists():
        return ["the state database is not there"]
    rows = read_rows(repo.state)
    return [
        *list_contradictions(rows, allowed.states),
        *list_misplaced(repo, rows, allowed.foreign),
        *list_unclean(repo, rows),
        *list_stale_files(repo),
        *list_git_damage(repo),
    ]


def list_git_damage(repo: Repository) -> list[str]:
    """What `git fsck` says of the repository."""
    report = repo.git("fsck", "--connectivity-only", "--no-dangling", "--no-progress", check=False)
    return [f"git fsck: {line}" for line in report.splitlines()]


def require_sound(repo: Repository, allowed: Allowed, *, also: Collection[str] = ()) -> None:
    """Fail with every sentence at once."""
    wrong = [*also, *list_violations(repo, allowed)]
    assert not wrong, "\n".join(wrong)
