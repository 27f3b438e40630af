"""Refs and commits: resolving names, moving HEAD, comparing histories.

A name from outside becomes an object id here first; everything else takes object ids.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from isolation.errors import GitFailed
from isolation.git.program import Git

NOTHING = ""  # what a ref that is to be made is now, whatever the length of object names


def resolve_commits(git: Git, names: Sequence[str]) -> dict[str, str | None]:
    """Each name's commit, in one call; None where there is none."""
    if any("\n" in name for name in names):
        raise ValueError("a revision has no newline")
    lines = os.fsencode("".join(f"{name}^{{commit}}\n" for name in names))
    answer = git.run("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=lines).text
    found: dict[str, str | None] = {}
    for name, line in zip(names, answer.split("\n"), strict=True):
        oid, _, kind = line.rpartition(" ")
        found[name] = oid if kind == "commit" else None
    return found


def find_commit(git: Git, name: str) -> str | None:
    """The commit a name means."""
    return resolve_commits(git, [name])[name]


def tree_of(git: Git, oid: str) -> str:
    """The tree of a commit."""
    return git.run("rev-parse", "--verify", "--quiet", f"{oid}^{{tree}}").text


def try_create_ref(git: Git, ref: str, oid: str, *, message: str) -> bool:
    """False when the ref exists already or its name cannot be made."""
    try:
        git.run("update-ref", "--create-reflog", "-m", message, ref, oid, NOTHING)
    except GitFailed:
        if find_commit(git, ref) is not None or ref_clash(git, ref):
            return False
        raise
    return True


def ref_clash(git: Git, ref: str) -> str | None:
    """A ref that is in the way of this name (`a` and `a/b` cannot both be)."""
    below = git.run("for-each-ref", "--count=1", "--format=%(refname)", f"{ref}/").text
    if below:
        return below
    parts = ref.split("/")
    above = ["/".join(parts[:length]) for length in range(3, len(parts))]
    found = resolve_commits(git, above) if above else {}
    return next((name for name, oid in found.items() if oid), None)


def delete_ref(git: Git, ref: str, oid: str) -> None:
    """Delete a ref only if it still is what was read."""
    git.run("update-ref", "-d", ref, oid)


def point_head(git: Git, branch: str, *, message: str) -> None:
    """HEAD on a branch, without touching index or files. Git does not check that it is free."""
    git.run("symbolic-ref", "-m", message, "HEAD", f"refs/heads/{branch}")


def detach_head(git: Git, oid: str, *, message: str) -> None:
    """HEAD on a commit, without touching index or files."""
    git.run("update-ref", "--no-deref", "-m", message, "HEAD", oid)


def move_tree(git: Git, oid: str) -> None:
    """HEAD, index and files at a commit; git refuses to overwrite what differs."""
    git.run("checkout", "--quiet", "--detach", "--no-overwrite-ignore", oid, "--")


def ahead_behind(git: Git, left: str, right: str) -> tuple[int, int]:
    """How many commits only `left` has, and only `right`."""
    words = git.run("rev-list", "--left-right", "--count", f"{left}...{right}", "--").text.split()
    return int(words[0]), int(words[1])


def branch_reflog_head(git: Git, branch: str) -> str:
    """The last line of a branch's reflog, its message only."""
    answer = git.run("reflog", "show", "-1", "--format=%gs", f"refs/heads/{branch}", "--", accept=(0, 128))
    return answer.text


def list_refs(git: Git, prefix: str) -> dict[str, str]:
    """Every ref below a prefix and its object id."""
    answer = git.run("for-each-ref", "--format=%(refname)%00%(objectname)", prefix).text
    return dict(line.split("\0") for line in answer.split("\n") if line)


def fetch(git: Git, remote: str) -> None:
    """Bring a remote's branches; never merges, never touches a working tree."""
    git.run("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--end-of-options", remote)
