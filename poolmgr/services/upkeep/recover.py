"""Going on with what a dead process began. Every step can be repeated, so this is just: do it."""

from __future__ import annotations

from typing import assert_never

from isolation.errors import IsolationError
from poolmgr.core.errors import PoolError
from poolmgr.core.records import Op, OpKind, Slot
from poolmgr.services.ground.job import Job, give_up, is_environment, is_last, taken_up
from poolmgr.services.ground.pool import Pool
from poolmgr.services.life.assign import undo_assign
from poolmgr.services.life.create import execute_create
from poolmgr.services.life.park import hold_on
from poolmgr.services.life.recycle import execute_recycle
from poolmgr.services.life.retire import execute_retire
from poolmgr.services.life.settle import settle
from poolmgr.services.life.warm import end_orphans
from poolmgr.services.upkeep.due import is_preparing
from resources.probes.processes import Life, judge


def try_go_on(pool: Pool, slot: Slot, op: Op) -> bool:
    """Whether we could take the work up and finish this part of it."""
    with taken_up(pool, slot, op) as job:
        if job is None:
            end_orphans_of(pool, slot, op)
            return False
        try:
            go_on(pool, job)
        except (IsolationError, PoolError, OSError) as error:
            give_up(pool, job, error)
            if is_last(job, error):
                hold_on(pool, job, job.slot.path)
            if is_environment(error):
                raise
            return False
    return True


def end_orphans_of(pool: Pool, slot: Slot, op: Op) -> None:
    """A dead worker's commands may still run; ended only while the op is proven that worker's."""
    if op.owner is None or not is_preparing(op) or judge(op.owner) is not Life.DEAD:
        return
    current = pool.snapshot().op_of(slot)
    if current and current.owner == op.owner:
        end_orphans(pool, slot)


def go_on(pool: Pool, job: Job) -> None:
    """The part of the work that this kind of intent stands for."""
    match job.op.kind:
        case OpKind.CREATE:
            execute_create(pool, job)
        case OpKind.ASSIGN:
            undo_assign(pool, job, reason="its process ended before the slot was handed over")
        case OpKind.RELEASE:
            settle(pool, job)
        case OpKind.RECYCLE:
            execute_recycle(pool, job)
        case OpKind.RETIRE:
            execute_retire(pool, job)
        case _:
            assert_never(job.op.kind)
