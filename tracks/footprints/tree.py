"""The files of a repository, looked up by path, name and directory."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

ENDING = re.compile(r"[^/]\.[A-Za-z][A-Za-z0-9_+-]{0,9}\Z")  # of a name that is a file's


class Tree:
    """Paths in order; what is looked up is built when it is first asked for."""

    def __init__(self, paths: Iterable[bytes]) -> None:
        self.paths: Sequence[bytes] = sorted(paths)

    @cached_property
    def files(self) -> frozenset[str]:
        """Every path."""
        return frozenset(map(os.fsdecode, self.paths))

    @cached_property
    def named(self) -> Mapping[str, list[str]]:
        """The files of each name."""
        return by_name(sorted(self.files))

    @cached_property
    def plain(self) -> frozenset[str]:
        """Names of files that could be words: Makefile at the top or below, build only at the top."""
        names = {name for name in self.named if "." not in name}
        return frozenset(name for name in names if name != name.lower() or name in self.files)

    @cached_property
    def directories(self) -> frozenset[str]:
        """Every directory."""
        found: set[str] = set()
        for file in self.files:
            above = file.rpartition("/")[0]
            while above and above not in found:
                found.add(above)
                above = above.rpartition("/")[0]
        return frozenset(found)

    @cached_property
    def directories_named(self) -> Mapping[str, list[str]]:
        """The directories of each name."""
        return by_name(sorted(self.directories))

    def below(self, directory: bytes) -> Sequence[bytes]:
        """The paths below a directory, which is given with its slash; all of them for none."""
        if not directory:
            return self.paths
        first = bisect_left(self.paths, directory)
        return self.paths[first : bisect_left(self.paths, directory[:-1] + b"0", first)]


def by_name(paths: Iterable[str]) -> dict[str, list[str]]:
    """Paths by their last component."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(path[path.rfind("/") + 1 :], []).append(path)
    return found
