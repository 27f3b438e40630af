"""A pool's state whose embedded server was made before, and what tests ask about it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from isolation.database.embedded import postmaster
from isolation.database.embedded.place import Home, read_record
from isolation.database.embedded.server import (
    Running,
    ensure_server,
    remove_server,
    stop_server,
    take_notice,
)
from isolation.database.session import open_session

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


def find_listener_of(place: Home) -> int | None:
    """The server's process, None or 0 when it cannot be known now."""
    record = read_record(place)
    assert record is not None
    return postmaster.find_listener(record.socket)


def pid_of(place: Home) -> int:
    """The server's process."""
    pid = find_listener_of(place)
    assert pid
    return pid


def data_of(place: Home) -> Path:
    """The data directory."""
    record = read_record(place)
    assert record is not None
    return record.data


def edit_record(place: Home, **facts: object) -> None:
    """Make the record say something else."""
    file = place.root / "pg.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **facts}))


def make_table(running: Running) -> None:
    with open_session(running.address) as session:
        session.do("CREATE TABLE public.kept (word text)")


def has_table(running: Running) -> bool:
    with open_session(running.address) as session:
        return session.rows("SELECT 1 FROM pg_tables WHERE tablename = 'kept'") == [(1,)]
