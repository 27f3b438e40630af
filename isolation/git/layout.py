"""Where a repository keeps its things, seen from any directory of it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from isolation.errors import GitFailed, IsolationError
from isolation.git.program import Git

OLDEST = (2, 38)


class NoRepository(IsolationError):
    """There is no git repository at or above this directory, or git does not trust it."""

    exit_code = 2


class Layout(NamedTuple):
    """A repository as one of its directories sees it."""

    common: Path
    git_dir: Path
    bare: bool
    top: Path | None


def read_layout(git: Git) -> Layout:
    """The repository around a directory."""
    asked = ("--git-common-dir", "--git-dir", "--is-bare-repository", "--show-toplevel")
    try:
        answer = git.run("rev-parse", "--path-format=absolute", *asked, accept=(0, 128))
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise NoRepository(f"{git.cwd} cannot be read: {error.strerror}") from error
    lines = answer.text.split("\n")
    if answer.code == 128 and len(lines) == len(asked) - 1:  # in a git directory there is no top level
        return Layout(common=Path(lines[0]), git_dir=Path(lines[1]), bare=lines[2] == "true", top=None)
    if answer.code == 0 and len(lines) == len(asked):
        return Layout(
            common=Path(lines[0]), git_dir=Path(lines[1]), bare=lines[2] == "true", top=Path(lines[3])
        )
    return read_layout_slowly(git)


def read_layout_slowly(git: Git) -> Layout:
    """One question at a time: for names with newlines, and outside any working tree."""
    try:
        common, git_dir, bare = (
            git.run("rev-parse", "--path-format=absolute", question).text
            for question in ("--git-common-dir", "--git-dir", "--is-bare-repository")
        )
    except GitFailed as error:
        words = error.stderr.splitlines()[0].removeprefix("fatal: ") if error.stderr else str(error)
        raise NoRepository(words) from error
    top = git.run("rev-parse", "--path-format=absolute", "--show-toplevel", accept=(0, 128))
    return Layout(
        common=Path(common),
        git_dir=Path(git_dir),
        bare=bare == "true",
        top=Path(top.text) if top.code == 0 else None,
    )


def read_version(git: Git) -> tuple[int, int]:
    """The version of the git program."""
    words = git.run("version").text.split()
    major, minor = words[2].split(".")[:2]
    return int(major), int(minor)
