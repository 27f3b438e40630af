"""Who is served next.

Priority 0 comes before 4; a waiting request rises one level per `aging` seconds; inside a level
the older goes first, but an owner's second request waits for everybody else's first. Nobody is
passed over by a newcomer: a request is served only if no eligible one ranks before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from poolmgr.core.records import Lease, Moment, Request

LOWEST = 4


def level(request: Request, *, now: Moment, aging: float) -> int:
    """The priority level a request has reached by waiting; it never passes above 0."""
    risen = int(now.since(request.queued) // aging) if aging > 0 else 0
    return max(0, request.priority - risen)


def service_order(queue: Iterable[Request], *, now: Moment, aging: float) -> tuple[Request, ...]:
    """The queue as it will be served."""
    ahead: Counter[tuple[str, int]] = Counter()
    ranked = []
    for request in sorted(queue, key=lambda each: each.seq):
        reached = level(request, now=now, aging=aging)
        turn = ahead[request.agent, reached]
        ahead[request.agent, reached] += 1
        ranked.append((reached, turn, request.seq, request))
    return tuple(entry[3] for entry in sorted(ranked, key=lambda entry: entry[:3]))


def eligible(
    order: Iterable[Request],
    leases: Collection[Lease],
    *,
    per_agent: int | None,
    branches: Collection[str],
    absent: Collection[str],
) -> tuple[Request, ...]:
    """Those that could take a free slot now: not at their owner's cap, their branch free, awake."""
    held = Counter(lease.agent for lease in leases)
    able = []
    for request in order:
        if request.id in absent or request.branch in branches:
            continue
        if per_agent is not None and held[request.agent] >= per_agent:
            continue
        held[request.agent] += 1
        able.append(request)
    return tuple(able)


def is_next(request: Request, able: Iterable[Request], *, free: int) -> bool:
    """Whether the request is among the first `free` that could be served."""
    return request.id in [each.id for each in able][:free]
