"""What git thinks of a path that may not be there yet."""

from __future__ import annotations

from isolation.git.program import Git


def is_ignored(git: Git, path: str) -> bool:
    """Whether git ignores it and does not track it; what it cannot judge it does not ignore."""
    return git.run("check-ignore", "--quiet", "--", path, accept=(0, 1, 128)).code == 0


def is_tracked(git: Git, path: str) -> bool:
    """Whether the index has it, or something below it."""
    return bool(git.run("--literal-pathspecs", "ls-files", "-z", "--", path).stdout)
