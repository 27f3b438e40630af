"""The embedded server: started once, found again, large enough, ended when nobody needs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from isolation.database import lending
from isolation.database.address import Address
from isolation.database.embedded import idle
from isolation.database.embedded.place import Home
from isolation.database.embedded.server import (
    Running,
    Wanted,
    ensure_server,
    find_running,
    is_running,
    remove_server,
    stop_server,
)
from isolation.database.errors import DatabaseError, NoRight, ServerDown
from isolation.database.ground import OPEN, find_ground
from isolation.database.lending import lend
from isolation.database.session import open_session
from isolation.database.shutting import list_open
from isolation.database.turns import turn
from tests.fixtures.grounds import ensure_ground
from tests.fixtures.patience import await_that
from tests.integration.embedded import (
    START,
    WATCH,
    data_of,
    made,
    place,
)

__all__ = ["made", "place"]

WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def test_it_is_started_once_and_found_again(place: Home) -> None:
    first = ensure_server(place)
    second = ensure_server(place)
    assert (first.started, second.started) == (True, False)
    assert first.address == second.address
    assert find_running(place) == second
    assert stop_server(place)
    assert not stop_server(place)
    assert not is_running(place)
    assert ensure_server(place).tcp_port == first.tcp_port


def test_nobody_but_us_comes_by_the_socket_and_nobody_is_superuser_by_tcp(place: Home) -> None:
    running = ensure_server(place)
    assert Path(running.address.host).stat().st_mode & 0o777 == 0o700
    assert data_of(place).stat().st_mode & 0o777 == 0o700
    with open_session(running.address) as session:
        session.do("CREATE ROLE guest LOGIN PASSWORD 'x'")
        session.do("ALTER ROLE poolmgr PASSWORD 'y'")
    tcp = running.address._replace(host=running.tcp_host, port=running.tcp_port)
    for address in (
        running.address._replace(user="guest", password="x"),
        tcp._replace(user="poolmgr", password="y"),
        tcp._replace(user="guest", password=""),
        tcp._replace(user="guest", password="z"),
    ):
        with pytest.raises(DatabaseError), open_session(address):
            pass
    with open_session(tcp._replace(user="guest", password="x")) as session:
        assert session.role == "guest"


def test_its_log_holds_no_statement(place: Home) -> None:
    with open_session(ensure_server(place).address) as session:
        for statement in ("ALTER ROLE nobody_known PASSWORD 'hunter2'", "SELECT 'hunter2'::int", "hunter2"):
            with pytest.raises(DatabaseError):
                session.do(statement)
    stop_server(place)
    assert "shut down" in place.log.read_text()
    assert "hunter2" not in place.log.read_text()
    assert place.log.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["state", "a:b"])
def test_a_slots_role_makes_the_extensions_that_first_migrations_ask_for(
    made: Path, tmp_path: Path, name: str
) -> None:
    place = Home(shutil.copytree(made, tmp_path / name))
    try:
        make_extensions(ensure_server(place))
    finally:
        remove_server(place)


def test_of_many_that_come_first_one_puts_public_out(place: Home) -> None:
    address = ensure_server(place).address
    with open_session(address) as first, open_session(address) as second, ThreadPoolExecutor(1) as threads:
        with turn(first):
            first.do("REVOKE ALL ON DATABASE postgres FROM PUBLIC")
            coming = threads.submit(find_ground, second, "p", embedded=True)
            await_that(lambda: first.rows(WAITING), "the second waits")
        assert coming.result() is None
        assert first.rows(OPEN) == []


def make_extensions(running: Running) -> None:
    """As a slot's role: those it may make, and those it may not."""
    with open_session(running.address) as session:
        session.do("CREATE ROLE guest LOGIN PASSWORD 'x'")
        session.do("CREATE DATABASE guests OWNER guest")
    tcp = Address(running.tcp_host, running.tcp_port, "guest", "x", "guests")
    with open_session(tcp) as session:
        for name in ("citext", "pg_trgm", "vector", "moddatetime", "pg_stat_statements"):
            session.do("CREATE EXTENSION {name} SCHEMA public", name=name)
        assert session.rows("SELECT '[1,2]'::public.vector::text") == [("[1,2]",)]
        for name in ("dblink", "file_fdw", "pageinspect"):
            with pytest.raises(NoRight):
                session.do("CREATE EXTENSION {name} SCHEMA public", name=name)


def test_of_many_that_start_it_at_once_one_does(place: Home) -> None:
    starters = [
        subprocess.Popen((sys.executable, "-c", START, place.state), stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    answers = [starter.communicate(timeout=60)[0].split() for starter in starters]
    assert sorted(answer[0] for answer in answers) == ["False", "False", "False", "True"]
    assert len({answer[1] for answer in answers}) == 1


def test_more_connections_come_when_nobody_is_disturbed(place: Home) -> None:
    running = ensure_server(place, Wanted(30))
    with open_session(running.address) as session:
        assert ensure_server(place, Wanted(40)).max_connections == 30
        assert session.rows("SHOW max_connections") == [("30",)]
    await_that(lambda: ensure_server(place, Wanted(40)).started, "it was started again")
    running = ensure_server(place, Wanted(30))
    assert running.max_connections == 40
    with open_session(running.address) as session:
        assert session.rows("SHOW max_connections") == [("40",)]


def test_an_idle_server_is_ended_and_a_used_one_is_not(place: Home) -> None:
    running = ensure_server(place)
    asked = []

    def is_wanted() -> bool:
        asked.append(is_running(place))
        return len(asked) < 3

    assert idle.watch(place, 0.2, is_wanted)
    assert len(asked) >= 3
    assert all(asked)
    assert not is_running(place)
    assert not idle.watch(place, 0.1, lambda: False)
    assert ensure_server(place).tcp_port == running.tcp_port


def test_a_server_with_clients_is_not_idle(place: Home) -> None:
    running = ensure_server(place)
    with open_session(running.address) as session:
        assert idle.has_clients(place)
        watcher = subprocess.Popen((sys.executable, "-c", WATCH, place.state))
        await_that(lambda: idle.is_watched(place), "somebody watches")
        assert not idle.watch(place, 0.1, lambda: False)
        assert session.rows("SELECT 1") == [(1,)]
    assert watcher.wait(30) == 0
    assert not is_running(place)


def test_whoever_watches_closes_what_a_slot_left_open(place: Home) -> None:
    running, seen = ensure_server(place), []

    def look() -> bool:
        with open_session(running.address) as session:
            seen.append([found.name for found in list_open(session, "p")])
        return len(seen) < 2

    with open_session(running.address) as session:
        prefix = ensure_ground(session, "p", "shop", embedded=True)
        lent = lend(session, lending.Wanted(prefix, "p", 1, 1, 1, "", 5))
        session.do("CREATE DATABASE more OWNER {role}", role=lent.role)
    look()
    assert idle.watch(place, 0.1, look)
    assert seen[:2] == [["more"], []]


def test_what_is_removed_is_gone(place: Home) -> None:
    running = ensure_server(place)
    remove_server(place)
    assert list(place.state.iterdir()) == []
    assert not is_running(place)
    with pytest.raises(ServerDown), open_session(running.address):
        pass
    remove_server(place)
