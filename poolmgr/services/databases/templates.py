"""The sealed databases that slots' databases are copied from, one for each fingerprint of a commit.

Built when somebody needs one, by one process while others wait; sealed last, so that a killed or
failed build leaves nothing that could be copied. Trimmed by least use.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from isolation.database import templates as sealed
from isolation.database.building import Building, abandon_template, begin_template, seal_template
from isolation.database.session import Session
from poolmgr.core.errors import Busy, NoSuchTemplate
from poolmgr.services.databases.building import Build, log_file, run_commands
from poolmgr.services.databases.builds import checked_out, is_dead, lock_file, try_clear
from poolmgr.services.databases.fingerprint import fingerprint
from poolmgr.services.databases.server import Server
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.running import LIMIT
from poolmgr.services.ground.start_point import require_base
from poolmgr.store import gate

OFTEN = 60.0  # seconds between two notes of use
RECENT = 5 * OFTEN
NAP = 0.2


class Ensured(NamedTuple):
    """The template of a commit: its fingerprint, "" where databases begin empty; and whether it is new."""

    fp: str
    is_new: bool


def ensure_template(pool: Pool, server: Server, commit: str) -> str:
    """The fingerprint of a commit's template, which is there from now on; "" for an empty database."""
    return make_template(pool, server, commit).fp


def try_ahead(pool: Pool, server: Server, commit: str) -> str | None:
    """The same for those who come next; None after a failed build, which only who needs it tries again."""
    with server.session() as session:
        fp = fingerprint(pool.git, commit, pool.settings.database.template, session.major)
        if fp and log_file(pool, fp).exists() and not is_there(pool, session, fp):
            return None
    return ensure_template(pool, server, commit)


def make_template(pool: Pool, server: Server, commit: str) -> Ensured:
    """The template of a commit, built if nobody did."""
    with server.session() as session:
        fp = fingerprint(pool.git, commit, pool.settings.database.template, session.major)
        is_new = bool(fp) and not is_there(pool, session, fp)
        if is_new:
            with held(pool, fp) as lock:
                is_new = try_build(pool, server, Plan(fp, commit, lock))
    return Ensured(fp, is_new)


class Plan(NamedTuple):
    """What to build from, with the template's lock in hand."""

    fp: str
    commit: str
    lock: int


def is_there(pool: Pool, session: Session, fp: str) -> bool:
    """Whether the template is there; it is used by whoever asks."""
    found = sealed.find_template(session, pool.facts.pool_id, fp)
    if found and time.time() - used_of(found) > OFTEN:
        sealed.touch_template(session, pool.facts.pool_id, found)
    return found is not None


def used_of(template: sealed.Template) -> int:
    """When it was used last; it was built for somebody."""
    return template.used or template.made or 0


@contextmanager
def held(pool: Pool, fp: str) -> Iterator[int]:
    """The template's lock, once nobody else builds it and nothing of a killed build runs."""
    if is_dead(pool, fp):
        try_clear(pool, fp)
    with ExitStack() as stack:
        try:
            lock = stack.enter_context(gate.held(lock_file(pool, fp), patience=0))
        except Busy:
            pool.tell(f"another process builds the database template {fp}; waiting for it")
            lock = stack.enter_context(gate.held(lock_file(pool, fp), patience=LIMIT))
        yield lock


def try_build(pool: Pool, server: Server, plan: Plan) -> bool:
    """Whether we built it; False when somebody else did meanwhile."""
    deadline = time.monotonic() + LIMIT
    with server.session() as session:
        while not is_there(pool, session, plan.fp):
            building = begin_template(session, server.prefix, pool.facts.pool_id, plan.fp)
            if building:
                fill(pool, server, plan, building)
                return True
            # The backend of a builder that was killed, or another machine's builder.
            if time.monotonic() > deadline:
                raise Busy(f"another process builds the database template {plan.fp} and does not end")
            time.sleep(NAP)
    return False


def fill(pool: Pool, server: Server, plan: Plan, building: Building) -> None:
    """The commands run, the template sealed; gone again when anything fails."""
    with server.session() as session, ExitStack() as undo:
        undo.callback(abandon_template, session, building)
        with checked_out(pool, plan.fp, plan.commit, plan.lock) as place:
            facts = server.facts_of(building.dbname, building.role, building.password)
            run_commands(pool, Build(plan.fp, place, facts, server.binaries, plan.lock))
        seal_template(session, building)
        undo.pop_all()


def trim_templates(pool: Pool, server: Server, keep: Collection[str], *, recent: float = RECENT) -> list[str]:
    """Dropped by least use until the rest fits the budget; those to keep count and stay.

    So do recent ones: somebody may be about to copy them.
    """
    with server.session() as session:
        found = sealed.list_templates(session, pool.facts.pool_id)
        total = sum(each.size or 0 for each in found)
        dropped = []
        for each in sorted(found, key=used_of):
            is_free = each.fingerprint not in keep and time.time() - used_of(each) >= recent
            if total > pool.settings.database.template.size and is_free:
                drop_template(pool, session, each)
                total -= each.size or 0
                dropped.append(each.fingerprint)
    return dropped


def drop_template(pool: Pool, session: Session, template: sealed.Template) -> None:
    """The template and the output of its commands."""
    sealed.drop_template(session, pool.facts.pool_id, template)
    log_file(pool, template.fingerprint).unlink(missing_ok=True)


class Listed(NamedTuple):
    """A template, and whether it is the one that the pool's base needs."""

    fp: str
    size: int
    made: int
    used: int
    is_base: bool

    @property
    def as_json(self) -> dict[str, object]:
        """The shape that --json keeps."""
        return {
            "template": self.fp, "size": self.size, "made": self.made, "used": self.used, "base": self.is_base
        }  # fmt: skip


def list_templates(pool: Pool, server: Server) -> list[Listed]:
    """The templates, the last used first."""
    with server.session() as session:
        current = fingerprint(
            pool.git, require_base(pool, None).oid, pool.settings.database.template, session.major
        )
        found = sealed.list_templates(session, pool.facts.pool_id)
    listed = [
        Listed(each.fingerprint, each.size or 0, each.made or 0, used_of(each), each.fingerprint == current)
        for each in found
    ]
    return sorted(listed, key=lambda one: -one.used)


def drop_templates(pool: Pool, server: Server, name: str | None) -> list[str]:
    """The one whose fingerprint begins so, or all; their fingerprints."""
    with server.session() as session:
        found = sealed.list_templates(session, pool.facts.pool_id)
        chosen = [each for each in found if name is None or (name and each.fingerprint.startswith(name))]
        if name is not None and len(chosen) != 1:
            how = "more than one template begins with" if chosen else "there is no template"
            raise NoSuchTemplate(f"{how} {name!r}", hint="poolmgr db template list")
        for each in chosen:
            drop_template(pool, session, each)
    return [each.fingerprint for each in chosen]
