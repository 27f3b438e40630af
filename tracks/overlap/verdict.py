"""Whether two scopes meet: in a file that is there, or in one that could be made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tracks.globs import Globs
from tracks.overlap.kinds import Kinds
from tracks.overlap.meeting import find_proof, find_shared


class Overlap(NamedTuple):
    """A path that both scopes mean; `is_odd`: there is none but below what is or is named like a file."""

    witness: bytes
    exists: bool
    is_odd: bool = False


def find_overlap(a: Globs, b: Globs, files: Sequence[bytes]) -> Overlap | None:
    """Where two lists of globs meet, exactly: None only if no path whatever is matched by both."""
    shared = find_shared(a, b, files)
    if shared is not None:
        return Overlap(shared, exists=True)
    plain = find_proof(a, b, Kinds(files, fold=a.fold))
    found = plain or find_proof(a, b)
    return Overlap(found.path, exists=False, is_odd=plain is None) if found else None
