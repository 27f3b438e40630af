"""The sealed databases that slots' databases are copied from, one for each fingerprint of a commit.

Built when somebody needs one, by one process while others wait; sealed last, so that a killed or
failed build leaves nothing that could be copied.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple, TypeVar

from isolation.database import templates as sealed
from isolation.database.building import Building, abandon_template, begin_template, seal_template
from isolation.database.catalog import list_marked
from isolation.database.errors import DatabaseError, DatabaseFull, NoDatabase
from isolation.database.session import Session
from poolmgr.core.errors import Busy
from poolmgr.services.databases.asking import ask_house
from poolmgr.services.databases.building import (
    Build,
    find_failure,
    log_file,
    patience_of,
    refuse_failed,
    run_commands,
    too_late,
)
from poolmgr.services.databases.builds import PATIENCE, checked_out, is_dead, lock_file, try_clear
from poolmgr.services.databases.fingerprint import fingerprint
from poolmgr.services.databases.server import Server
from poolmgr.services.databases.stock import OFTEN, base_template, trim_templates, used_of
from poolmgr.services.ground.pool import Pool
from poolmgr.store import gate

NAP = 0.2
FULL_NAP = 1.0  # each attempt makes a database
COARSE = 0.05  # seconds that a file's time may lie behind the clock
T = TypeVar("T")


class Ensured(NamedTuple):
    """The template of a commit: its fingerprint, "" where databases begin empty; and whether it is new."""

    fp: str
    is_new: bool


def ensure_template(pool: Pool, server: Server, commit: str, until: float | None = None) -> str:
    """The fingerprint of a commit's template, which is there from now on; "" for an empty database."""
    return make_template(pool, server, commit, until).fp


def from_template(
    pool: Pool, server: Server, commit: str, make: Callable[[str], T], until: float | None = None
) -> T:
    """What is made from a commit's template; once more when others had it dropped between the two."""
    try:
        return make(ensure_template(pool, server, commit, until))
    except NoDatabase:
        return make(ensure_template(pool, server, commit, until))


def try_ahead(pool: Pool, server: Server, commit: str) -> str | None:
    """The same for those who come next; None after a failed build, which only who needs it tries again."""
    with server.session() as session:
        fp = fingerprint(pool.git, commit, pool.settings.database.template, session.major)
        if fp and not is_there(pool, session, fp) and find_failure(log_file(pool, fp)):
            return None
    return ensure_template(pool, server, commit)


def make_template(pool: Pool, server: Server, commit: str, until: float | None = None) -> Ensured:
    """The template of a commit, built if nobody did; TimedOut where that takes longer than until then."""
    with server.session() as session:
        fp = fingerprint(pool.git, commit, pool.settings.database.template, session.major)
        is_new = bool(fp) and not is_there(pool, session, fp)
        if is_new:
            ask_house(pool)  # which clears away what a kill leaves of it
            with held(pool, fp, until) as lock:
                is_new = try_build(pool, server, Plan(fp, commit, lock, until))
            with suppress(DatabaseError):  # the house tries again
                trim_templates(pool, server, {fp, base_template(pool, session.major)})
    return Ensured(fp, is_new)


class Plan(NamedTuple):
    """What to build from, with the template's lock in hand."""

    fp: str
    commit: str
    lock: int
    until: float | None = None


def is_there(pool: Pool, session: Session, fp: str) -> bool:
    """Whether the template is there; it is used by whoever asks."""
    found = sealed.find_template(session, pool.facts.pool_id, fp)
    if found and time.time() - used_of(found) > OFTEN:
        sealed.touch_template(session, pool.facts.pool_id, found)
    return found is not None


@contextmanager
def held(pool: Pool, fp: str, until: float | None) -> Iterator[int]:
    """The template's lock, once nobody else builds it and nothing of a killed build runs."""
    if is_dead(pool, fp):
        try_clear(pool, fp, patience=min(PATIENCE, patience_of(until)))
    since = time.time() - COARSE
    with ExitStack() as stack:
        try:
            lock = stack.enter_context(gate.held(lock_file(pool, fp), patience=0))
        except Busy:
            pool.tell(f"another process builds the database template {fp}; waiting for it")
            try:
                lock = stack.enter_context(gate.held(lock_file(pool, fp), patience=patience_of(until)))
            except Busy:
                raise too_late(fp, "is still being built by another process", until) from None
            refuse_failed(pool, fp, since)  # the commands would fail again, once for everybody who waits
        yield lock


def try_build(pool: Pool, server: Server, plan: Plan) -> bool:
    """Whether we built it; False when somebody else did meanwhile."""
    deadline = time.monotonic() + patience_of(plan.until)
    with server.session() as session:
        while not is_there(pool, session, plan.fp):
            if patience_of(plan.until) <= 0:
                raise too_late(plan.fp, "has to be built first, and there is no time for that", plan.until)
            # Others that build give their connections back; slots may not.
            has_others = is_building(session)
            try:
                building = begin_template(session, server.prefix, pool.facts.pool_id, plan.fp)
            except DatabaseFull:
                if time.monotonic() > deadline or not (has_others or is_building(session)):
                    raise
                time.sleep(FULL_NAP)
                continue
            if building:
                fill(pool, server, plan, building)
                return True
            # The backend of a builder that was killed, or another machine's builder.
            if time.monotonic() > deadline:
                raise too_late(plan.fp, "is still being built by another process", plan.until)
            time.sleep(NAP)
    return False


def is_building(session: Session) -> bool:
    """Whether the migrations of any template, of whatever pool, may connect now."""
    return any(role.mark.kind == "making" and role.can_login for role in list_marked(session))


def fill(pool: Pool, server: Server, plan: Plan, building: Building) -> None:
    """The commands run, the template sealed; gone again when anything fails."""
    with server.session() as session, ExitStack() as undo:
        undo.callback(abandon_template, session, building)
        with checked_out(pool, plan.fp, plan.commit, plan.lock) as place:
            facts = server.facts_of(building.dbname, building.role, building.password)
            run_commands(pool, Build(plan.fp, place, facts, server.binaries, plan.lock, plan.until))
        seal_template(session, building)
        undo.pop_all()
