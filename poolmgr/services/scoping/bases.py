"""The commits that count as the base of a lease: what came from them is not the holder's doing.

The commit recorded at acquire always counts. Of a branch that moved since, those places count
where a fetch put it, or a command in a checkout that is no slot. A branch moved from inside a
slot proves nothing: its holder would decide what is his.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from isolation.git.reflog import Line, read_fetched, read_log
from isolation.git.worktrees import list_admins, worktree_of
from poolmgr.core.records import Lease, Slot
from poolmgr.services.ground import marks
from poolmgr.services.ground.pool import Pool
from poolmgr.services.scoping.born import FETCH
from poolmgr.services.scoping.noted import REMOTES, USUAL_REMOTE, list_remotes
from poolmgr.services.scoping.tips import admin_of, read_moves

HEADS = "refs/heads/"
LENT = "poolmgr: lent to "  # what the log of a slot's HEAD begins with
USUAL = ("main", "master")
# Commands of people; `update-ref` and a push say nothing, or something else.
PORCELAIN = re.compile(
    r"(commit|merge|pull|rebase|reset|cherry-pick|revert|am|checkout|clone|initial pull|branch)\b.*",
    re.IGNORECASE,
)
FINISHED = re.compile(r".*\(finish\): returning to (refs/heads/.+)")
MOST = 200  # places of one branch


def list_bases(pool: Pool, slot: Slot, lease: Lease, *, is_proven: bool = True) -> tuple[str, ...]:
    """Object ids, the recorded one first; unless proven, also where only a log tells of a fetch."""
    common = pool.site.common
    if not is_whole(read_moves(pool, slot)):
        return (lease.base_oid,)
    moved = Moves(read_trusted(pool, slot, lease))
    remotes = list_remotes(pool, lease)
    fetched = list_fetched(common, remotes)
    found = [lease.base_oid]
    for ref in list_candidates(pool, lease, remotes):
        lines = [line for line in read_log(common, ref) if is_trusted(ref, line, moved)]
        before = [line for line in lines if line.time < int(lease.started)]
        since = [
            line
            for line in lines
            if line.time >= int(lease.started) and (not is_proven or is_found(ref, line, fetched))
        ]
        found += [line.new for line in (*before[-1:], *since[-MOST:])]
    return tuple(dict.fromkeys(oid for oid in found if oid.strip("0")))


def list_fetched(common: Path, remotes: Mapping[str, str | None]) -> frozenset[tuple[str, str]]:
    """What the last fetch from each worktree found where a remote is: refs, and their commits.

    The words of a fetch can be had without one.
    """
    admins = (common, *list_admins(common))
    fetched = [each for admin in admins for each in read_fetched(admin, worktree_of(admin, common))]
    return frozenset(
        (f"{REMOTES}{name}/{each.branch}", each.oid)
        for name, place in remotes.items()
        for each in fetched
        if place in (None, each.place)
    )


def is_found(ref: str, line: Line, fetched: Collection[tuple[str, str]]) -> bool:
    """Whether a fetch, if it is said to have been one, found this commit on this branch.

    What was found before lies between that and the merge base, and needs no word of its own.
    """
    return not ref.startswith(REMOTES) or (ref, line.new) in fetched


def is_whole(lines: Iterable[Line]) -> bool:
    """Whether the log of a slot's HEAD still begins where the slot was lent: else nothing is believed."""
    return any(line.message.startswith(LENT) for line in lines)


def list_candidates(pool: Pool, lease: Lease, remotes: Collection[str]) -> Iterable[str]:
    """Branches that may have moved on: the lease's base, the default ones, here and as fetched.

    Never the lease's own branch: it would be its own excuse.
    """
    setting = pool.settings.pool.base
    default = default_branch(pool.site.common, remotes, lease)
    names = [lease.base_ref, *([setting] if setting else []), *USUAL, *default]
    found: dict[str, None] = {}
    for name in names:
        branch = branch_of(name, (*remotes, USUAL_REMOTE))
        if branch and branch != lease.branch:
            found |= dict.fromkeys([HEADS + branch, *(f"{REMOTES}{remote}/{branch}" for remote in remotes)])
    return found


def branch_of(name: str, remotes: Iterable[str]) -> str | None:
    """The branch a name means, without its remote; None for what is none."""
    name = name.removeprefix("refs/").removeprefix("heads/").removeprefix("remotes/")
    for remote in remotes:
        if name.startswith(f"{remote}/"):
            return name.removeprefix(f"{remote}/")
    is_revision = (
        not name or name == "HEAD" or ".." in name or name.startswith(("tags/", "/")) or "@{" in name
    )
    return None if is_revision or re.search(r"[~^:\s\x00-\x1f]", name) else name


def default_branch(common: Path, remotes: Iterable[str], lease: Lease) -> Iterable[str]:
    """What the remotes call their default branch, if nobody said so during the lease."""
    for remote in remotes:
        file = common / REMOTES / remote / "HEAD"
        with suppress(OSError):
            text = file.read_text(errors="surrogateescape").strip()
            if text.startswith("ref: ") and file.stat().st_mtime < lease.started:
                yield text.removeprefix("ref: ")


class Moves:
    """What trusted checkouts did, as their HEADs' logs tell it."""

    def __init__(self, lines: Iterable[tuple[str | None, Line]]) -> None:
        self.raw: set[tuple[str | None, bytes]] = set()
        self.finished: set[tuple[str, str, int]] = set()
        for branch, line in lines:
            if PORCELAIN.fullmatch(line.message):
                self.raw.add((branch, line.raw))
            match = FINISHED.fullmatch(line.message)
            if match and branch in (None, match[1]):
                self.finished.add((match[1], line.new, line.time))

    def have(self, ref: str, line: Line) -> bool:
        """Whether one of them moved this branch there: git then writes the same line to both logs."""
        seen = (None, line.raw) in self.raw or (ref, line.raw) in self.raw
        return seen or (ref, line.new, line.time) in self.finished


def is_trusted(ref: str, line: Line, moves: Moves) -> bool:
    """Whether this move of a branch was made by a fetch, or in a checkout that is no slot."""
    if not ref.startswith(REMOTES):
        return moves.have(ref, line)
    remote, _, branch = ref.removeprefix(REMOTES).partition("/")
    return is_fetched(line.message, remote, branch)


def is_fetched(message: str, remote: str, branch: str) -> bool:
    """Whether git says so when it fetched the branch from its own remote, under its own name."""
    match = FETCH.fullmatch(message)
    if match is None:
        return False
    words = [word for word in match[1].split() if not word.startswith("-")]
    if words and words[0] != remote:
        return False
    return all(keeps_name(word.lstrip("+"), branch) for word in words[1:])


def keeps_name(refspec: str, branch: str) -> bool:
    """Whether nothing of another name was brought to this branch."""
    source, _, target = refspec.partition(":")
    name = source.removeprefix(HEADS)
    if target.endswith("*"):
        return name == "*"
    return name == branch or not target.endswith(("/" + branch, ":" + branch))


def read_trusted(pool: Pool, slot: Slot, lease: Lease) -> Iterator[tuple[str | None, Line]]:
    """The logs of checkouts that were there before the lease, other slots' for the branch they have."""
    common = pool.site.common
    yield from ((None, line) for line in read_log(common, "HEAD"))
    own = admin_of(pool, slot)
    lent = {each.path: each.branch for each in pool.snapshot().slots if each.id != slot.id}
    for admin in list_admins(common):
        path = worktree_of(admin, common)
        if admin == own or path == slot.path:
            continue
        branch = lent.get(path)
        if branch:
            yield from ((HEADS + branch, line) for line in read_log(admin, "HEAD"))
        elif not is_of_pool(pool, admin, path) and made_before(admin, lease.started):
            yield from ((None, line) for line in read_log(admin, "HEAD"))


def is_of_pool(pool: Pool, admin: Path, path: Path) -> bool:
    """Whether a worktree is a slot, or lies among them."""
    return marks.read_mark(admin) is not None or Path(pool.facts.slots_dir) in path.parents


def made_before(admin: Path, moment: float) -> bool:
    """Whether the worktree was there already; `commondir` is written once."""
    try:
        return (admin / "commondir").stat().st_mtime < moment
    except OSError:
        return False
