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
    resolve,
    to_the_roots,
    with_options,
)

if TYPE_CHECKING:
    from isolation.guards.rule import Run


def find_arrived(
    run: Run,
    tip: str,
    bases: Sequence[str],
    made: Collection[str],
    owns: Callable[[bytes], bool],
    told: Collection[str] = (),
) -> list[Change]:
    """Paths that still are as the commits left them that were `made` or brought with those.

    The first base is where they began; `told` are places where the base has been by its logs alone.
    """
    if len(bases) < 2 or not made:
        return []
    sighted = to_the_roots(with_options(run))
    own = list_own(sighted, bases, made, told)
    if not own:
        return []
    brought = read_introduced(sighted, sorted(own), merges="combined")
    now = list_suspects(read_changes(sighted, bases[0], tip), owns)
    found = {path: change for path, change in now.items() if (path, change.entry) in brought}
    others = [oid for oid in list_commits(sighted, bases[1:], bases[:1], "--no-merges") if oid not in own]
    theirs = read_introduced(sighted, others, found)
    return [change for path, change in sorted(found.items()) if (path, change.entry) not in theirs]


def list_own(run: Run, bases: Sequence[str], made: Collection[str], told: Collection[str]) -> set[str]:
    """The commits that were made, and what came to the base only with them.

    One command brings many commits and logs the last. What the base had anywhere before it had a
    made commit is not the holder's; that is so where more places of the base reach it.
    """
    since = set(list_commits(run, bases[1:], bases[:1]))
    own = {oid for oid in made if oid in since}
    if not own:
        return own
    places = resolve(run, dict.fromkeys((*bases[1:], *told)))
    asked = "".join(f"{oid}\n" for oid in (*places, f"^{bases[0]}")).encode()
    lines = run("rev-list", "--topo-order", "--parents", "--stdin", stdin=asked).decode().split("\n")
    history = [line.split(" ") for line in lines if line]
    reached = {oid: 1 << number for number, oid in enumerate(places)}
    for oid, *parents in history:
        for parent in parents:
            reached[parent] = reached.get(parent, 0) | reached[oid]
    for oid, *parents in history:
        if oid in own:
            own |= {parent for parent in parents if parent in since and reached[parent] == reached[oid]}
    return own
