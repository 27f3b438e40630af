"""Objects that only a worktree's admin directory names: amended, reset away, rebased, bisected.

Every object name in any file of the admin directory counts: reflogs, pseudo refs, per-worktree
refs, rebase and sequencer state. Reachable means from a branch, a tag or a remote's branch.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.work.place import POOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from isolation.git.program import Git

OBJECT_NAME = re.compile(rb"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])")
SHARED = ("--branches", "--tags", "--remotes")
RESCUES = "--glob=refs/poolmgr/rescue/*"
# Without object names of their own, or not the worktree's state.
NOT_NAMING = frozenset({"index", "modules", "revoked", "gitdir", "commondir", "locked"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Objects named in the admin directory that no shared ref reaches."""

    commits: frozenset[str] = frozenset()
    tips: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()


def read_named(git: Git, admin: Path, reaching: tuple[str, ...] = SHARED) -> Named:
    """What only the admin directory names; `git` acts on that worktree."""
    types = read_types(git, list_names(admin))
    tags = tuple(sorted({oid for oid, kind in types.items() if kind == "tag"} - read_shared_tags(git, types)))
    types |= read_peeled(git, tags)
    commits, tips = read_unreachable(git, (oid for oid, kind in types.items() if kind == "commit"), reaching)
    others = tuple(sorted((oid, kind) for oid, kind in types.items() if kind in {"tree", "blob"}))
    return Named(commits=commits, tips=tips, tags=tags, others=others)


def list_names(admin: Path) -> set[str]:
    """Every string in the admin directory that looks like an object's name."""
    names: set[str] = set()
    for path in list_state(admin):
        names.update(match.decode() for match in OBJECT_NAME.findall(path.read_bytes()))
    return {name for name in names if name.strip("0")}


def list_state(admin: Path) -> Iterator[Path]:
    """The files of an admin directory that may name objects."""
    pending = [admin]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.name in NOT_NAMING or entry.name.startswith(("sharedindex.", POOLS)):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    yield Path(entry.path)


def read_types(git: Git, names: Iterable[str]) -> dict[str, str]:
    """The type of each object that exists."""
    asked = "".join(f"{name}\n" for name in sorted(names))
    if not asked:
        return {}
    answer = git.run("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked.encode()).text
    pairs = (line.split(" ") for line in answer.splitlines())
    return {name: kind for name, kind in pairs if kind in {"commit", "tree", "blob", "tag"}}


def read_peeled(git: Git, tags: tuple[str, ...]) -> dict[str, str]:
    """What the tags finally name."""
    return read_types(git, (f"{tag}^{{}}" for tag in tags))


def read_shared_tags(git: Git, types: dict[str, str]) -> frozenset[str]:
    """The tag objects that tags have, asked only when some tag object is named."""
    if "tag" not in types.values():
        return frozenset()
    return frozenset(git.run("for-each-ref", "--format=%(objectname)", "refs/tags").text.split())


def read_unreachable(
    git: Git, commits: Iterable[str], reaching: tuple[str, ...]
) -> tuple[frozenset[str], tuple[str, ...]]:
    """The commits no shared ref reaches, and those of them that reach all the others."""
    asked = "".join(f"{commit}\n" for commit in commits)
    if not asked:
        return frozenset(), ()
    answer = git.run("rev-list", "--parents", "--stdin", "--not", *reaching, stdin=asked.encode()).text
    lines = [line.split(" ") for line in answer.splitlines()]
    inner = {parent for line in lines for parent in line[1:]}
    found = frozenset(line[0] for line in lines)
    return found, tuple(line[0] for line in lines if line[0] not in inner)


def read_tags(git: Git, tags: tuple[str, ...]) -> dict[str, bytes]:
    """The content of annotated tags and of the tags they name."""
    contents: dict[str, bytes] = {}
    pending = list(tags)
    while pending:
        tag = pending.pop()
        if tag in contents:
            continue
        contents[tag] = git.run("cat-file", "tag", tag).stdout
        match = re.match(rb"object ([0-9a-f]+)\ntype tag\n", contents[tag])
        if match:
            pending.append(match[1].decode())
    return contents
