"""Writes the git part of a rescue: one flat tree that reaches every content, one commit.

No filter runs and no index is touched. The commit's parents are HEAD and every commit that only
the worktree named; staged objects and the index's cached trees lie in the tree beside the files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from isolation.errors import GitFailed, RescueDamaged
from isolation.rescue.blobs import DURABLE
from isolation.rescue.manifest import Manifest, dump_manifest, parse_manifest
from isolation.work.commits import Named, read_tags, read_types

if TYPE_CHECKING:
    from isolation.git.program import Git

MANIFEST = "manifest"
OBJECTS = "objects"
NOBODY = "poolmgr <poolmgr@localhost> 0 +0000"


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
    staged = read_staged(git)
    reached = {entry.content: "blob" for entry in manifest.entries if entry.content}
    reached |= dict(named.others) | read_types(git, staged)
    objects = write_tree(git, ((kind, oid, oid) for oid, kind in sorted(reached.items())))
    text = write_object(git, "blob", dump_manifest(manifest))
    tree = write_tree(git, (("blob", text, MANIFEST), ("tree", objects, OBJECTS)))
    lines = [f"tree {tree}", *(f"parent {one}" for one in parents), f"author {NOBODY}", f"committer {NOBODY}"]
    return write_object(git, "commit", ("\n".join(lines) + "\n\n" + message).encode())


def read_staged(git: Git) -> tuple[str, ...]:
    """Every blob and tree the index names: all stages, resolve-undo, cached trees."""
    wanted = ("--objects", "--indexed-objects", "--single-worktree")
    shown = ("--no-object-names", "--missing=allow-any")
    return tuple(git.run("rev-list", *wanted, *shown).text.split())


def read_tag_texts(git: Git, named: Named) -> tuple[str, ...]:
    """The annotated tags only this worktree names, whole: a tree cannot hold a tag."""
    return tuple(os.fsdecode(text) for text in read_tags(git, named.tags).values())


def read_manifest(git: Git, oid: str) -> Manifest:
    """The manifest of a rescue's commit."""
    try:
        return parse_manifest(git.run("cat-file", "blob", f"{oid}:{MANIFEST}").stdout)
    except GitFailed as error:
        raise RescueDamaged("the rescue's manifest is missing") from error
