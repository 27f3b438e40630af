"""What a worktree shows: all, directories (cone), or what patterns name (exact). Pure.

Lines are those of git's `info/sparse-checkout`; text carries undecodable bytes as surrogates.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from isolation.scope.exact import exact_lines

SPECIAL = "\\*?["


class Mode(StrEnum):
    """How much is shown, and how git is told."""

    FULL = "full"
    CONE = "cone"
    EXACT = "exact"


class View(NamedTuple):
    """A mode and its pattern lines."""

    mode: Mode
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> bytes:
        """The pattern file."""
        return b"".join(os.fsencode(line) + b"\n" for line in self.lines)

    @property
    def digest(self) -> str:
        """A name for it: equal views have equal names; "" for full."""
        if self.mode is Mode.FULL:
            return ""
        import hashlib  # 2 ms that full slots do without

        return hashlib.sha256(self.mode.encode() + b"\n" + self.text).hexdigest()[:16]


FULL = View(Mode.FULL)


class Wish(NamedTuple):
    """What is to be shown.

    `owns`, `sees` and `essentials` are glob lines, one list each: a list's negations count for
    that list alone. `cones` are directories without slashes around them when owns and sees are
    nothing but directories, else None. `shown` are the paths of the commit's tree that essential
    globs (and anything else that is always visible) match: cone mode shows the files of each
    one's directory; exact mode takes `essentials` instead.
    """

    owns: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()
    essentials: tuple[str, ...] = ()
    cones: tuple[str, ...] | None = None
    shown: tuple[bytes, ...] = ()
    everything: bool = False

    @property
    def lists(self) -> tuple[tuple[str, ...], ...]:
        """The lists of globs, each by itself."""
        return (self.owns, self.sees, self.essentials)


def plan_view(wish: Wish) -> View:
    """The view of a wish."""
    if wish.everything or not (wish.owns or wish.sees):
        return FULL
    if wish.cones is not None:
        return View(Mode.CONE, tuple(cone_lines(wish.cones, wish.shown)))
    return View(Mode.EXACT, exact_lines(wish.lists))


def cone_lines(cones: Iterable[str], shown: Iterable[bytes]) -> Iterator[str]:
    """The patterns as git itself writes them: parents show their own files, cones all below.

    A parent without a cone below it is not what `sparse-checkout set` writes, but git reads it,
    stays in cone mode and keeps its index sparse.
    """
    whole = outermost(cone.strip("/") for cone in cones)
    parents = {above for cone in whole for above in list_above(cone)}
    for path in shown:
        directory = os.fsdecode(os.path.dirname(path))
        parents |= {directory, *list_above(directory)}
    yield from ("/*", "!/*/")
    for parent in sorted(parents - {""}):
        if "\n" not in parent and not is_below(parent, whole):
            yield f"/{escaped(parent)}/"
            yield f"!/{escaped(parent)}/*/"
    for cone in sorted(whole):
        yield f"/{escaped(cone)}/"


def outermost(directories: Iterable[str]) -> frozenset[str]:
    """Those that lie in none of the others."""
    every = frozenset(directories)
    return frozenset(one for one in every if not every.intersection(list_above(one)))


def list_above(directory: str) -> tuple[str, ...]:
    """The directories a directory lies in."""
    parts = directory.split("/")
    return tuple("/".join(parts[:count]) for count in range(1, len(parts)))


def is_below(directory: str, whole: frozenset[str]) -> bool:
    """Whether a cone shows this directory already."""
    return directory in whole or bool(whole.intersection(list_above(directory)))


def escaped(directory: str) -> str:
    """A directory's name as a pattern that means just it."""
    return "".join(f"\\{letter}" if letter in SPECIAL else letter for letter in directory)
