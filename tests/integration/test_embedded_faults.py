"""The embedded server after kills, losses, moves and strangers: it comes back, and harms nobody."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Timer

import pytest

from isolation.database.catalog import list_ours
from isolation.database.dropping import drop_lease
from isolation.database.embedded import locks
from isolation.database.embedded.place import Home, read_record
from isolation.database.embedded.server import (
    Wanted,
    ensure_server,
    is_running,
    opened,
    remove_server,
    stop_server,
    take_notice,
)
from isolation.database.errors import DatabaseError, NoBinaries, ServerFailed
from isolation.database.ground import claim_prefix
from isolation.database.lending import Wanted as Lease
from isolation.database.lending import lend
from isolation.database.orphans import list_orphans
from isolation.database.session import open_session
from tests.fixtures.dwellers import Dwellers
from tests.fixtures.patience import await_that
from tests.integration.embedded import (
    START,
    data_of,
    edit_record,
    find_listener_of,
    has_table,
    made,
    make_table,
    pid_of,
    place,
)

__all__ = ["made", "place"]


def test_after_a_kill_it_runs_again_with_all_that_was_in_it(place: Home) -> None:
    make_table(ensure_server(place))
    os.kill(pid_of(place), signal.SIGKILL)
    await_that(lambda: not is_running(place), "the kill has come through")
    running = ensure_server(place)
    assert running.started
    assert not running.fresh
    assert has_table(running)


def test_a_server_killed_this_moment_opens_all_the_same(place: Home) -> None:
    make_table(ensure_server(place))
    for _ in range(3):
        os.kill(pid_of(place), signal.SIGKILL)
        with opened(place) as (running, session):
            assert session.address == running.address
            assert session.rows("SELECT 1 FROM pg_tables WHERE tablename = 'kept'") == [(1,)]


def test_a_pid_file_that_names_a_foreign_process_harms_neither(place: Home, dwellers: Dwellers) -> None:
    make_table(ensure_server(place))
    os.kill(pid_of(place), signal.SIGKILL)
    await_that(lambda: not locks.is_held(place.alive), "the server is gone")
    stranger = dwellers(data_of(place))
    lines = (data_of(place) / "postmaster.pid").read_text().splitlines()
    (data_of(place) / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]))
    record = read_record(place)
    assert record is not None
    Path(f"{record.socket}.lock").write_text(f"{stranger.pid}\n")
    assert not is_running(place)
    assert not stop_server(place)
    assert has_table(ensure_server(place))
    assert stop_server(place)
    assert stranger.poll() is None


def test_a_foreign_process_at_our_number_is_not_ended_while_the_server_runs(
    place: Home, dwellers: Dwellers
) -> None:
    ensure_server(place)
    stranger = dwellers(data_of(place))
    file = data_of(place) / "postmaster.pid"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
    assert stop_server(place)
    assert stranger.poll() is None


def test_power_loss_sets_the_data_aside(place: Home) -> None:
    make_table(ensure_server(place))
    os.kill(pid_of(place), signal.SIGKILL)
    await_that(lambda: not locks.is_held(place.alive), "the server is gone")
    edit_record(place, boot="another")
    running = ensure_server(place)
    assert running.fresh
    assert ensure_server(place).fresh  # until somebody takes notice: whoever saw it first may be killed
    take_notice(place)
    assert not ensure_server(place).fresh
    assert not has_table(running)
    assert len(list(place.root.glob("data.crashed-*"))) == 1


def test_a_machine_that_was_shut_down_in_order_keeps_the_data(place: Home) -> None:
    make_table(ensure_server(place))
    stop_server(place)
    edit_record(place, boot="another")
    running = ensure_server(place)
    assert not running.fresh
    assert has_table(running)


def test_a_copy_of_a_running_servers_place_is_not_that_server(place: Home, tmp_path: Path) -> None:
    original = ensure_server(place)
    make_table(original)
    copy = Home(tmp_path / "copy")
    subprocess.run(("cp", "-a", place.state, copy.state), check=True, timeout=60)
    try:
        assert not is_running(copy)
        assert not stop_server(copy)
        second = ensure_server(copy)
        assert second.fresh
        assert second.address.host != original.address.host
        assert second.tcp_port != original.tcp_port
    finally:
        remove_server(copy)
    assert has_table(original)


def test_a_moved_repository_takes_its_running_server_with_it(place: Home, tmp_path: Path) -> None:
    before = ensure_server(place)
    place.state.rename(tmp_path / "moved")
    moved = Home(tmp_path / "moved")
    try:
        after = ensure_server(moved)
        assert not after.started
        assert after.tcp_port == before.tcp_port
        assert stop_server(moved)
        assert ensure_server(moved).started
    finally:
        remove_server(moved)


def test_a_taken_port_is_exchanged(place: Home) -> None:
    before = ensure_server(place)
    stop_server(place)
    with socket.create_server((before.tcp_host, before.tcp_port)):
        after = ensure_server(place)
    assert after.tcp_port != before.tcp_port


@pytest.mark.parametrize("name", ["x" * 100, "with, comma", "grün 'and' \"quotes\"\n"])
def test_a_path_no_socket_can_have_is_no_obstacle(made: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(made, tmp_path / name)
    place = Home(tmp_path / name)
    running = ensure_server(place)
    assert not running.address.host.startswith(str(tmp_path))
    make_table(running)
    assert stop_server(place)
    assert has_table(ensure_server(place))
    remove_server(place)
    assert not Path(running.address.host).exists()


def test_a_lost_socket_is_made_again(place: Home) -> None:
    running = ensure_server(place)
    make_table(running)
    shutil.rmtree(running.address.host)
    assert has_table(ensure_server(place))


def test_a_lost_record_is_made_again(place: Home) -> None:
    make_table(ensure_server(place))
    (place.root / "pg.json").unlink()
    assert has_table(ensure_server(place))


def test_an_initdb_that_outlives_its_killed_command_is_waited_for(tmp_path: Path) -> None:
    place = Home(tmp_path)
    (place.root / "data.new" / "base").mkdir(parents=True)  # of one that was killed, too
    starter = subprocess.Popen((sys.executable, "-c", START, place.state), stdout=subprocess.DEVNULL)
    await_that((place.root / "data.new" / "PG_VERSION").exists, "initdb is at work")
    starter.kill()
    starter.wait()
    running = ensure_server(place)
    try:
        assert running.started
        with open_session(running.address) as session:
            assert session.rows("SELECT datname FROM pg_database ORDER BY 1") == [
                ("postgres",), ("template0",), ("template1",),
            ]  # fmt: skip
        assert not (place.root / "data.new").exists()
    finally:
        remove_server(place)


def test_the_start_of_a_killed_command_is_taken_up(place: Home) -> None:
    starter = subprocess.Popen((sys.executable, "-c", START, place.state), stdout=subprocess.DEVNULL)
    await_that(lambda: locks.is_held(place.alive), "something was started")
    starter.kill()
    starter.wait()
    assert ensure_server(place).address == ensure_server(place).address


def test_data_of_another_version_is_left_alone(place: Home) -> None:
    (data_of(place) / "PG_VERSION").write_text("13\n")
    with pytest.raises(NoBinaries, match="PostgreSQL 13") as caught:
        ensure_server(place)
    assert "install PostgreSQL 13" in caught.value.hint
    (data_of(place) / "PG_VERSION").write_text("18\n")
    assert not ensure_server(place).fresh


def test_a_server_that_cannot_start_says_why(place: Home) -> None:
    ensure_server(place)
    stop_server(place)
    take_notice(place)
    settings = data_of(place) / "postgresql.conf"
    settings.write_text("nonsense = 1\n")
    with pytest.raises(ServerFailed, match=r"postgresql\.conf") as caught:
        ensure_server(place)
    assert str(place.log) in caught.value.message
    assert "nonsense" in place.log.read_text()
    settings.write_text("")
    (data_of(place) / "global" / "pg_control").rename(data_of(place) / "control")
    with pytest.raises(ServerFailed, match="pg_control"):
        ensure_server(place)
    (data_of(place) / "control").rename(data_of(place) / "global" / "pg_control")
    assert not ensure_server(place).fresh


def test_what_a_killed_clone_leaked_goes_at_the_next_start(place: Home) -> None:
    running = ensure_server(place)
    with open_session(running.address) as session:
        session.do("CREATE DATABASE stays")
    stop_server(place)
    base = data_of(place) / "base"
    (base / "99999").mkdir()
    (base / "99999" / "1259").write_bytes(b"x" * 10_000)
    before = {path.name for path in base.iterdir()} - {"99999"}
    with open_session(ensure_server(place).address, "stays"):
        assert {path.name for path in base.iterdir()} >= before
    assert not (base / "99999").exists()


def test_a_killed_child_of_the_server_is_waited_out(place: Home) -> None:
    running = ensure_server(place)
    with open_session(running.address) as session:
        ((child,),) = session.rows("SELECT pg_backend_pid()")
        os.kill(child, signal.SIGKILL)
        with pytest.raises(DatabaseError):
            session.do("SELECT pg_sleep(30)")
    # Its connection ends before it does; who comes in between is let in, and put out with the others.
    await_that(lambda: not Path("/proc", str(child)).exists(), "the server has noticed")
    with open_session(ensure_server(place).address) as session:
        assert session.rows("SELECT 1") == [(1,)]


def test_a_server_that_is_too_busy_to_answer_is_waited_for(place: Home, share: float) -> None:
    if share < 1:
        pytest.skip("seven seconds in which nothing happens")
    ensure_server(place)
    pid = pid_of(place)
    os.kill(pid, signal.SIGSTOP)
    Timer(7, os.kill, (pid, signal.SIGCONT)).start()
    with opened(place) as (running, session):
        assert not running.started
        assert session.rows("SELECT 1") == [(1,)]


def test_a_server_with_a_full_queue_is_running(place: Home) -> None:
    running = ensure_server(place, Wanted(20))
    pid = pid_of(place)
    os.kill(pid, signal.SIGSTOP)
    try:
        with ExitStack() as stack:
            for _ in range(200):
                end = stack.enter_context(socket.socket(socket.AF_UNIX))
                end.setblocking(False)
                if end.connect_ex(f"{running.address.host}/.s.PGSQL.{running.tcp_port}"):
                    break
            else:
                pytest.skip("the queue of this system takes everybody")
            assert ensure_server(place, Wanted(20)) == running._replace(started=False)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert await_that(lambda: find_listener_of(place), "the queue is short again") == pid


def test_what_is_on_its_way_out_is_no_orphan(place: Home) -> None:
    address = ensure_server(place).address
    with open_session(address) as session, open_session(address) as other, ThreadPoolExecutor() as threads:
        lend(session, Lease(claim_prefix(session, "pool", "shop"), "pool", 1, 1, 1, "", 5))
        query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
        ((checkpointer,),) = session.rows(query)
        os.kill(checkpointer, signal.SIGSTOP)  # a drop waits for it in its middle
        try:
            going = threads.submit(drop_lease, other, "pool", 1)
            await_that(lambda: any(found.is_half_dropped for found in list_ours(session, "pool")), "it goes")
            assert list_orphans(session, "pool", {1}, 0) == list_orphans(session, "pool", (), 0) == []
        finally:
            os.kill(checkpointer, signal.SIGCONT)
        going.result()
        assert list_ours(session, "pool") == []
