"""What poolmgr refuses and why, a class per cause.

The docstring is the meaning, `hint` is the next command to type, `facts` go into --json. With
`again` the hint begins with the command as it was typed and these flags.
`exit_code` is DESIGN's table: 1 refused, 2 usage or configuration, 75 busy or timed out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class PoolError(Exception):
    """poolmgr cannot do what was asked."""

    code: ClassVar[str] = "refused"
    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        facts: Mapping[str, object] | None = None,
        again: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.again = again
        self.facts = dict(facts or {})


class UsageError(PoolError):
    """The words of the command are wrong."""

    code = "usage"
    exit_code = 2


class NotARepository(PoolError):
    """There is no git repository here that can have a pool."""

    code = "not_a_repository"
    exit_code = 2


class NoPool(PoolError):
    """The repository has no pool."""

    code = "no_pool"


class PoolElsewhere(PoolError):
    """The state belongs to another path or host; this copy may only be read."""

    code = "pool_elsewhere"


class StateDamaged(PoolError):
    """The state database is missing, damaged, foreign or newer; it is left as it is."""

    code = "state_damaged"


class StateUnwritable(PoolError):
    """The state cannot be written: full disk, read-only directory, no descriptors."""

    code = "state_unwritable"


class NoSuchSlot(PoolError):
    """No slot has this name or lies at this path."""

    code = "no_such_slot"


class WrongState(PoolError):
    """The slot is not in a state in which this can be done."""

    code = "wrong_state"


class Unsaved(PoolError):
    """The slot holds work that is not saved anywhere else."""

    code = "unsaved_work"


class NotTheHolder(PoolError):
    """The lease named is not the one that holds the slot."""

    code = "not_the_holder"


class BranchHeld(PoolError):
    """The branch is checked out or leased somewhere else."""

    code = "branch_held"


class BranchGone(PoolError):
    """The branch was there when it was asked for; what becomes of the request is decided once more."""

    code = "branch_gone"
    exit_code = 75


class ScopeTaken(PoolError):
    """Somebody else owns a path that is asked for."""

    code = "scope_taken"


class OutsideScope(PoolError):
    """The branch changes paths that its lease does not own."""

    code = "outside_scope"


class NoPorts(PoolError):
    """No ports can be claimed for a lease: none are free, or claims cannot be written."""

    code = "no_ports"


class BadName(PoolError):
    """A branch, agent, request or reference name that cannot be used."""

    code = "bad_name"
    exit_code = 2


class NoTasks(PoolError):
    """There are no tasks to plan, or none of this name."""

    code = "no_tasks"


class NotKeptError(PoolError):
    """Work could not be proven kept; nothing was removed."""

    code = "not_kept"


class NoSuchRescue(PoolError):
    """No rescue has this id."""

    code = "no_such_rescue"


class NoSuchTemplate(PoolError):
    """No database template has this fingerprint."""

    code = "no_such_template"


class NoDatabase(PoolError):
    """The slot has no database, so nothing can be done to it."""

    code = "no_database"


class CommandUnusable(PoolError):
    """The program that `run` was told to start is there and cannot be started."""

    code = "command_unusable"
    exit_code = 126


class CommandNotFound(PoolError):
    """There is no program of the name that `run` was told to start."""

    code = "command_not_found"
    exit_code = 127


class TimedOut(PoolError):
    """No slot became free in time, or its database's template was not built."""

    code = "timed_out"
    exit_code = 75


class Busy(PoolError):
    """Another process is at it and did not finish in time."""

    code = "busy"
    exit_code = 75


class Cancelled(PoolError):
    """The request was cancelled."""

    code = "cancelled"
    exit_code = 75


class LostRace(PoolError):
    """The row was no longer in the state that was read; nothing was changed."""

    code = "lost_race"
    exit_code = 75
