"""What git thinks of a path that may not be there yet."""

from __future__ import annotations

from isolation.git.program import Git


def is_ignored(git: Git, path: str) -> bool:
    """Whether git ignores it and does not track it; what it cannot judge it does not ignore."""
    # `./` keeps a colon from being read as pathspec magic, which this command knows no option against.
    return git.run("check-ignore", "--quiet", "--", f"./{path}", accept=(0, 1, 128)).code == 0


def is_tracked(git: Git, path: str) -> bool:
    """Whether the index has it, or something below it."""
    return bool(git.run("--literal-pathspecs", "ls-files", "-z", "--", path).stdout)
