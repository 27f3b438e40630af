"""Which globs mean files alone, below which nothing lies, as far as the base and names tell.

What the base has as a file is one. A name with an ending (`*.py`, `src/app.py`) is a file's, where the
base has no directory that the glob names. All else may be a directory, too.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property

from tracks.globs import Glob, Globs, prefixes
from tracks.wildmatch.tokens import is_literal

ENDING = re.compile(rb"[^/]\.(?:[A-Za-z]|\[[A-Za-z]+\])(?:[A-Za-z0-9_+-]|\[[A-Za-z0-9]+\]){0,9}\Z")


class Kinds:
    """The files of the base, looked up by path; none where there is no base."""

    def __init__(self, files: Iterable[bytes] = (), *, fold: bool = False) -> None:
        self._fold = fold
        self._files = sorted(file.lower() if fold else file for file in files)
        self._covering: dict[Globs, tuple[bool, ...]] = {}

    def covering(self, globs: Globs) -> tuple[bool, ...]:
        """Of each glob of a list, whether what lies below what it names is matched, too."""
        if globs not in self._covering:
            self._covering[globs] = tuple(map(self._covers, globs.globs))
        return self._covering[globs]

    def is_file(self, path: bytes) -> bool:
        """Whether a path is a file's and no directory's."""
        key = path.lower() if self._fold else path
        if ENDING.search(key):
            return not self._next(key + b"/").startswith(key + b"/")
        return self._next(key) == key

    def _covers(self, glob: Glob) -> bool:
        """Whether what a glob names may be a directory."""
        if glob.directories_only or glob.negated:
            return True
        if not glob.floating and all(map(is_literal, glob.tokens)):
            return not self.is_file(bytes(token.bit_length() - 1 for token in glob.tokens))
        if not ENDING.search(os.fsencode(glob.text)):
            return True
        return next(Globs((glob,)).among(self._odd), None) is not None

    def _next(self, path: bytes) -> bytes:
        """The first file of the base from this on."""
        at = bisect_left(self._files, path)
        return self._files[at] if at < len(self._files) else b""

    @cached_property
    def _odd(self) -> tuple[bytes, ...]:
        """The directories of the base that a name with an ending may mean."""
        directories = dict.fromkeys(file[: file.rfind(b"/") + 1] for file in self._files)
        parts = dict.fromkeys(part for each in directories if each for part in prefixes(each))
        return tuple(part for part in parts if b"." in part[part.rfind(b"/", 0, -1) + 1 :])
