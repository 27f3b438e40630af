"""A slot's database as its holder reaches it, on a server that runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from isolation.database.embedded.binaries import find_binaries
from poolmgr.core.database import Facts
from poolmgr.core.errors import PoolError, WrongState
from poolmgr.core.records import Lease, Slot
from poolmgr.services.databases.choice import EMBEDDED, is_on
from poolmgr.services.databases.facts import read_facts
from poolmgr.services.databases.losing import list_lost, make_anew
from poolmgr.services.databases.server import open_server_of, switched_off
from poolmgr.services.environment.variables import own_variables
from poolmgr.services.ground.pool import Pool


def require_facts(pool: Pool, slot: Slot, lease: Lease | None) -> Facts:
    """The slot's database, where it was lent; a server of our own is up when this returns."""
    if lease is None:
        raise WrongState(f"{slot.name} is {slot.state}; it has no database", hint="poolmgr acquire")
    facts = read_facts(slot) if lease.database else None
    if facts is None:
        if not is_on(pool):
            raise switched_off(pool)
        raise PoolError(
            f"{slot.name} was lent without a database", hint=f"poolmgr release {slot.name} && poolmgr acquire"
        )
    if facts.server != EMBEDDED:
        return facts
    with open_server_of(pool, EMBEDDED) as server:
        lost, host, port = list_lost(pool, server), server.host, server.port
    for each in lost:
        make_anew(pool, *each)
    now = read_facts(slot) or facts  # its password may be another one by now
    return now._replace(host=host, port=port)


def psql_for(
    pool: Pool, slot: Slot, lease: Lease | None, outer: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """The psql that fits the server, and the environment in which it finds the slot's database."""
    facts = require_facts(pool, slot, lease)
    if lease is None:
        raise AssertionError("only a lease has a database")
    kept = {name: value for name, value in outer.items() if not name.startswith("PG")}
    own = None
    if facts.server == EMBEDDED:
        with open_server_of(pool, EMBEDDED) as server:
            own = server.binaries
    return require_psql(own), kept | own_variables(slot, lease, facts)


def require_psql(own: Path | None) -> str:
    """The server's own psql, else the one on the PATH, else any that is on this machine."""
    path = os.environ.get("PATH", os.defpath)
    program = shutil.which("psql", path=f"{own}{os.pathsep}{path}" if own else path)
    if program is None and (binaries := find_binaries()):
        program = shutil.which("psql", path=binaries.dir)
    if program is None:
        from isolation.database.installing import install_command

        raise PoolError("psql is not on this machine", hint=install_command())
    return program
