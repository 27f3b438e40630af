"""A claim as `acquire` makes it, and its undoing, on the state alone."""

from __future__ import annotations

import secrets
from pathlib import Path

from isolation.git.layout import Layout
from isolation.git.program import Git
from poolmgr.core.lifecycle import State
from poolmgr.core.records import Request
from poolmgr.core.settings import Settings
from poolmgr.services.ground.pool import Pool, read_moment
from poolmgr.services.ground.site import Facts, Site
from poolmgr.services.ground.start_point import Base
from poolmgr.services.lending.claim import Claim, Wish, try_claim
from poolmgr.store.protocol import Engine
from poolmgr.store.tables.events import Note
from poolmgr.store.tables.leases import end_lease
from poolmgr.store.tables.ops import close_op
from poolmgr.store.tables.requests import NewRequest, add_request
from poolmgr.store.tables.slots import NewSlot, add_slot, move_slot
from resources.probes.processes import read_own_identity

NOTE = Note(action="bench", actor="bench")
COMMIT = "0" * 40
BASE = Base(ref="refs/heads/main", oid=COMMIT)


def make_pool(directory: Path, engine: Engine) -> Pool:
    """A pool that is nothing but its state: claiming asks neither git nor the file system."""
    layout = Layout(common=directory, git_dir=directory, bare=True, top=None)
    me = read_own_identity()
    return Pool(
        site=Site(layout=layout, common=directory, state=directory, git=Git(directory)),
        facts=Facts(pool_id="bench", host="", common=str(directory), checkout="", slots_dir="", created=""),
        settings=Settings(),
        engine=engine,
        me=me,
        actor=me,
    )


def add_slots(engine: Engine, directory: Path, count: int) -> None:
    """The slots, READY."""
    now = read_moment()
    with engine.write() as session:
        for number in range(1, count + 1):
            name = f"pool-wt-{number}"
            new = NewSlot(
                number=number, generation=1, name=name, path=directory / name, state=State.CREATING, fence=0
            )
            move_slot(session, add_slot(session, new, note=NOTE, now=now), State.READY, note=NOTE, now=now)


def enter_queue(pool: Pool) -> Request:
    """A request of its own for every claim."""
    request_id = secrets.token_hex(8)
    new = NewRequest(
        id=request_id, agent=f"agent-{request_id}", priority=2, branch=None, waiter=pool.me, named=False
    )
    with pool.engine.write() as session:
        return add_request(session, new, now=read_moment())


def claim(pool: Pool, request: Request) -> Claim | None:
    """What is timed: the whole of the pool's own claim; None when it found no slot."""
    wish = Wish(agent=request.agent, branch=None, commit=COMMIT, exists=False, base=BASE, holder=None)
    claimed = try_claim(pool, request, wish, frozenset())
    return claimed if isinstance(claimed, Claim) else None


def give_back(pool: Pool, claimed: Claim) -> None:
    """READY again, by the road of an assignment that came to nothing."""
    now = read_moment()
    with pool.engine.write() as session:
        close_op(session, claimed.op, now=now)
        end_lease(session, claimed.lease.id, reason="bench", now=now)
        slot = move_slot(
            session, claimed.slot, State.RECYCLING, note=NOTE, now=now, branch=None, lease_id=None
        )
        move_slot(session, slot, State.READY, note=NOTE, now=now)
