"""What the repository's own past tells: the commits that name exactly one task, and what changes together.

Reading is bounded: so many commits' messages, and of the newest of them the files.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from isolation.git.program import Git
from poolmgr.services.planning.naming import Names
from tracks.footprints.learned import Change
from tracks.globs import Globs

LATEST = 20_000  # commits that are looked at: reading more costs seconds and tells of another time
RECENT = 1_000  # commits whose files are read whether or not they name a task
SWEEPING = 300  # a commit of more files is a move or a reformatting, and tells of no task


class Past(NamedTuple):
    """The changes by task, the oldest first, and the files of the newest commits, the newest first."""

    changes: tuple[Change, ...] = ()
    commits: tuple[frozenset[str], ...] = ()


class Named(NamedTuple):
    """A commit: when it was made and by whom, and the one task it names."""

    moment: float
    authors: tuple[str, str]
    task: str | None


def read_history(git: Git, oid: str, ids: Collection[str], trackers: Globs) -> Past:
    """The past that led to a commit; files that only a tracker's hook stages do not count."""
    listed = list_commits(git, oid, Names(ids))
    files: dict[str, frozenset[str]] = {}
    for commit, paths in list_changed(git, listed):
        kept = frozenset(os.fsdecode(path) for path in paths if not trackers.matches(path))
        if 0 < len(kept) <= SWEEPING:
            files[commit] = kept
    recent = [files[commit] for at, commit in enumerate(listed) if at < RECENT and commit in files]
    return Past(changes_of(listed, files), tuple(recent))


def changes_of(commits: Mapping[str, Named], files: Mapping[str, frozenset[str]]) -> tuple[Change, ...]:
    """What the commits that name each task changed together."""
    of_task: dict[str, list[str]] = defaultdict(list)
    for commit, each in commits.items():
        if each.task is not None and commit in files:
            of_task[each.task].append(commit)
    changes = (
        Change(
            task,
            min(commits[each].moment for each in its),
            frozenset().union(*(files[each] for each in its)),
            frozenset(author for each in its for author in commits[each].authors),
        )
        for task, its in of_task.items()
    )
    return tuple(sorted(changes, key=lambda change: (change.moment, change.task)))


def list_commits(git: Git, oid: str, names: Names) -> dict[str, Named]:
    """The commits that name one task, and the newest of the others; the newest first."""
    words = (
        "--no-show-signature", "--encoding=UTF-8", f"--max-count={LATEST}", "--format=%H %ct%n%an%n%ae%n%B",
    )  # fmt: skip
    text = git.run("log", "-z", *words, oid, "--").stdout.decode(errors="replace")
    found = {}
    for at, record in enumerate(filter(None, text.split("\0"))):
        head, name, address, message = record.split("\n", 3)
        commit, _, moment = head.partition(" ")
        task = names.in_message(message)
        if task is not None or at < RECENT:
            found[commit] = Named(float(moment), (name, address), task)
    return found


def list_changed(git: Git, commits: Collection[str]) -> Iterator[tuple[str, list[bytes]]]:
    """The files each of some commits changed; a merge changes none of its own."""
    if not commits:
        return
    listed = git.run(
        "diff-tree", "--stdin", "--root", "-r", "--name-only", "--no-renames", "-z",
        stdin="".join(f"{commit}\n" for commit in commits).encode(),
    ).stdout.split(b"\0")  # fmt: skip
    commit = ""
    paths: list[bytes] = []
    for entry in listed:
        if len(entry) in {40, 64} and b"/" not in entry and entry.decode("ascii", "replace") in commits:
            if commit:
                yield commit, paths
            commit, paths = entry.decode(), []
        elif entry:
            paths.append(entry)
    if commit:
        yield commit, paths
