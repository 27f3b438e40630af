"""Writes the git part of a rescue: raw blobs, one flat tree that reaches them, one commit.

No filter runs and no index is touched. The commit's parents are HEAD and every commit that only
the worktree named; staged objects and the index's cached trees lie in the tree beside the files.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.errors import GitFailed, RescueDamaged, WorktreeChanged
from isolation.rescue.manifest import Entry, Manifest, Type, dump_manifest, named, parse_manifest
from isolation.work.commits import Named, read_tags, read_types

if TYPE_CHECKING:
    from isolation.git.program import Git

DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
MANIFEST = "manifest"
OBJECTS = "objects"
NOBODY = "poolmgr <poolmgr@localhost> 0 +0000"


def name_contents(git: Git, root: Path, entries: tuple[Entry, ...], *, write: bool) -> tuple[Entry, ...]:
    """The entries with their files' raw object names; written to the repository if asked."""
    files = [entry.path for entry in entries if entry.type is Type.FILE]
    try:
        names = dict(zip(files, hash_files(git, root, files, write=write), strict=True))
    except (GitFailed, ValueError) as error:
        raise WorktreeChanged(f"a file could not be read: {error}") from error
    return tuple(named(one, names[one.path]) if one.type is Type.FILE else one for one in entries)


def hash_files(git: Git, root: Path, paths: list[str], *, write: bool) -> list[str]:
    """Raw object names, in order, by one process; names with newlines go through links."""
    with tempfile.TemporaryDirectory(prefix="poolmgr-names-") as directory:
        prefix = os.fsencode(root) + b"/"
        lines = [prefix + os.fsencode(path) for path in paths]
        for number, line in enumerate(lines):
            if b"\n" in line:
                lines[number] = os.fsencode(os.path.join(directory, str(number)))
                os.symlink(line, lines[number])
        if not lines:
            return []
        writing = ("-w",) if write else ()
        arguments = ("hash-object", "-t", "blob", *writing, "--no-filters", "--stdin-paths")
        return git.run(*DURABLE, *arguments, stdin=b"\n".join(lines) + b"\n").text.splitlines()


def write_object(git: Git, kind: str, content: bytes) -> str:
    """The name of an object made of these bytes."""
    return git.run(*DURABLE, "hash-object", "-t", kind, "-w", "--stdin", stdin=content).text


def write_tree(git: Git, rows: Iterable[tuple[str, str, str]]) -> str:
    """A tree of (type, object, name); git refuses objects that do not exist."""
    modes = {"blob": "100644", "tree": "040000"}
    lines = (f"{modes[kind]} {kind} {oid}\t{name}\0" for kind, oid, name in rows)
    return git.run(*DURABLE, "mktree", "-z", stdin="".join(lines).encode()).text


def write_rescue(git: Git, manifest: Manifest, parents: tuple[str, ...], message: str, named: Named) -> str:
    """The rescue's commit."""
    staged = read_staged(git, manifest.head)
    reached = {entry.content: "blob" for entry in manifest.entries if entry.content}
    reached |= dict(named.others) | read_types(git, staged)
    objects = write_tree(git, ((kind, oid, oid) for oid, kind in sorted(reached.items())))
    text = write_object(git, "blob", dump_manifest(manifest))
    tree = write_tree(git, (("blob", text, MANIFEST), ("tree", objects, OBJECTS)))
    lines = [f"tree {tree}", *(f"parent {one}" for one in parents), f"author {NOBODY}", f"committer {NOBODY}"]
    return write_object(git, "commit", ("\n".join(lines) + "\n\n" + message).encode())


def read_staged(git: Git, head: str) -> tuple[str, ...]:
    """Every blob and tree the index names (all stages, resolve-undo, cached trees) beyond HEAD."""
    wanted = ("--objects", "--indexed-objects", "--single-worktree")
    shown = ("--no-object-names", "--missing=allow-any")
    known = ("--not", head) if head else ()
    return tuple(git.run("rev-list", *wanted, *shown, *known).text.split())


def read_tag_texts(git: Git, named: Named) -> tuple[str, ...]:
    """The annotated tags only this worktree names, whole: a tree cannot hold a tag."""
    return tuple(os.fsdecode(text) for text in read_tags(git, named.tags).values())


def read_manifest(git: Git, oid: str) -> Manifest:
    """The manifest of a rescue's commit."""
    try:
        return parse_manifest(git.run("cat-file", "blob", f"{oid}:{MANIFEST}").stdout)
    except GitFailed as error:
        raise RescueDamaged("the rescue's manifest is missing") from error
