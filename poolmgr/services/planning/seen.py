"""What is being changed for a task right now: branches that name it, and what its lease owns."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from isolation.errors import GitFailed
from isolation.git.program import Git
from isolation.git.refs import list_refs
from isolation.git.worktrees import BRANCH, list_worktrees
from poolmgr.core.records import Lease
from poolmgr.services.planning.naming import Names
from tracks.footprints.claim import Claim
from tracks.footprints.gathering import observed, reserved
from tracks.globs import Globs


def list_seen(
    git: Git, start: str | None, ids: Collection[str], leases: Iterable[Lease], trackers: Globs
) -> dict[str, tuple[Claim, ...]]:
    """The claims of each task that a branch or a lease names."""
    names = Names(ids)
    found: dict[str, dict[tuple[str, ...], Claim]] = defaultdict(dict)
    for task, branch, path in list_changed(git, start, names.in_branch):
        if not trackers.matches(path):
            claim = observed(os.fsdecode(path), branch)
            found[task][claim.globs] = claim
    for lease in leases:
        named = names.in_branch(lease.branch)
        if named and lease.scope and lease.scope.owns:
            found[named].setdefault(lease.scope.owns, reserved(lease.scope.owns, f"{lease.agent}'s lease"))
    return {task: tuple(claims.values()) for task, claims in found.items()}


def list_changed(
    git: Git, start: str | None, task_of: Callable[[str], str | None]
) -> Iterator[tuple[str, str, bytes]]:
    """Task, branch and path: what each branch has beyond the base, and its worktree beyond the branch."""
    branches = {ref.removeprefix(BRANCH): oid for ref, oid in list_refs(git, BRANCH).items()}
    named = {branch: task for branch in branches if (task := task_of(branch))}
    for branch, task in named.items():
        if start and branches[branch] != start:
            words = (
                "--name-only",
                "--no-renames",
                "--no-ext-diff",
                "-z",
                f"{start}...{branches[branch]}",
                "--",
            )
            answer = git.run("diff", *words, accept=(0, 1, 128))  # 128: they have nothing in common
            yield from ((task, branch, path) for path in answer.stdout.split(b"\0") if path)
    for listed in list_worktrees(git) if named else ():
        if listed.branch in named:
            for path in list_unsaved(git, listed.path):
                yield named[listed.branch], listed.branch, path


def list_unsaved(git: Git, worktree: Path) -> list[bytes]:
    """What a worktree has beyond its commit; nothing where it cannot be read."""
    try:
        words = ("--porcelain", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=dirty")
        listed = git.at(worktree).run("status", *words).stdout
    except (GitFailed, OSError):
        return []
    return [entry[3:] for entry in listed.split(b"\0") if len(entry) > 3]
