"""Data the embedded server cannot use: set aside after a reset, else only when they are given up."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from isolation.database.embedded import locks
from isolation.database.embedded.aside import list_aside
from isolation.database.embedded.binaries import find_wheel
from isolation.database.embedded.cluster import read_boot
from isolation.database.embedded.place import Home, read_inode, read_record
from isolation.database.embedded.server import Wanted, ensure_server, is_running, stop_server, take_notice
from isolation.database.embedded.starting import read_failure
from isolation.database.errors import EndedAtStart
from tests.fixtures.patience import await_that
from tests.integration.embedded import (
    data_of,
    edit_record,
    has_table,
    made,
    make_table,
    pid_of,
    place,
)

__all__ = ["made", "place"]


def empty_control(data: Path) -> None:
    (data / "global" / "pg_control").write_bytes(b"")


def lose_control(data: Path) -> None:
    (data / "global" / "pg_control").unlink()


def zero_log(data: Path) -> None:
    """What a journal leaves of files that were written last."""
    for segment in (data / "pg_wal").glob("0*"):
        segment.write_bytes(bytes(segment.stat().st_size))


DAMAGES = (empty_control, lose_control, zero_log)


def kill(place: Home) -> None:
    """The server ended without a word."""
    os.kill(pid_of(place), signal.SIGKILL)
    await_that(lambda: not locks.is_held(place.alive), "the server is gone")


def stop(place: Home) -> None:
    """The server ended in order."""
    assert stop_server(place)


def boot_of(place: Home) -> str:
    """In which run of the machine the record says that a server ran on the data."""
    record = read_record(place)
    assert record is not None
    return record.boot


def programs_that_fail(directory: Path) -> str:
    """PostgreSQL on a machine that does not let it start."""
    wheel = find_wheel()
    assert wheel is not None
    directory.mkdir()
    for name in ("initdb", "pg_controldata"):
        (directory / name).symlink_to(wheel / name)
    (directory / "postgres").write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec {wheel}/postgres --version\n'
        "echo 'FATAL:  could not create shared memory segment'\nexit 1\n"
    )
    (directory / "postgres").chmod(0o755)
    return str(directory)


@pytest.mark.parametrize("end", [kill, stop])
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_a_reset_left_of_the_data_is_set_aside_whatever_is_wrong_with_it(
    place: Home, damage: Callable[[Path], None], end: Callable[[Home], None]
) -> None:
    make_table(ensure_server(place))
    end(place)
    edit_record(place, boot="another")
    damage(data_of(place))
    running = ensure_server(place)
    assert running.fresh
    assert not has_table(running)
    assert [(aside / "base").is_dir() for aside in list_aside(place)] == [True]


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_was_damaged_without_a_reset_stays_until_it_is_given_up(
    place: Home, damage: Callable[[Path], None]
) -> None:
    make_table(ensure_server(place))
    take_notice(place)
    kill(place)
    damage(data_of(place))
    inode = read_inode(data_of(place))
    for _ in range(2):
        with pytest.raises(EndedAtStart) as caught:
            ensure_server(place)
        assert caught.value.hint == "poolmgr doctor --fix"
        assert read_failure(place) == caught.value.message
    assert (read_inode(data_of(place)), list_aside(place)) == (inode, [])
    assert ensure_server(place, Wanted(is_given_up=True)).fresh
    assert [read_inode(aside) for aside in list_aside(place)] == [inode]
    assert read_failure(place) == ""


def test_a_start_that_fails_does_not_say_that_the_data_are_of_this_run(place: Home, tmp_path: Path) -> None:
    make_table(ensure_server(place))
    stop_server(place)
    edit_record(place, boot="another")
    inode = read_inode(data_of(place))
    wanted = Wanted(programs=programs_that_fail(tmp_path / "programs"))
    for _ in range(2):
        with pytest.raises(EndedAtStart, match="shared memory"):
            ensure_server(place, wanted)
        assert boot_of(place) != read_boot()
    assert read_inode(data_of(place)) == inode  # new data did no better, so these are back
    assert list_aside(place) == []
    assert has_table(ensure_server(place))
    assert boot_of(place) == read_boot()


def test_data_are_not_given_up_for_what_is_the_machines_fault(place: Home, tmp_path: Path) -> None:
    make_table(ensure_server(place))
    kill(place)
    wanted = Wanted(programs=programs_that_fail(tmp_path / "programs"), is_given_up=True)
    with pytest.raises(EndedAtStart):
        ensure_server(place, wanted)
    assert has_table(ensure_server(place))
    assert list_aside(place) == []


def test_a_server_whose_starter_was_killed_is_known_to_run_on_its_data(place: Home) -> None:
    make_table(ensure_server(place))
    edit_record(place, boot="")
    assert not ensure_server(place).started
    assert boot_of(place) == read_boot()
    kill(place)
    assert not is_running(place)
    assert has_table(ensure_server(place))


def test_only_the_last_of_what_was_set_aside_is_kept(place: Home) -> None:
    seen = []
    for _ in range(2):
        ensure_server(place)
        kill(place)
        edit_record(place, boot="another")
        seen.append(read_inode(data_of(place)))
    ensure_server(place)
    assert [read_inode(aside) for aside in list_aside(place)] == seen[1:]
