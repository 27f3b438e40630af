"""A database that is not this pool's is refused in one sentence and left as it is."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from poolmgr.core.errors import PoolError, StateDamaged, StateUnwritable
from poolmgr.core.lifecycle import State
from poolmgr.store.snapshot import read_meta, write_meta
from poolmgr.store.sqlite import SqliteEngine, create
from tests.contract.rows import slot_in


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def lay_empty(file: Path) -> None:
    file.touch()


def lay_text(file: Path) -> None:
    file.write_bytes(b"this is not a database, whatever its name says\n" * 100)


def lay_foreign(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    connection.close()


def lay_newer(file: Path) -> None:
    create(file, {"pool_id": "p"})
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 999")
    connection.close()


def lay_torn(file: Path) -> None:
    create(file, {"pool_id": "p"})
    content = file.read_bytes()
    file.write_bytes(content[:100] + b"\xff" * (len(content) - 100))


@pytest.mark.parametrize("lay", [lay_empty, lay_text, lay_foreign, lay_newer, lay_torn])
def test_a_bad_database_is_refused_and_left_as_it_is(file: Path, lay: Callable[[Path], None]) -> None:
    lay(file)
    before = file.read_bytes()
    with pytest.raises(StateDamaged) as caught:  # noqa: PT012 - a torn page may show only when it is read
        engine = SqliteEngine(file)
        with engine.read() as session:
            read_meta(session)
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert ("is empty" in caught.value.message) is (lay is lay_empty)
    assert file.read_bytes() == before


def test_a_database_that_is_gone_is_not_made_again(file: Path) -> None:
    with pytest.raises(StateDamaged):
        SqliteEngine(file)
    assert not file.exists()


def test_making_it_again_leaves_it_as_it_is(file: Path) -> None:
    create(file, {"pool_id": "first"})
    create(file, {"pool_id": "second"})
    engine = SqliteEngine(file)
    with engine.read() as session:
        assert read_meta(session)["pool_id"] == "first"
    engine.close()


def test_where_nothing_may_be_written_it_can_still_be_read(file: Path) -> None:
    create(file, {"pool_id": "p"})
    engine = SqliteEngine(file)
    slot_in(engine, State.READY)
    looking = SqliteEngine(file, read_only=True)
    with looking.read() as session:
        assert read_meta(session)["pool_id"] == "p"
    with pytest.raises(StateUnwritable), looking.write() as session:
        write_meta(session, "size", "3")
    looking.close()
    engine.close()


def test_only_its_owner_may_read_the_file(file: Path) -> None:
    create(file, {"pool_id": "p"})
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_backup_is_the_whole_of_one_moment(file: Path, tmp_path: Path) -> None:
    create(file, {"pool_id": "p"})
    engine = SqliteEngine(file)
    slot_in(engine, State.LEASED)
    engine.backup(tmp_path / "copy.db")
    with pytest.raises(PoolError):
        engine.backup(tmp_path / "copy.db")
    engine.close()
    copy = SqliteEngine(tmp_path / "copy.db")
    with copy.read() as session:
        assert read_meta(session)["pool_id"] == "p"
        assert len(session.all("live_slots")) == 1
    copy.close()


def test_a_path_with_strange_bytes_can_hold_the_state(tmp_path: Path) -> None:

    room = tmp_path / os.fsdecode(b"a ?b#c%20\xff\nd")
    room.mkdir()
    create(room / "state.db", {"pool_id": "p"})
    engine = SqliteEngine(room / "state.db")
    with engine.read() as session:
        assert read_meta(session)["pool_id"] == "p"
    engine.close()
