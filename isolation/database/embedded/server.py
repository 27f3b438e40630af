"""The embedded server as others see it: running when needed, one for all who ask, ended on request.

The way in is the socket, as the superuser; slots come by TCP with their passwords. No process is
ever signalled that is not proven to be this server.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from isolation.database.address import Address
from isolation.database.embedded import aside, cluster, ending, leaked, locks, postmaster, starting
from isolation.database.embedded.outside import remove_outside
from isolation.database.embedded.place import (
    Home,
    Record,
    find_data,
    list_socket_places,
    read_inode,
    read_record,
    write_record,
)
from isolation.database.errors import DatabaseError, DataDamaged, ServerDown, ServerFailed
from isolation.database.session import Session, open_session

PATIENCE = 120.0


class Wanted(NamedTuple):
    """What the server should have; `programs` is a directory to take PostgreSQL from.

    With `is_given_up`, damaged data are set aside, also those that no reset has damaged.
    """

    max_connections: int = 100
    programs: str = ""
    is_given_up: bool = False


DEFAULT = Wanted()


class Running(NamedTuple):
    """A server that answers."""

    address: Address
    tcp_host: str
    tcp_port: int
    programs: Path
    major: int
    max_connections: int
    started: bool = False
    fresh: bool = False


def ensure_server(home: Home, wanted: Wanted = DEFAULT) -> Running:
    """The server, started if it was not running.

    It is `fresh` from when its data was made anew until somebody calls `take_notice`: databases that
    were lent before are gone then.
    """
    running = find_running(home)
    is_large = running is not None and running.max_connections >= wanted.max_connections
    if running is not None and is_large and starting.is_settled(home):
        touch(home)
        return running
    home.root.mkdir(mode=0o700, exist_ok=True)
    locks.ensure_files(home.lock, home.alive, home.watch)
    with locks.held(home.lock, PATIENCE):
        running = find_running(home)
        if running is not None and is_too_small(running, wanted):
            ending.stop_running(home)
            running = None
        if running is None:
            running = start_or_await(home, wanted)
        settle(home, running)
    touch(home)
    return running


def settle(home: Home, running: Running) -> None:
    """A server that lets us in has run on its data; one whose starter was killed did, too."""
    if not starting.is_settled(home):
        with open_session(running.address):
            pass
    starting.settle(home)


@contextmanager
def opened(home: Home, wanted: Wanted = DEFAULT) -> Iterator[tuple[Running, Session]]:
    """The server, and a session of ours; one that ends between the two is started again."""
    with ExitStack() as stack:
        running = ensure_server(home, wanted)
        try:
            session = stack.enter_context(open_session(running.address))
        except ServerDown:
            running = ensure_server(home, wanted)
            session = stack.enter_context(open_session(running.address))
        yield running, session


def find_running(home: Home) -> Running | None:
    """The server if it takes connections; nothing is started."""
    record = read_record(home)
    if record is None or record.inode != read_inode(record.data):
        return None  # none was ever started here, or this is a copy of another's place
    if postmaster.read_status(record.data) in {"starting", "stopping"}:
        return None
    return running_of(home, record) if postmaster.is_answering(record.socket) else None


def is_running(home: Home) -> bool:
    """Whether the server takes connections."""
    return find_running(home) is not None


def running_of(home: Home, record: Record) -> Running:
    return Running(
        address=Address(
            record.sockets, record.port, cluster.SUPERUSER, name=f"{starting.HOST}:{record.port}"
        ),
        tcp_host=starting.HOST,
        tcp_port=record.port,
        programs=Path(record.programs),
        major=record.major,
        max_connections=record.max_connections,
        fresh=home.news.exists(),
    )


def take_notice(home: Home) -> None:
    """What follows from new data is known now, or on record."""
    home.news.unlink(missing_ok=True)


def is_too_small(running: Running, wanted: Wanted) -> bool:
    """Whether the server must be started again, and nobody would notice."""
    if running.max_connections >= wanted.max_connections:
        return False
    with open_session(running.address) as session:
        return count_clients(session) == 0


def count_clients(session: Session) -> int:
    """How many connections are there besides this one."""
    return int(
        session.rows(
            "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'"
            " AND pid <> pg_catalog.pg_backend_pid()"
        )[0][0]
    )


def touch(home: Home) -> None:
    """Remember that the server was needed now."""
    with suppress(FileNotFoundError):
        os.utime(home.root / "pg.json")


def start_or_await(home: Home, wanted: Wanted) -> Running:
    """The server, whatever is left of an earlier one or of a killed start."""
    deadline = time.monotonic() + PATIENCE
    alone = None
    while (alive := locks.try_hold(home.alive)) is None:
        running = find_running(home)
        if running is not None:
            return running
        alone = ending.end_unreachable(home, alone)
        if time.monotonic() > deadline:
            raise ServerFailed(
                f"the embedded server neither answers nor ends; something holds {home.alive}",
                hint=f"fuser -v {home.alive}",
            )
        time.sleep(locks.NAP)
    try:
        return start_anew(home, wanted, alive)
    finally:
        os.close(alive)


def start_anew(home: Home, wanted: Wanted, alive: int) -> Running:
    """The server on the data there is, else on new ones: after a reset, or where the old are given up."""
    try:
        return start_on_data(home, wanted, alive)
    except DataDamaged:
        if cluster.has_run(read_record(home), find_data(home)) and not wanted.is_given_up:
            raise
    return start_instead(home, wanted, alive)


def start_instead(home: Home, wanted: Wanted, alive: int) -> Running:
    """The server on new data; where it comes to nothing the old are back, at the latest at the next start."""
    record, data = read_record(home), find_data(home)
    kept = aside.set_aside(data)
    try:
        return start_on_data(home, wanted, alive, kept.name)
    except BaseException as error:
        if not data.exists():
            kept.rename(data)
        elif isinstance(error, (DatabaseError, OSError)) and not postmaster.list_left(data):
            aside.bring_back(data)  # whoever is interrupted may have a server that is not seen yet
        if record is not None and not kept.exists():
            write_record(home, record)
        raise


def start_on_data(home: Home, wanted: Wanted, alive: int, replaced: str = "") -> Running:
    """The server on the data there is, or on new ones where there is none."""
    made = cluster.ensure_cluster(home, wanted.programs, alive, replaced)
    before = leaked.list_numbers(made.data)
    record = starting.start(home, made, wanted.max_connections, alive)
    running = running_of(home, record)._replace(started=True)
    with open_session(running.address) as session:
        leaked.remove_leaked(session, made.data, before)
    return running


def stop_server(home: Home) -> bool:
    """End the server; False when none was running."""
    with suppress(locks.PlaceGone), locks.held(home.lock, PATIENCE):
        return ending.stop_running(home)
    return False


def remove_server(home: Home) -> None:
    """End the server and remove all that is its own, wherever it lies."""
    gone = home.state / "server.gone"
    with suppress(locks.PlaceGone), locks.held(home.lock, PATIENCE):
        ending.stop_running(home)
        remove_outside(home)
        for sockets in list_socket_places(home):
            shutil.rmtree(sockets, ignore_errors=True)
        shutil.rmtree(gone, ignore_errors=True)
        # In one step, for a watcher still looks into it.
        home.root.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
