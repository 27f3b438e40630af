"""What is wrong on a server where slots have databases: what is of nobody, and leases without their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from isolation.database.catalog import list_ours, list_roles
from isolation.database.embedded.place import Home
from isolation.database.embedded.server import opened
from isolation.database.errors import DatabaseError
from isolation.database.session import Session, open_session
from tests.faults.scenes import Scene
from tests.fixtures.variables import address_in

NAMES = """
SELECT datname::text FROM pg_database WHERE strpos(datname, %s) > 0
UNION SELECT rolname::text FROM pg_roles WHERE strpos(rolname, %s) > 0
"""
OF_LEASES = ("slot", "old", "framework")
LASTING = ("owner", "template", "spare")


@contextmanager
def on_server(scene: Scene) -> Iterator[Session]:
    """The server as its admin sees it; one of the pool's own is started when it does not run."""
    if scene.admin:
        with open_session(scene.admin) as session:
            yield session
    else:
        with opened(Home(scene.pool.repo.state)) as (_, session):
            yield session


def pool_of(scene: Scene) -> str:
    """Whose databases they are."""
    return str(json.loads((scene.pool.repo.state / "pool.json").read_bytes())["pool_id"])


def list_wrong_databases(scene: Scene) -> Iterator[str]:
    """Nothing, where slots have no databases."""
    if scene.has_databases:
        yield from list_unserved(scene)
        with on_server(scene) as session:
            yield from list_strays(scene, session)


def list_strays(scene: Scene, session: Session) -> Iterator[str]:
    """Databases and roles that no mark explains, or that are there for nobody any more."""
    prefix = scene.pool.repo.path.name.replace("-", "_")
    names = {name for (name,) in session.rows(NAMES, (prefix, prefix))}
    if not (scene.pool.repo.state / "state.db").exists():
        yield from (f"{name} is on the server, and there is no pool" for name in names)
        return
    ours, roles = list_ours(session, pool_of(scene)), list_roles(session, pool_of(scene))
    marked = {role.name for role in roles} | {found.name for found in ours}
    yield from (f"{name} is on the server without a mark" for name in names - marked)
    yield from (f"the drop of {found.name} was interrupted" for found in ours if found.is_half_dropped)
    fences = {lease.fence for lease in scene.pool.snapshot().leases}
    kinds = {found.name: (found.kind, found.mark.fence) for found in ours}
    kinds |= {role.name: (role.mark.kind, role.mark.fence) for role in roles}
    for name, (kind, fence) in kinds.items():
        if kind not in LASTING and not (kind in OF_LEASES and fence in fences):
            yield f"{name} is there for nobody: {kind} of lease {fence}"


def list_unserved(scene: Scene) -> Iterator[str]:
    """Slots that are lent without the database that their lease has."""
    if not (scene.pool.repo.state / "state.db").exists():
        return
    snapshot = scene.pool.snapshot()
    for slot in snapshot.slots:
        lease = snapshot.lease_of(slot)
        if slot.state != "LEASED" or lease is None:
            continue
        try:
            with open_session(address_in(slot.path)) as own:
                ((name,),) = own.rows("SELECT current_database()::text")
        except (DatabaseError, KeyError, OSError) as error:
            yield f"{slot.name} is lent without its database: {error!r}"
        else:
            if name != lease.database:
                yield f"{slot.name} has the database {name}, its lease says {lease.database!r}"
