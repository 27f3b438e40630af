"""The first start of the embedded server after a boot, whatever dies in it: it costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from isolation.database.embedded import leaked, server, starting
from isolation.database.embedded.aside import list_aside
from isolation.database.embedded.place import Home, Record, read_inode
from isolation.database.embedded.postmaster import read_status
from isolation.database.embedded.server import ensure_server, take_notice
from isolation.database.errors import DatabaseError, EndedAtStart
from isolation.database.session import Session
from tests.integration.embedded import (
    DAMAGES,
    PowerCut,
    cut_off,
    data_of,
    edit_record,
    find_listener_of,
    has_table,
    kill,
    made,
    make_table,
    place,
    stop,
)

__all__ = ["made", "place"]

Death: TypeAlias = "Callable[[Home, pytest.MonkeyPatch], None]"


def die_as_it_comes_up(place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server killed before it was seen to answer."""

    def end_it(record: Record) -> bool:
        if read_status(record.data) == "ready" and find_listener_of(place):
            kill(place)
        return False

    monkeypatch.setattr(starting, "is_ready", end_it)
    with pytest.raises(EndedAtStart, match="killed at its start"):
        ensure_server(place)


def die_at_the_first_question(place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server killed while its starter asks it what was leaked."""

    def end_it(session: Session, *_: object) -> None:
        kill(place)
        session.do("SELECT")

    monkeypatch.setattr(leaked, "remove_leaked", end_it)
    with pytest.raises(DatabaseError):
        ensure_server(place)


def die_with_the_starter(place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both killed before it was on record that the server had run."""
    monkeypatch.setattr(server, "settle", cut_off)
    with pytest.raises(PowerCut):
        ensure_server(place)
    kill(place)


DEATHS = (die_as_it_comes_up, die_at_the_first_question, die_with_the_starter)


def lose_first_start(place: Home, monkeypatch: pytest.MonkeyPatch, death: Death, times: int = 1) -> None:
    """A machine that was shut down in order and is up again, where the first starts come to nothing."""
    make_table(ensure_server(place))
    take_notice(place)
    stop(place)
    edit_record(place, boot="another")
    for _ in range(times):
        with monkeypatch.context() as dying:
            death(place, dying)


@pytest.mark.parametrize("death", DEATHS)
def test_whatever_is_killed_at_the_first_start_of_a_boot_costs_nothing(
    place: Home, monkeypatch: pytest.MonkeyPatch, death: Death
) -> None:
    lose_first_start(place, monkeypatch, death, times=2)
    running = ensure_server(place)
    assert not running.fresh
    assert has_table(running)
    assert list_aside(place) == []


@pytest.mark.parametrize("death", DEATHS)
def test_what_ran_at_such_a_start_when_the_machine_was_reset_is_set_aside(
    place: Home, monkeypatch: pytest.MonkeyPatch, death: Death
) -> None:
    lose_first_start(place, monkeypatch, death)
    edit_record(place, boot="a third")
    inode = read_inode(data_of(place))
    assert ensure_server(place).fresh
    assert [read_inode(aside) for aside in list_aside(place)] == [inode]


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_turns_out_damaged_after_such_a_start_may_be_the_resets(
    place: Home, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]
) -> None:
    lose_first_start(place, monkeypatch, die_with_the_starter)
    damage(data_of(place))
    inode = read_inode(data_of(place))
    assert ensure_server(place).fresh
    assert [read_inode(aside) for aside in list_aside(place)] == [inode]
