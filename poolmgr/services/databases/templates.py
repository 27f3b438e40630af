"""The sealed databases that slots' databases are copied from, one for each fingerprint of a commit.

Built when somebody needs one, by one process while others wait, without a connection; sealed last, so
that a killed or failed build leaves nothing that could be copied.
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
from poolmgr.core.errors import Busy, TimedOut
from poolmgr.services.databases.asking import Duty, ask_house
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
from poolmgr.services.databases.server import Server, open_server, open_server_of
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


class Need(NamedTuple):
    """The template that a commit needs, "" for none, and whether it is there."""

    fp: str
    is_there: bool


class Plan(NamedTuple):
    """What to build from, until when somebody waits for it, and on which server if not on today's."""

    commit: str
    until: float | None = None
    where: str = ""


def ensure_template(pool: Pool, commit: str, until: float | None = None) -> str:
    """The fingerprint of a commit's template, which is there from now on; "" for an empty database."""
    return make_template(pool, commit, until).fp


def make_template(pool: Pool, commit: str, until: float | None = None) -> Ensured:
    """The template of a commit, built if nobody did; TimedOut where that takes longer than until then."""
    with open_server(pool) as server:
        need = read_need(pool, server, commit)
    return Ensured(need.fp, not need.is_there and build(pool, need.fp, Plan(commit, until)))


def from_template(pool: Pool, plan: Plan, make: Callable[[Server, str], T]) -> T:
    """What is made from a commit's template; once more when others had it dropped between the two."""
    try:
        return try_from(pool, plan, make)
    except NoDatabase:
        return try_from(pool, plan, make)


def try_from(pool: Pool, plan: Plan, make: Callable[[Server, str], T]) -> T:
    """The same, where the template is there on the connection that saw it."""
    with open_server_of(pool, plan.where) as server:
        need = read_need(pool, server, plan.commit)
        if need.is_there:
            return make(server, need.fp)
    build(pool, need.fp, plan)
    with open_server_of(pool, plan.where) as server:
        return make(server, need.fp)


def try_ahead(pool: Pool, commit: str) -> str | None:
    """The template for those who come next; None after a failed build: only who needs it tries again."""
    with open_server(pool) as server:
        need = read_need(pool, server, commit)
    if not need.is_there:
        if find_failure(log_file(pool, need.fp)):
            return None
        build(pool, need.fp, Plan(commit))
    return need.fp


def read_need(pool: Pool, server: Server, commit: str) -> Need:
    """What a commit needs; it is used by whoever asks."""
    with server.session() as session:
        fp = fingerprint(pool.git, commit, pool.settings.database.template, session.major)
        return Need(fp, not fp or is_there(pool, session, fp))


def build(pool: Pool, fp: str, plan: Plan) -> bool:
    """Whether we built it; who waits for another that builds it takes no connection from anybody."""
    ask_house(pool, (Duty.HOUSE,))  # which clears away what a kill leaves of it
    while True:
        with held(pool, fp, plan.until) as lock:
            if lock is not None:
                return build_held(pool, plan, Work(fp, plan.commit, lock, plan.until))
        with open_server_of(pool, plan.where) as server, server.session() as session:
            if is_there(pool, session, fp):
                return False


def build_held(pool: Pool, plan: Plan, work: Work) -> bool:
    """The same, with the lock in hand; where the time is up, it is built while nobody waits."""
    try:
        with open_server_of(pool, plan.where) as server:
            is_new = try_build(pool, server, work)
            if is_new:
                with suppress(DatabaseError):  # the house tries again
                    trim_templates(pool, server, {work.fp, base_template(pool, server.opened.major)})
    except TimedOut:
        ask_house(pool, (Duty.AHEAD,))
        raise
    return is_new


class Work(NamedTuple):
    """A template to be built, with its lock in hand."""

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
def held(pool: Pool, fp: str, until: float | None) -> Iterator[int | None]:
    """The template's lock, once nobody else builds it and nothing of a killed build runs.

    None for who had to wait: it may be there now.
    """
    since, deadline = time.time() - COARSE, time.monotonic() + patience_of(until)
    has_waited = False
    with ExitStack() as stack:
        while (lock := try_enter(stack, pool, fp, until)) is None:
            if not has_waited:
                pool.tell(f"another process builds the database template {fp}; waiting for it")
            elif time.monotonic() > deadline:
                raise too_late(fp, "is still being built by another process", until)
            has_waited = True
            time.sleep(NAP)
        if has_waited:
            stack.close()
            refuse_failed(pool, fp, since)  # the commands would fail again, once for everybody who waits
            lock = None
        yield lock


def try_enter(stack: ExitStack, pool: Pool, fp: str, until: float | None) -> int | None:
    """The lock, in the stack's hands; None while somebody builds. A killed builder's commands are ended."""
    if is_dead(pool, fp):
        try_clear(pool, fp, patience=min(PATIENCE, patience_of(until)))
    try:
        return stack.enter_context(gate.held(lock_file(pool, fp), patience=0))
    except Busy:
        return None


def try_build(pool: Pool, server: Server, work: Work) -> bool:
    """Whether we built it; False when somebody else did meanwhile."""
    deadline = time.monotonic() + patience_of(work.until)
    with server.session() as session:
        while not is_there(pool, session, work.fp):
            if patience_of(work.until) <= 0:
                raise too_late(work.fp, "has to be built first, and there is no time for that", work.until)
            # Others that build give their connections back; slots may not.
            has_others = is_building(session)
            try:
                building = begin_template(session, server.prefix, pool.facts.pool_id, work.fp)
            except DatabaseFull:
                if time.monotonic() > deadline or not (has_others or is_building(session)):
                    raise
                time.sleep(FULL_NAP)
                continue
            if building:
                fill(pool, server, work, building)
                return True
            # The backend of a builder that was killed, or another machine's builder.
            if time.monotonic() > deadline:
                raise too_late(work.fp, "is still being built by another process", work.until)
            time.sleep(NAP)
    return False


def is_building(session: Session) -> bool:
    """Whether the migrations of any template, of whatever pool, may connect now."""
    return any(role.mark.kind == "making" and role.can_login for role in list_marked(session))


def fill(pool: Pool, server: Server, work: Work, building: Building) -> None:
    """The commands run, the template sealed; gone again when anything fails."""
    with server.session() as session, ExitStack() as undo:
        undo.callback(abandon_template, session, building)
        with checked_out(pool, work.fp, work.commit, work.lock) as place:
            facts = server.facts_of(building.dbname, building.role, building.password)
            run_commands(pool, Build(work.fp, place, facts, server.binaries, work.lock, work.until))
        seal_template(session, building)
        undo.pop_all()
