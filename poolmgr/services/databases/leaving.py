"""The end of a pool's databases: nothing of ours stays on any server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from isolation.database import dropping
from isolation.database.address import FORM
from isolation.database.embedded.place import Home
from isolation.database.embedded.server import remove_server
from isolation.database.errors import AddressWrong, DatabaseError
from poolmgr.core.settings import DatabaseSettings, Settings
from poolmgr.services.databases.asking import ahead_lock
from poolmgr.services.databases.choice import EMBEDDED, OFF, SERVER, list_given, read_mode, room_of
from poolmgr.services.databases.server import Server, open_server
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import Site
from poolmgr.store import gate

PATIENCE = 600.0
LEAVE = "leave it: POOLMGR_DATABASE_MODE=off poolmgr cleanup"


def without_databases(pool: Pool) -> Pool:
    """The pool for work that is done before it goes: nothing is built for it any more, on whatever server."""
    off = {"database": DatabaseSettings(mode=OFF)}
    return pool._replace(settings=Settings(**(vars(pool.settings) | off)))


def leave_given(pool: Pool, tell: Callable[[str], None]) -> None:
    """Every database and role of ours gone from the user's server; the first that must stay is raised."""
    given, gone, unless = list_given(pool.site.state), "", ""
    if given and read_mode(pool) == SERVER:
        gone = drop_all(pool)
        unless = f", unless that is {gone} by another name"
    for where in given:
        if where != gone:
            tell(
                f"what the pool made on the PostgreSQL server at {where} stays{unless}: "
                "the settings do not name it"
            )


def require_given(pool: Pool) -> None:
    """Refuse to begin while the user's server cannot be asked, or is not named; `off` says to leave it."""
    given, mode = list_given(pool.site.state), pool.settings.database.mode
    if given and read_mode(pool) == SERVER:
        with reached(pool):
            pass
    elif given and mode != OFF:
        server = "POOLMGR_DATABASE_MODE=server " if mode == EMBEDDED else ""
        raise AddressWrong(
            f"does not name the PostgreSQL server at {given[-1]}, where this pool has databases or roles",
            hint=f"{server}POOLMGR_DATABASE_DSN={FORM} poolmgr cleanup; or {LEAVE}",
        )


def drop_all(pool: Pool) -> str:
    """The server that has nothing of ours any more."""
    with reached(pool) as server, server.session() as session:
        stays = dropping.drop_pool(session, pool.facts.pool_id)
        if stays:
            raise stays[0]
        return server.where


@contextmanager
def reached(pool: Pool) -> Iterator[Server]:
    """The server; what stops us comes with the two ways on."""
    try:
        with open_server(pool) as server:
            yield server
    except DatabaseError as error:
        error.hint = f"mend that, then: poolmgr cleanup; or {LEAVE}"
        raise


def remove_own(site: Site) -> None:
    """The server of our own ended, and its data gone, once nobody keeps house."""
    home = Home(site.state)
    if home.root.exists():
        room = room_of(site.state)
        room.mkdir(mode=0o700, exist_ok=True)  # a server that never started was never lent from
        with (
            gate.held(room / "house.lock", patience=PATIENCE),
            gate.held(ahead_lock(site), patience=PATIENCE),
        ):
            remove_server(home)
