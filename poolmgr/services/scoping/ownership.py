"""Whether owned globs meet those of a live lease; asked before a transaction, never inside one."""

from __future__ import annotations

from functools import cache

from poolmgr.core.owning import (
    Judged,
    Meet,
    Meeting,
    Met,
    judged_of,
    list_meetings,
    list_owners,
    others_of,
    taken,
)
from poolmgr.core.records import Lease
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.start_point import require_base
from poolmgr.services.ground.use import is_orphaned


def judge_owned(
    pool: Pool, owns: tuple[str, ...], *, lease: str = "", request: str = ""
) -> tuple[Judged, tuple[Meeting, ...]]:
    """What the judgement rests on, and everybody else who owns a path of these globs.

    A lease whose holder is dead is about to end and owns nothing any more.
    """
    snapshot = pool.snapshot()
    living = tuple(each for each in snapshot.leases if not is_orphaned(each))
    others = others_of(list_owners(snapshot._replace(leases=living)), lease=lease, request=request)
    judged = judged_of(snapshot.leases)
    return judged, list_meetings(owns, others, meeting_in(pool)) if others and owns else ()


def require_unowned(pool: Pool, owns: tuple[str, ...], *, request: str = "") -> None:
    """Refuse globs when somebody else owns a path of theirs."""
    meetings = judge_owned(pool, owns, request=request)[1]
    if meetings:
        raise taken(meetings)


def meeting_in(pool: Pool) -> Meet:
    """Whether two lists of globs can mean one file here, with a path that proves it.

    What is a file of the base, or is named like one, covers nothing below it; the files are only
    looked at where two lists meet by the letter.
    """
    from poolmgr.services.scoping.guarding import is_folding
    from tracks.globs import compile_globs  # only who has company pays for all this
    from tracks.overlap.kinds import Kinds
    from tracks.overlap.meeting import find_proof

    fold = is_folding(pool.git)

    @cache
    def kinds() -> Kinds:
        return Kinds(list_files(pool), fold=fold)

    def meet(ours: tuple[str, ...], theirs: tuple[str, ...]) -> Met | None:
        a, b = compile_globs(ours, fold=fold), compile_globs(theirs, fold=fold)
        if find_proof(a, b) is None:
            return None
        found = find_proof(a, b, kinds())
        return Met(found.path, found.first, found.second) if found else None

    return meet


def list_files(pool: Pool) -> list[bytes]:
    """Every path of the default base."""
    tree = require_base(pool, None).oid
    listed = pool.git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree).stdout
    return [path for path in listed.split(b"\0") if path]


def tell_both(lease: Lease, slot: str, meetings: tuple[Meeting, ...]) -> dict[str, str]:
    """What the others are told of an overlap, by lease."""
    return {
        each.owner.lease: (
            f"{lease.agent} ({slot}) was given {each.ours}, which meets your {each.theirs}: {each.witness}"
        )
        for each in meetings
    }


def list_overlaps(pool: Pool, lease: Lease) -> tuple[Meeting, ...]:
    """Who else owns what this lease owns, by an overlap that was asked for or granted."""
    others = others_of(list_owners(pool.snapshot()), lease=lease.id)
    owns = lease.scope.owns if lease.scope else ()
    return list_meetings(owns, others, meeting_in(pool)) if others and owns else ()
