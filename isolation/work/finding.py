"""The words for what is unsaved in a worktree.

Paths are bytes inside, text with surrogates in findings. `Work.seen` and `Work.changed` carry
the identity of what was examined: cleaning removes exactly that and nothing that came later.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Matcher = Callable[[bytes, bool], bool]
"""Whether a path (bytes, relative, no trailing slash; True for a directory) is meant."""


class Kind(StrEnum):
    """The kinds of unsaved work."""

    CHANGED = "changed"
    UNTRACKED = "untracked"
    IGNORED = "ignored"
    HIDDEN = "hidden"
    DETACHED = "detached"
    OPERATION = "operation"
    NESTED = "nested"
    UNREADABLE = "unreadable"
    PLACED = "placed"
    UNREFERENCED = "unreferenced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One piece of unsaved work."""

    kind: Kind
    path: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one state of a file from another without reading it."""

    inode: int
    mode: int
    size: int
    mtime_ns: int
    ctime_ns: int


def identity_of(stat: os.stat_result) -> Identity:
    """The identity in an lstat answer."""
    return Identity(stat.st_ino, stat.st_mode, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def read_identity(path: bytes) -> Identity | None:
    """The identity of a path, None when nothing is there."""
    try:
        return identity_of(os.lstat(path))
    except (FileNotFoundError, NotADirectoryError):
        return None


def nothing(_path: bytes, _is_dir: bool) -> bool:  # noqa: FBT001 - the shape of a Matcher
    """A matcher that means no path."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is not work: disposable ignored files, files placed and unchanged, our own files."""

    disposable: Matcher = nothing
    placed: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset({".env.worktree"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """All that is unsaved in one worktree, and what cleaning may remove."""

    findings: tuple[Finding, ...] = ()
    head: str = ""
    branch: str = ""
    changed: Mapping[bytes, Identity | None] = field(default_factory=dict)
    seen: Mapping[bytes, Identity] = field(default_factory=dict)
    disposable: tuple[bytes, ...] = ()
    repositories: Mapping[bytes, Mapping[bytes, Identity]] = field(default_factory=dict)
    state: Mapping[bytes, Identity] = field(default_factory=dict)

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """What makes a release refuse."""
        return tuple(one for one in self.findings if one.kind is not Kind.UNREFERENCED)

    @property
    def is_clean(self) -> bool:
        """Whether nothing at all is unsaved."""
        return not self.findings
