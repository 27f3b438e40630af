"""A slot's database made anew under its holder: from the template of the slot's HEAD, sessions ended.

The template and the new database are whole before the old one is touched. Name, role and password
stay, so that the slot's variables stay true; files of theirs that are gone are written again.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from isolation.database import lending, renewing
from isolation.database.errors import TemplateFailed
from isolation.database.passwords import new_password
from isolation.git.program import Git
from isolation.git.refs import find_commit
from poolmgr.core.errors import NoDatabase
from poolmgr.core.records import Lease, Slot
from poolmgr.services.databases.facts import read_facts, write_facts
from poolmgr.services.databases.fingerprint import choose
from poolmgr.services.databases.lending import lend_from, require_here
from poolmgr.services.databases.server import Server
from poolmgr.services.databases.templates import Plan, from_template
from poolmgr.services.environment.files import write_environment
from poolmgr.services.ground.job import lock_file
from poolmgr.services.ground.pool import Pool, require_holder, require_slot
from poolmgr.store import gate


class Reset(NamedTuple):
    """A database that was made anew: its name, its template, and what that does not have."""

    name: str
    template: str
    uncommitted: tuple[str, ...]


def reset_database(pool: Pool, slot: Slot, lease_id: str | None) -> Reset:
    """The database of a slot's holder as a new one; `lease_id` is the lease that the caller has."""
    require_held(pool, slot, lease_id)

    def renewed(server: Server, template: str) -> Reset:
        # Nobody takes the slot back while its database is exchanged.
        with gate.held(lock_file(pool, slot.id)):
            name = renew(pool, server, slot, require_held(pool, slot, lease_id), template)
        return Reset(name, template, list_uncommitted(pool, Git(slot.path)))

    try:
        return from_template(pool, Plan(commit_of(slot)), renewed)
    except TemplateFailed as error:
        uncommitted = ", ".join(list_uncommitted(pool, Git(slot.path)))
        if not uncommitted:
            raise
        words = f"{error.message}; not committed, so not used: {uncommitted}"
        raise TemplateFailed(words, hint=error.hint) from error


def commit_of(slot: Slot) -> str:
    """What the slot stands on."""
    return find_commit(Git(slot.path), "HEAD") or slot.base_oid


def require_held(pool: Pool, slot: Slot, lease_id: str | None) -> Lease:
    """The lease whose database it is; a former holder resets nobody else's."""
    snapshot = pool.snapshot()
    lease = require_holder(snapshot, require_slot(snapshot, slot.name, slot.path), lease_id)
    if not lease.database:
        again = f"poolmgr release {slot.name} && poolmgr acquire"
        raise NoDatabase(f"{slot.name} was lent without a database", hint=again)
    return lease


def renew(pool: Pool, server: Server, slot: Slot, lease: Lease, template: str) -> str:
    """The new database in place of the old one, also where that is gone; its name."""
    wanted = lending.Wanted(
        prefix=server.prefix, pool_id=pool.facts.pool_id, number=slot.number, slot_id=slot.id,
        fence=lease.fence, template=template, connections=pool.settings.database.connections,
        lease=lease.id,
    )  # fmt: skip
    with server.session() as session:
        require_here(session, pool, server, lease)
        known = read_facts(slot)
        password = known.password if known else new_password()
        name = renewing.renew(session, wanted, password)
    if name is None:  # somebody dropped its role
        facts = lend_from(pool, server, slot, lease, template)
    else:
        facts = known or server.facts_of(name, name, password)
        if known is None:
            write_facts(slot, facts)
    write_environment(pool, slot, lease, facts)
    return facts.name


def list_uncommitted(pool: Pool, git: Git) -> tuple[str, ...]:
    """Changed files that would go into a template, had they been committed."""
    listed = git.run("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames").fields
    paths = [os.fsencode(line[3:]) for line in listed]
    return tuple(map(os.fsdecode, choose(pool.settings.database.template, paths)))
