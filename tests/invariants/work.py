"""Work that somebody acknowledged: where it is now, and whether it would survive git's own cleaning."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.fixtures.repositories import Repository
from tests.invariants.places import list_directory, list_worktrees


@dataclass(slots=True)
class Work:
    """What must be found again: files' contents, and commits."""

    contents: dict[str, bytes] = field(default_factory=dict)
    commits: dict[str, str] = field(default_factory=dict)


def list_lost(repo: Repository, work: Work) -> list[str]:
    """What of this work is in no branch, rescue, archive, slot or parked directory."""
    worktrees = [path for path in list_worktrees(repo) if path.is_dir()]
    objects = list_objects(repo, worktrees)
    missing = {name: text for name, text in work.contents.items() if blob_name(text) not in objects}
    if missing:
        found = {*list_contents(worktrees), *list_archived(repo.state / "rescue")}
        missing = {name: text for name, text in missing.items() if text not in found}
    commits = [name for name, oid in work.commits.items() if oid not in objects]
    return [
        *(f"lost: the file {name}" for name in missing),
        *(f"lost: the commit {name}" for name in commits),
    ]


def list_objects(repo: Repository, worktrees: list[Path]) -> set[str]:
    """Every object that a ref, a HEAD, an index or a reflog still names."""
    heads = [repo.git("rev-parse", "--verify", "-q", "HEAD", cwd=path, check=False) for path in worktrees]
    named = [head for head in heads if head]
    listed = repo.git("rev-list", "--objects", "--all", "--reflog", "--indexed-objects", *named)
    return {line.partition(" ")[0] for line in listed.splitlines()}


def list_contents(places: list[Path]) -> Iterator[bytes]:
    """The content of every file in these worktrees."""
    for place in places:
        for folder, _, names in os.walk(place):
            for name in names:
                file = Path(folder, name)
                if file.is_file() and not file.is_symlink():
                    yield file.read_bytes()


def list_archived(archives: Path) -> Iterator[bytes]:
    """The content of every file in the private archives."""
    for archive in list_directory(archives):
        if archive.suffix == ".tar":
            with tarfile.open(archive) as tar:
                for member in tar:
                    file = tar.extractfile(member)
                    yield file.read() if file else b""


def collect_garbage(repo: Repository) -> None:
    """What git may do at any time, at its most thorough."""
    prune(repo)
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "--quiet", "--prune=now")


def prune(repo: Repository) -> None:
    """Git forgets every worktree that is not where its record says."""
    repo.git("worktree", "prune")


def blob_name(content: bytes) -> str:
    """The object id git gives to this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
