"""The server of a pool's databases, up and open: the embedded one is started when it is not.

Who makes something there owns the ground first: the pool's owner role, and with it its prefix. Who
only looks, or takes away, leaves a server untouched that has nothing of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from isolation.database.address import Address, parse_dsn
from isolation.database.building import CONNECTIONS as MIGRATIONS
from isolation.database.embedded.place import Home
from isolation.database.embedded.server import Wanted, is_running, opened, take_notice
from isolation.database.errors import (
    AddressWrong,
    DatabaseError,
    DatabaseFull,
    ServerDown,
    WrongPassword,
)
from isolation.database.ground import claim_prefix, find_ground
from isolation.database.session import Session, open_session, require_driver
from poolmgr.core.database import Facts
from poolmgr.core.errors import PoolError
from poolmgr.core.settings import Settings
from poolmgr.services.databases.asking import ask_house
from poolmgr.services.databases.choice import (
    EMBEDDED,
    OFF,
    find_missing,
    hint_for,
    is_on,
    list_given,
    note_given,
    read_choice,
    read_mode,
)
from poolmgr.services.databases.following import follow_port
from poolmgr.services.databases.watching import ensure_watched
from poolmgr.services.ground.pool import Pool

LEAST = 100  # connections
OWN = 20  # beside the slots': ours, and a person who looks
OWN_HINTS: Mapping[type[DatabaseError], str] = {
    ServerDown: "try again: the next command starts it",
    DatabaseFull: "poolmgr makes it larger once nobody is connected; poolmgr db status shows which slots are",
    WrongPassword: "its data are damaged; give up its databases: poolmgr cleanup && poolmgr init",
}


class Server(NamedTuple):
    """An open server: what slots connect to, and our own session in its maintenance database."""

    address: Address
    known: str | None  # the pool's prefix, where it has something already
    claim: Callable[[], str]
    host: str
    port: int
    binaries: Path | None  # where its own psql is
    is_embedded: bool
    opened: Session

    @property
    def prefix(self) -> str:
        """What the pool's names begin with, for whoever makes something."""
        return self.known or self.claim()

    @property
    def where(self) -> str:
        """The server in words."""
        return self.address.where

    @property
    def name(self) -> str:
        """The server as leases keep it: one of our own may change its port."""
        return EMBEDDED if self.is_embedded else self.address.where

    def is_of(self, facts: Facts) -> bool:
        """Whether a slot's database is on this server."""
        if self.is_embedded or facts.server == EMBEDDED:
            return self.is_embedded and facts.server == EMBEDDED
        return (facts.host, facts.port) == (self.host, self.port)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Our session in the maintenance database."""
        yield self.opened

    def facts_of(self, name: str, role: str, password: str) -> Facts:
        """A slot's database as its holder reaches it."""
        return Facts(
            server=EMBEDDED if self.is_embedded else "server", host=self.host, port=self.port, name=name,
            role=role, password=password, options=() if self.is_embedded else self.address.transport,
        )  # fmt: skip


@contextmanager
def open_server(pool: Pool) -> Iterator[Server]:
    """The server, ours to use until the end of the block."""
    mode = read_mode(pool)
    if mode == OFF:
        raise switched_off(pool)
    with open_embedded(pool) if mode == EMBEDDED else open_given(pool) as server:
        yield server


@contextmanager
def open_server_of(pool: Pool, where: str) -> Iterator[Server]:
    """The server on which something was lent: one of our own whatever the settings say by now.

    Where they say that there are no databases, it is not started for that.
    """
    is_own = where == EMBEDDED and (is_on(pool) or is_running(Home(pool.site.state)))
    with open_embedded(pool) if is_own else open_server(pool) as server:
        yield server


def switched_off(pool: Pool) -> PoolError:
    """Why there are none, and what to do about it."""
    why, hint = read_choice(pool.site.state).why, "poolmgr init"
    if pool.settings.database.mode == OFF:
        why, hint = "database.mode is off", "POOLMGR_DATABASE_MODE=auto poolmgr init"
    elif "installed" in why:
        missing = find_missing()
        why = missing or "init found no PostgreSQL; by now there is one"
        hint = hint_for(missing)
    return PoolError(f"slots have no databases here: {why}", hint=hint)


@contextmanager
def open_embedded(pool: Pool, *, gives_up: bool = False) -> Iterator[Server]:
    """A server of our own; a port it had to change is told to those who have a database.

    Who gives up what it cannot start on gets new data; the old are kept.
    """
    require_driver()  # before there is a server that nobody can talk to
    home = Home(pool.site.state)
    if not home.root.exists():
        pool.tell("making a PostgreSQL server of our own")
    wanted = Wanted(max_connections=connections_for(pool.settings), is_given_up=gives_up)
    with told_of_own(), opened(home, wanted) as (running, session):
        if running.fresh:
            ask_house(pool)  # what was lent is lost
            take_notice(home)
        ensure_watched(pool)
        follow_port(pool, running)
        yield Server(
            address=running.address, known=find_ground(session, pool.facts.pool_id, embedded=True),
            claim=partial(claim, pool, session), host=running.tcp_host, port=running.tcp_port,
            binaries=running.programs, is_embedded=True, opened=session,
        )  # fmt: skip


@contextmanager
def told_of_own() -> Iterator[None]:
    """Errors inside come with what to do about a server of our own, which nobody looks after by hand."""
    try:
        yield
    except tuple(OWN_HINTS) as error:
        error.hint = OWN_HINTS[type(error)]
        raise


@contextmanager
def open_given(pool: Pool) -> Iterator[Server]:
    """A server of the user's."""
    address = given_address(pool.settings, pool.site.state)
    with open_session(address) as session:
        known = find_ground(session, pool.facts.pool_id, embedded=False)
        if known:
            note_given(pool, address.where)
        yield Server(
            address=address, known=known, claim=partial(claim_given, pool, session, address.where),
            host=address.host, port=address.port, binaries=None, is_embedded=False, opened=session,
        )  # fmt: skip


def given_address(settings: Settings, state: Path) -> Address:
    """Where the server of the user's is."""
    if not settings.database.dsn:
        last = "".join(f" ({where})" for where in list_given(state)[-1:])
        raise AddressWrong(
            f"is not set here, and databases are on a server of yours{last}",
            hint="export POOLMGR_DATABASE_DSN=postgresql://user:password@host/postgres",
        )
    return parse_dsn(settings.database.dsn)


def claim(pool: Pool, session: Session) -> str:
    """The pool's prefix, its own from now on."""
    return claim_prefix(session, pool.facts.pool_id, Path(pool.facts.checkout).name)


def claim_given(pool: Pool, session: Session, where: str) -> str:
    """The same on a server of the user's, on record before there is anything."""
    note_given(pool, where)
    return claim(pool, session)


def connections_for(settings: Settings) -> int:
    """How many connections a server must take so that every slot has its own, and may build a template."""
    return max(settings.pool.max * (settings.database.connections + MIGRATIONS) + OWN, LEAST)
