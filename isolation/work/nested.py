"""Repositories inside a worktree: submodules and whatever somebody cloned or made there.

Git is given the nested git directory by name, so it never walks up into the repository around
it, and filters set in the nested configuration are switched off: nobody asked to run them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.errors import GitFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isolation.git.program import Git
    from isolation.work.finding import Matcher

UNREADABLE = "a nested repository whose state cannot be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nest:
    """A nested repository: its files, its git directory (None when it has none), its surroundings."""

    root: Path
    directory: Path | None
    disposable: bool


def describe_work(git: Git, nest: Nest, matcher: Matcher) -> str:
    """Why a nested repository holds work of its own, "" when it holds none."""
    if nest.directory is None:
        return UNREADABLE
    variables = {"GIT_DIR": str(nest.directory), "GIT_WORK_TREE": str(nest.root)}
    inside = git.at(nest.root).with_variables(**variables)
    try:
        quiet = read_filter_switches(inside)
        arguments = ("status", "--porcelain=v1", "-z", "-uall", "--ignore-submodules=none", "--no-renames")
        ignored = () if nest.disposable else ("--ignored=matching",)
        records = inside.run(*quiet, *arguments, *ignored).stdout.split(b"\0")
        if any(is_unsaved(record, matcher) for record in records if record):
            return "a nested repository with uncommitted changes"
        return describe_commits(inside, tags_are_shared=nest.disposable)
    except (GitFailed, OSError):
        return UNREADABLE


def is_unsaved(record: bytes, matcher: Matcher) -> bool:
    """Whether a status record is work: all but disposable ignored files."""
    path = record[3:]
    return record[:2] != b"!!" or not matcher(path.rstrip(b"/"), path.endswith(b"/"))


def read_filter_switches(git: Git) -> tuple[str, ...]:
    """Options that switch off the filters the nested repository's own configuration sets."""
    pattern = r"^filter\..*\.(clean|smudge|process|required)$"
    found = git.run(
        "config", "--local", "--includes", "-z", "--name-only", "--get-regexp", pattern, accept=(0, 1)
    ).fields
    values = ((name, "false" if name.endswith(".required") else "") for name in found)
    return tuple(part for name, value in values for part in ("-c", f"{name}={value}"))


def describe_commits(git: Git, *, tags_are_shared: bool) -> str:
    """Why a repository's commits or stash are nowhere else, "" when they are."""
    if git.succeeds("rev-parse", "--quiet", "--verify", "refs/stash"):
        return "a nested repository with a stash"
    head = git.run("rev-parse", "--quiet", "--verify", "HEAD", accept=(0, 1)).text
    tags = ("--tags",) if tags_are_shared else ()
    starts = ("--branches", *((head,) if head else ()))
    if git.run("rev-list", "--max-count=1", *starts, "--not", "--remotes", *tags).text:
        return "a nested repository with commits that are on no remote"
    return ""


def list_module_directories(admin: Path) -> Iterator[Path]:
    """The git directories of submodules, nested ones too."""
    pending = [admin / "modules"]
    while pending:
        here = pending.pop()
        if (here / "HEAD").is_file() and (here / "objects").is_dir():
            yield here
            pending.append(here / "modules")
        elif here.is_dir():
            with os.scandir(here) as entries:
                pending.extend(Path(one.path) for one in entries if one.is_dir(follow_symlinks=False))


def describe_module(git: Git, module: Path) -> str:
    """Why a submodule's git directory holds work of its own, "" when it holds none."""
    try:
        inside = git.at(module).with_variables(GIT_DIR=str(module), GIT_WORK_TREE=str(module))
        return describe_commits(inside, tags_are_shared=False).replace("nested repository", "submodule")
    except (GitFailed, OSError):
        return "a submodule whose state cannot be read"
