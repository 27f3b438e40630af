"""Data the embedded server cannot use: set aside after a reset, else only when they are given up."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from isolation.database.embedded import server, starting
from isolation.database.embedded.aside import MARK, list_aside
from isolation.database.embedded.binaries import find_wheel
from isolation.database.embedded.place import Home, Record, read_inode
from isolation.database.embedded.postmaster import find_postmaster, read_status
from isolation.database.embedded.server import (
    Wanted,
    ensure_server,
    is_running,
    opened,
    stop_server,
    take_notice,
)
from isolation.database.embedded.starting import read_failure
from isolation.database.errors import DataDamaged, EndedAtStart, ServerDown, ServerFailed
from tests.fixtures.patience import await_that
from tests.integration.embedded import (
    DAMAGES,
    PowerCut,
    cut_off,
    data_of,
    edit_record,
    empty_control,
    has_table,
    kill,
    made,
    make_table,
    place,
    record_of,
    stop,
)

__all__ = ["made", "place"]


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
        with pytest.raises(DataDamaged) as caught:
            ensure_server(place)
        assert caught.value.hint == "poolmgr doctor --fix"
        assert read_failure(place) == caught.value.message
    assert (read_inode(data_of(place)), list_aside(place)) == (inode, [])
    assert ensure_server(place, Wanted(is_given_up=True)).fresh
    assert [read_inode(aside) for aside in list_aside(place)] == [inode]
    assert read_failure(place) == ""


def test_a_start_that_fails_does_not_say_that_the_server_has_run(place: Home, tmp_path: Path) -> None:
    make_table(ensure_server(place))
    stop_server(place)
    edit_record(place, boot="another")
    inode = read_inode(data_of(place))
    wanted = Wanted(programs=programs_that_fail(tmp_path / "programs"))
    for _ in range(2):
        with pytest.raises(EndedAtStart, match="shared memory"):
            ensure_server(place, wanted)
        assert not record_of(place).has_run
    assert read_inode(data_of(place)) == inode
    assert list_aside(place) == []
    assert has_table(ensure_server(place))
    assert record_of(place).has_run


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
    edit_record(place, has_run=False)
    assert not ensure_server(place).started
    assert record_of(place).has_run
    kill(place)
    assert not is_running(place)
    assert has_table(ensure_server(place))


def test_nothing_that_was_set_aside_is_ever_removed(place: Home) -> None:
    seen = []
    for _ in range(2):
        ensure_server(place)
        kill(place)
        edit_record(place, boot="another")
        seen.append(read_inode(data_of(place)))
    ensure_server(place)
    assert {read_inode(aside) for aside in list_aside(place)} == set(seen)


def test_new_data_that_nobody_ever_used_are_never_set_aside(
    place: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_table(ensure_server(place))
    kill(place)
    edit_record(place, boot="another")
    inode = read_inode(data_of(place))
    with monkeypatch.context() as power:
        power.setattr(server, "settle", cut_off)
        with pytest.raises(PowerCut):
            ensure_server(place)
    kill(place)
    assert (data_of(place) / MARK).exists()
    assert ensure_server(place).fresh
    assert [read_inode(aside) for aside in list_aside(place)] == [inode]
    assert not (data_of(place) / MARK).exists()


def test_new_data_in_which_there_is_a_database_are_not_taken_for_new(place: Home) -> None:
    with opened(place) as (_, session):
        session.do("CREATE DATABASE precious")
    kill(place)
    edit_record(place, boot="another")
    (data_of(place) / MARK).touch()
    inode = read_inode(data_of(place))
    ensure_server(place)
    assert [read_inode(aside) for aside in list_aside(place)] == [inode]


@pytest.mark.parametrize("error", [OSError(), ServerDown("gone"), ServerFailed("late")])
def test_what_was_set_aside_comes_back_whatever_stops_the_start_on_new_data(
    place: Home, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    ensure_server(place)
    kill(place)
    edit_record(place, boot="another")
    before = (read_inode(data_of(place)), record_of(place))

    def stop_here(*_: object) -> None:
        raise error

    with monkeypatch.context() as stopped:
        stopped.setattr(starting, "launch", stop_here)
        with pytest.raises(type(error)):
            ensure_server(place)
    assert (read_inode(data_of(place)), record_of(place)) == before
    assert list_aside(place) == []


def test_what_was_set_aside_comes_back_at_the_next_start_after_an_interrupted_one(
    place: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_table(ensure_server(place))
    stop(place)
    edit_record(place, boot="another")
    control = (data_of(place) / "global" / "pg_control").read_bytes()
    empty_control(data_of(place))
    with monkeypatch.context() as stopped:
        stopped.setattr(starting, "await_ready", cut_off)
        with pytest.raises(PowerCut):
            ensure_server(place)
    await_that(lambda: read_status(data_of(place)) == "ready", "the server has come up")
    kill(place)
    (kept,) = list_aside(place)
    (kept / "global" / "pg_control").write_bytes(control)
    assert has_table(ensure_server(place))
    assert list_aside(place) == []


def test_programs_that_do_not_run_say_nothing_of_the_data(place: Home, tmp_path: Path) -> None:
    make_table(ensure_server(place))
    stop(place)
    edit_record(place, boot="another")
    inode = read_inode(data_of(place))
    programs = programs_that_fail(tmp_path / "programs")
    broken = tmp_path / "programs" / "pg_controldata"
    broken.unlink()
    broken.write_text("#!/bin/sh\necho 'error while loading shared libraries: libpq.so.5' >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(ServerFailed, match=r"libpq\.so\.5") as caught:
        ensure_server(place, Wanted(programs=programs, is_given_up=True))
    assert not isinstance(caught.value, DataDamaged)
    assert read_inode(data_of(place)) == inode
    assert has_table(ensure_server(place))
    assert list_aside(place) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
def test_data_are_not_set_aside_because_somebody_ended_the_server_at_its_start(
    place: Home, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    make_table(ensure_server(place))
    stop(place)
    edit_record(place, boot="another")

    def end_it(record: Record) -> bool:
        pid = find_postmaster(record.data)
        if pid is not None:
            os.kill(pid, number)
        return False

    with monkeypatch.context() as ended:
        ended.setattr(starting, "is_ready", end_it)
        with pytest.raises(EndedAtStart, match="killed at its start"):
            ensure_server(place)
    assert list_aside(place) == []
    assert has_table(ensure_server(place))


@pytest.mark.parametrize("is_given_up", [False, True])
def test_rights_that_are_wrong_are_no_damage(place: Home, *, is_given_up: bool) -> None:
    make_table(ensure_server(place))
    stop(place)
    edit_record(place, boot="another")
    data_of(place).chmod(0o755)
    with pytest.raises(EndedAtStart, match="invalid permissions") as caught:
        ensure_server(place, Wanted(is_given_up=is_given_up))
    assert caught.value.hint == f"chmod 700 {data_of(place)}"
    assert not isinstance(caught.value, DataDamaged)
    assert (list_aside(place), read_failure(place)) == ([], "")
    data_of(place).chmod(0o700)
    assert has_table(ensure_server(place))
