"""What the repository's own past tells: the commits that name exactly one task, and their files."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterator

from isolation.git.program import Git
from poolmgr.services.planning.naming import Names
from tracks.footprints.learned import Change
from tracks.globs import Globs

LATEST = 20_000  # commits that are looked at: reading more costs seconds and tells of another time
SWEEPING = 300  # a commit of more files is a move or a reformatting, and tells of no task


def read_history(git: Git, oid: str, ids: Collection[str], trackers: Globs) -> tuple[Change, ...]:
    """The changes that led to a commit, by task; files that only a tracker's hook stages do not count."""
    named = dict(list_named(git, oid, Names(ids)))
    moments: dict[str, float] = {}
    files: dict[str, set[str]] = defaultdict(set)
    for commit, paths in list_changed(git, named):
        task, moment = named[commit]
        kept = {os.fsdecode(path) for path in paths if not trackers.matches(path)}
        if 0 < len(kept) <= SWEEPING:
            moments[task] = min(moment, moments.get(task, moment))
            files[task] |= kept
    changes = (Change(task, moment, frozenset(files[task])) for task, moment in moments.items())
    return tuple(sorted(changes, key=lambda change: (change.moment, change.task)))


def list_named(git: Git, oid: str, names: Names) -> Iterator[tuple[str, tuple[str, float]]]:
    """The commits that name one task, which, and when they were made."""
    words = ("--no-show-signature", "--encoding=UTF-8", f"--max-count={LATEST}", "--format=%H %ct%n%B")
    text = git.run("log", "-z", *words, oid, "--").stdout.decode(errors="replace")
    for record in text.split("\0"):
        head, _, message = record.partition("\n")
        task = names.in_message(message)
        if task is not None:
            commit, _, moment = head.partition(" ")
            yield commit, (task, float(moment))


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
