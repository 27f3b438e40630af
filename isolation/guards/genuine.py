"""Whether objects are what their names say.

Git does not ask when it reads one: a file put in the place of a commit or a tree shows whatever it
likes, for as long as it lies there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from isolation.guards.rule import RAW, list_commits, list_meetings, to_the_roots, with_options

if TYPE_CHECKING:
    from isolation.guards.rule import Run

TREE = b"040000"


def list_forged(run: Run, tip: str, bases: Sequence[str]) -> list[str]:
    """Names of commits and trees that a comparison of a commit with its bases reads, and that lie."""
    sighted = to_the_roots(with_options(run))
    met = list_meetings(sighted, [tip], bases)
    commits = [*list_commits(sighted, [tip, *bases], met), *met, tip]
    trees = [f"{commit}^{{tree}}" for commit in (tip, *met)]
    for start in met:
        trees += list_trees(sighted("diff-tree", "-r", "-t", *RAW, start, tip, "--"))
    asked = "".join(f"{name}\n" for name in dict.fromkeys((*commits, *trees)))
    return sorted(list_lies(sighted("cat-file", "--batch", stdin=asked.encode())))


def list_trees(raw: bytes) -> Iterator[str]:
    """The trees on both sides of a comparison."""
    for record in raw.split(b"\0")[:-1:2]:
        old_mode, mode, old, new, _ = record[1:].split(b" ")
        yield from (oid.decode() for kind, oid in ((old_mode, old), (mode, new)) if kind == TREE)


def list_lies(batch: bytes) -> Iterable[str]:
    """Names in the answer of `cat-file --batch` that are not the digest of what follows them."""
    at = 0
    while at < len(batch):
        end = batch.index(b"\n", at)
        words = batch[at:end].split(b" ")
        if len(words) != 3:  # missing; who needs it says so
            at = end + 1
            continue
        name, kind, size = words
        content = batch[end + 1 : end + 1 + int(size)]
        algorithm = "sha1" if len(name) == 40 else "sha256"
        digest = hashlib.new(algorithm, kind + b" " + size + b"\0" + content, usedforsecurity=False)
        if digest.hexdigest().encode() != name:
            yield name.decode()
        at = end + 2 + int(size)
