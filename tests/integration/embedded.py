"""A pool's state whose embedded server was made before, and what tests ask about it."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from isolation.database.embedded import postmaster
from isolation.database.embedded.place import Home, Record, read_record
from isolation.database.embedded.server import (
    Running,
    ensure_server,
    remove_server,
    stop_server,
    take_notice,
)
from isolation.database.session import open_session
from tests.fixtures.patience import await_that

START = """
import sys
from pathlib import Path
from isolation.database.embedded.place import Home
from isolation.database.embedded.server import ensure_server
running = ensure_server(Home(Path(sys.argv[1])))
print(running.started, running.tcp_port, flush=True)
"""
WATCH = """
import sys
from pathlib import Path
from isolation.database.embedded import idle
from isolation.database.embedded.place import Home
idle.watch(Home(Path(sys.argv[1])), 0.1, lambda: False)
"""


@pytest.fixture(scope="module")
def made(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A pool's state whose server was made and ended, to copy from: initdb takes a second."""
    state = tmp_path_factory.mktemp("made")
    ensure_server(Home(state))
    stop_server(Home(state))
    take_notice(Home(state))
    yield state
    remove_server(Home(state))


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Iterator[Home]:
    """The place of a server that was running before and is not now."""
    shutil.copytree(made, tmp_path / "state")
    place = Home(tmp_path / "state")
    yield place
    remove_server(place)


def record_of(place: Home) -> Record:
    """What is on record of the server."""
    record = read_record(place)
    assert record is not None
    return record


def find_listener_of(place: Home) -> int | None:
    """The server's process, None or 0 when it cannot be known now."""
    return postmaster.find_listener(record_of(place).socket)


def pid_of(place: Home) -> int:
    """The server's process."""
    pid = find_listener_of(place)
    assert pid
    return pid


def data_of(place: Home) -> Path:
    """The data directory."""
    return record_of(place).data


def edit_record(place: Home, **facts: object) -> None:
    """Make the record say something else."""
    file = place.root / "pg.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **facts}))


def kill(place: Home) -> None:
    """The server ended without a word."""
    os.kill(pid_of(place), signal.SIGKILL)
    await_that(lambda: not postmaster.list_left(data_of(place)), "the server is gone")


def stop(place: Home) -> None:
    """The server ended in order."""
    assert stop_server(place)


def make_table(running: Running) -> None:
    with open_session(running.address) as session:
        session.do("CREATE TABLE public.kept (word text)")


def has_table(running: Running) -> bool:
    with open_session(running.address) as session:
        return session.rows("SELECT 1 FROM pg_tables WHERE tablename = 'kept'") == [(1,)]


def empty_control(data: Path) -> None:
    (data / "global" / "pg_control").write_bytes(b"")


def lose_control(data: Path) -> None:
    (data / "global" / "pg_control").unlink()


def zero_log(data: Path) -> None:
    """What a journal leaves of files that were written last."""
    for segment in (data / "pg_wal").glob("0*"):
        segment.write_bytes(bytes(segment.stat().st_size))


DAMAGES = (empty_control, lose_control, zero_log)


class PowerCut(BaseException):
    """The end of the machine or of a process, as far as a test can have it."""


def cut_off(*_: object) -> None:
    """Where a process goes no further."""
    raise PowerCut
