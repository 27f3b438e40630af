"""A slot for as long as a command runs: found around us or lent, and given back by the rules of release.

The lease is bound to this process. Killed at any point, it leaves a lease whose holder is dead,
which the next poolmgr command ends, with a rescue. When the release refuses, the lease stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from isolation.errors import IsolationError
from isolation.git.worktrees import find_admin
from poolmgr.core.errors import NotTheHolder, PoolError
from poolmgr.core.lifecycle import LENT
from poolmgr.core.records import Lease, Slot
from poolmgr.services.environment.files import variables_of
from poolmgr.services.ground import marks
from poolmgr.services.ground.pool import Pool, find_slot_around, read_moment, require_lease
from poolmgr.services.ground.use import is_orphaned
from poolmgr.services.life import release
from poolmgr.services.life.files import try_restore_files
from poolmgr.services.life.settle import Settled
from poolmgr.store.tables.events import add_event
from poolmgr.store.tables.leases import try_unbind_lease

# What git tells its hooks about the repository they run for; in a slot it would name another one.
HOOKS_OWN = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS",
        "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
        "GIT_QUARANTINE_PATH", "GIT_REFLOG_ACTION", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)  # fmt: skip
# What leads libpq to another server than PGHOST and PGPORT say, or keeps it from the one they say.
ELSEWHERE = frozenset(
    {
        "PGCHANNELBINDING", "PGGSSENCMODE", "PGHOSTADDR", "PGLOADBALANCEHOSTS", "PGREQUIREAUTH", "PGSERVICE",
        "PGSERVICEFILE", "PGSSLCERT", "PGSSLKEY", "PGSSLMODE", "PGSSLNEGOTIATION", "PGSSLROOTCERT",
        "PGTARGETSESSIONATTRS",
    }
)  # fmt: skip


class Held(NamedTuple):
    """A slot in the caller's hands."""

    slot: Slot
    lease: Lease


def find_held(pool: Pool, directory: Path, lease_id: str | None) -> Held | None:
    """The slot around a directory, if somebody holds it; refuses one that is not the caller's."""
    snapshot = pool.snapshot()
    slot = find_slot_around(snapshot, directory)
    if slot is None or slot.state not in LENT:
        return None
    lease = require_lease(snapshot, slot)
    if lease_id and lease_id != lease.id:
        raise NotTheHolder(
            f"{slot.name} belongs to {lease.agent}; the lease in POOLMGR_LEASE is another one",
            hint="load the slot's .env.worktree, or unset POOLMGR_LEASE",
            facts={"slot": slot.name, "agent": lease.agent},
        )
    if is_orphaned(lease):
        raise NotTheHolder(
            f"the process that held {slot.name} has ended; the slot is being taken back",
            hint=f"poolmgr run --repo {pool.facts.checkout} -- …",
            facts={"slot": slot.name, "agent": lease.agent},
        )
    return Held(slot=slot, lease=lease)


def variables_for(pool: Pool, held: Held, outer: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command in a slot: the caller's, with what the lease was given.

    Never the caller's database in place of the slot's own.
    """
    is_known = try_restore_files(pool, held.slot, held.lease)
    kept = {name: value for name, value in outer.items() if name not in HOOKS_OWN}
    if kept.get("GIT_EDITOR") == ":":  # set by a commit for its hooks
        del kept["GIT_EDITOR"]
    given = variables_of(held.slot, held.lease.id)
    if held.lease.database and "PGHOST" not in given:
        raise PoolError(
            f"nothing on record says how {held.slot.name} reaches {held.lease.database}",
            hint=f"poolmgr db reset {held.slot.name} makes that database anew" if is_known else "try again",
        )
    if "PGHOST" in given:
        kept = {name: value for name, value in kept.items() if name not in ELSEWHERE}
    return kept | given | {"POOLMGR_SLOT": held.slot.name, "POOLMGR_LEASE": held.lease.id}


def give_back(pool: Pool, held: Held, *, rescue: bool) -> Settled | None:
    """The slot released; None when the lease was over already.

    A refusal leaves the work where it is, and the lease standing: its process is about to end.
    """
    snapshot = pool.snapshot()
    slot = next((slot for slot in snapshot.slots if slot.lease_id == held.lease.id), None)
    if slot is None:
        return None
    asked = release.Asked(slot=slot, lease=held.lease.id, rescue=rescue, spares_session=False)
    try:
        return release.release(pool, snapshot, asked)
    except (PoolError, IsolationError, OSError) as error:
        leave_standing(pool, slot, held.lease, str(error).partition("\n")[0])
        raise


def leave_standing(pool: Pool, slot: Slot, lease: Lease, reason: str) -> None:
    """The lease as one that ends with a release alone; one that is over stays over."""
    now = read_moment()
    with pool.engine.write() as session:
        standing = try_unbind_lease(session, lease.id, now=now)
        if standing:
            note = pool.note("run", reason, "stays")
            add_event(session, slot=slot, source=slot.state.value, note=note, seconds=None, now=now)
    admin = find_admin(slot.path)
    if standing and admin:
        with suppress(OSError):  # from the mark a lost state is rebuilt; there it would end with us
            marks.write_mark(admin, pool, slot, standing)
