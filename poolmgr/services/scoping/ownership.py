"""Whether owned globs meet those of a live lease; asked before a transaction, never inside one."""

from __future__ import annotations

from functools import lru_cache

from poolmgr.core.owning import Judged, Meeting, judged_of, list_meetings, list_owners, others_of, taken
from poolmgr.core.records import Lease
from poolmgr.services.ground.pool import Pool
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
    return judged, list_meetings(owns, others, meet, names) if others and owns else ()


def require_unowned(
    pool: Pool, owns: tuple[str, ...], *, lease: str = "", request: str = "", hint: str
) -> Judged:
    """What the judgement rests on; refused when somebody else owns a path of these globs."""
    judged, meetings = judge_owned(pool, owns, lease=lease, request=request)
    if meetings:
        raise taken(meetings, hint=hint)
    return judged


@lru_cache(maxsize=256)
def meet(a: tuple[str, ...], b: tuple[str, ...]) -> bytes | None:
    """A path that both lists of globs match, whether or not there is such a file."""
    from tracks.globs import compile_globs
    from tracks.meeting import find_meeting  # only who has company pays for it

    return find_meeting(compile_globs(a), compile_globs(b))


def names(glob: str, path: bytes) -> bool:
    """Whether one glob takes a path in."""
    from tracks.globs import compile_globs

    return compile_globs((glob,)).matches(path)


def tell_both(lease: Lease, slot: str, meetings: tuple[Meeting, ...]) -> dict[str, str]:
    """What the others are told of an overlap, by lease."""
    return {
        each.owner.lease: (
            f"{lease.agent} ({slot}) owns {each.ours} now, which meets your {each.theirs}: {each.witness}"
        )
        for each in meetings
    }
