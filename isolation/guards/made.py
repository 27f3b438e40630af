"""What a holder's own commits changed outside, though the base has these commits by now.

That somebody merged them does not make them somebody else's; what others did to the same paths
since does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from isolation.guards.rule import (
    Change,
    list_commits,
    list_suspects,
    read_changes,
    read_introduced,
    to_the_roots,
    with_options,
)

if TYPE_CHECKING:
    from isolation.guards.rule import Run


def find_arrived(
    run: Run, tip: str, bases: Sequence[str], made: Collection[str], owns: Callable[[bytes], bool]
) -> list[Change]:
    """Paths that still are as one of the commits `made` left them; the first base is where they began."""
    if len(bases) < 2 or not made:
        return []
    sighted = to_the_roots(with_options(run))
    since = list_commits(sighted, bases[1:], bases[:1])
    own = [oid for oid in since if oid in made]
    if not own:
        return []
    brought = read_introduced(sighted, own, merges="combined")
    now = list_suspects(read_changes(sighted, bases[0], tip), owns)
    found = {path: change for path, change in now.items() if (path, change.entry) in brought}
    others = [oid for oid in list_commits(sighted, bases[1:], bases[:1], "--no-merges") if oid not in made]
    theirs = read_introduced(sighted, others, found)
    return [change for path, change in sorted(found.items()) if (path, change.entry) not in theirs]
