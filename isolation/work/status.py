"""What git says about the working tree and the index: `status` and `ls-files`, parsed.

Explicit options win over every configuration that hides something (`status.*`, `submodule.*`,
`diff.ignoreSubmodules`, `sparse.expectFilesOutsideOfPatterns`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from isolation.errors import GitFailed

if TYPE_CHECKING:
    from isolation.git.program import Git

SHOW_EVERYTHING = (
    "-c", "status.renames=false",
    "-c", "status.submoduleSummary=false",
    "-c", "diff.ignoreSubmodules=none",
    "-c", "sparse.expectFilesOutsideOfPatterns=false",
)  # fmt: skip
STATUS = (
    "status",
    "--porcelain=v2",
    "-z",
    "--branch",
    "--untracked-files=all",
    "--ignored=matching",
    "--no-renames",
)
GITLINK = b"160000"
FIELDS_BEFORE_PATH = {b"1": 8, b"2": 9, b"u": 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One tracked path that differs: index from HEAD (first letter) or file from index."""

    path: bytes
    letters: str
    submodule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One answer of git status. Directories end in a slash."""

    head: str
    branch: str
    changes: tuple[Change, ...]
    untracked: tuple[bytes, ...]
    ignored: tuple[bytes, ...]
    submodules: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The paths of the index."""

    tracked: frozenset[bytes]
    gitlinks: frozenset[bytes]
    assumed: frozenset[bytes]
    skipped: frozenset[bytes]


def read_status(git: Git) -> Status:
    """Git's view of a worktree; nothing is locked or written.

    Git gives up when it cannot enter a submodule (in a worktree that was moved). Submodules are
    then left out here; what is unsaved in them is asked of each of them anyway.
    """
    try:
        return parse_status(git.run(*SHOW_EVERYTHING, *STATUS, "--ignore-submodules=none").stdout)
    except GitFailed:
        output = git.run(*SHOW_EVERYTHING, *STATUS, "--ignore-submodules=all").stdout
        return replace(parse_status(output), submodules=False)


def parse_status(output: bytes) -> Status:
    """The records of `status --porcelain=v2 -z --branch`."""
    head, branch = "", ""
    changes: list[Change] = []
    others: dict[bytes, list[bytes]] = {b"?": [], b"!": []}
    records = iter(output.split(b"\0"))
    for record in records:
        letter, _, rest = record.partition(b" ")
        if letter == b"#":
            name, _, value = rest.decode(errors="surrogateescape").partition(" ")
            if name == "branch.oid":
                head = "" if value == "(initial)" else value
            elif name == "branch.head":
                branch = "" if value == "(detached)" else value
        elif letter in others:
            others[letter].append(rest)
        elif letter in FIELDS_BEFORE_PATH:
            changes.append(parse_change(record))
            if letter == b"2":
                next(records)
    return Status(
        head=head,
        branch=branch,
        changes=tuple(changes),
        untracked=tuple(others[b"?"]),
        ignored=tuple(others[b"!"]),
    )


def parse_change(record: bytes) -> Change:
    """One record of a tracked path."""
    parts = record.split(b" ", FIELDS_BEFORE_PATH[record[:1]])
    return Change(path=parts[-1], letters=parts[1].decode(), submodule=parts[2].decode())


def read_listing(git: Git) -> Listing:
    """The paths of the index with their flags; a sparse index is not expanded."""
    return parse_listing(git.run(*SHOW_EVERYTHING, "ls-files", "-z", "-v", "-s", "--sparse").stdout)


def parse_listing(output: bytes) -> Listing:
    """The records of `ls-files -z -v -s`: tag, mode, object, stage, path."""
    tracked: set[bytes] = set()
    gitlinks: set[bytes] = set()
    assumed: set[bytes] = set()
    skipped: set[bytes] = set()
    for record in output.split(b"\0"):
        if not record:
            continue
        path = record[record.index(b"\t") + 1 :]
        tracked.add(path)
        if record[2:8] == GITLINK:
            gitlinks.add(path)
        if record[0] >= ord("a"):
            assumed.add(path)
        if record[:1] in b"Ss":
            skipped.add(path)
    return Listing(
        tracked=frozenset(tracked),
        gitlinks=frozenset(gitlinks),
        assumed=frozenset(assumed),
        skipped=frozenset(skipped),
    )
