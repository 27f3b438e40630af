"""Lines for a sparse checkout that mean what lists of ignore globs mean.

Ignoring stops at a directory that is matched: nothing below it can be taken out again. A sparse
checkout goes by the last line that matches a path, and inherits where none does. So what nothing
can take away comes last, with all below it; what takes nothing away is left out. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

DEEP = "**"
SPECIAL = re.compile(r"[*?\[\\]")
ENDS_DEEP = re.compile(r"(?:(?<=/)|^)\*\*+\Z")
HARD = re.compile(r"[\[\\]")

Lists = Iterable[Sequence[str]]


class Sorted(NamedTuple):
    """Lines that take away or may be taken away, in order, and those nothing touches."""

    front: tuple[str, ...]
    rest: tuple[str, ...]


def exact_lines(lists: Lists) -> tuple[str, ...]:
    """The lines of a view in exact mode."""
    parts = [sort_out(globs) for globs in lists]
    front = tuple(line for part in parts for line in part.front)
    rest = tuple(dict.fromkeys(line for part in parts for line in part.rest))
    if not front:
        return rest
    below = (line for glob in rest for line in below_of(glob))
    return (*front, *dict.fromkeys((*rest, *below)))


def is_certain(lists: Lists) -> bool:
    """Whether the lines mean the globs on every tree; else the tree has to be asked (`agree`)."""
    fronts = [part.front for part in map(sort_out, lists) if part.front]
    if not fronts:
        return True
    shapes = [components(line) for line in fronts[0]]
    same = len({len(parts) for parts in shapes}) == 1
    return len(fronts) == 1 and same and all(is_fixed(parts) for parts in shapes)


def list_risky(lists: Lists) -> tuple[str, ...] | None:
    """Globs that make uncertain lines wrong only on a tree where one of them means a directory.

    None when the lines may be wrong on any tree.
    """
    fronts = [part.front for part in map(sort_out, lists) if part.front]
    if len(fronts) > 1:
        return None
    return tuple(line for front in fronts for line in front if not line.startswith("!"))


def sort_out(globs: Sequence[str]) -> Sorted:
    """One list: a glob that a later negation may meet on the same path is in front, and so is that."""
    met: set[int] = set()
    for at, glob in enumerate(globs):
        if glob.startswith("!"):
            hit = {
                before
                for before, other in enumerate(globs[:at])
                if not other.startswith("!") and may_meet(components(other), components(glob))
            }
            met |= hit | ({at} if hit else set())
    return Sorted(
        front=tuple(glob for at, glob in enumerate(globs) if at in met),
        rest=tuple(glob for at, glob in enumerate(globs) if at not in met and not glob.startswith("!")),
    )


def components(glob: str) -> tuple[str, ...]:
    """A glob's components without its sign; one that floats begins with `**`.

    A bracket may hold a slash: such a glob may mean anything.
    """
    core = glob.removeprefix("!").removesuffix("/")
    if "[" in core and "/" in core:
        return (DEEP,)
    return tuple(core.removeprefix("/").split("/")) if "/" in core else (DEEP, core)


def is_fixed(parts: tuple[str, ...]) -> bool:
    """Whether a glob means paths of one depth."""
    return not any(DEEP in part for part in parts)


def may_meet(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether two globs may mean the same path; True when nobody knows."""
    for one, other in zip(left, right, strict=False):
        if DEEP in one or DEEP in other:
            break
        if not may_be_same(one, other):
            return False
    fixed = is_fixed(left) and is_fixed(right)
    if fixed and len(left) != len(right):
        return False
    ends = (left[-1], right[-1])
    return fixed or any(DEEP in end for end in ends) or may_be_same(*ends)


def may_be_same(left: str, right: str) -> bool:
    """Whether two components may mean one name, whatever the case."""
    one, other = left.casefold(), right.casefold()
    if SPECIAL.search(one) and SPECIAL.search(other):
        return True
    if not SPECIAL.search(other):
        one, other = other, one
    if SPECIAL.search(one) or HARD.search(other):
        return True
    wild = re.escape(other).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(wild, one, re.DOTALL) is not None


def below_of(glob: str) -> Iterable[str]:
    """The line that means all below what a glob means."""
    core = glob.removesuffix("/")
    deep = ENDS_DEEP.search(core)
    if deep:
        if core != glob:  # only directories: not the files beside them
            yield f"{core[: deep.start()]}*/{DEEP}"
    else:
        yield f"{core}/{DEEP}" if "/" in core else f"{DEEP}/{core}/{DEEP}"
