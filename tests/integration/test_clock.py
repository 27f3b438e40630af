"""The clocks of this machine."""

from __future__ import annotations

from resources.probes.clock import read_instant, read_ticks, ticks_at
from resources.probes.processes import parse_identity, read_identity
from tests.fixtures.dwellers import Dwellers


def test_instants_of_one_boot_can_be_subtracted() -> None:
    earlier, later = read_instant(), read_instant()
    assert earlier.boot == later.boot != ""
    assert later.mono >= earlier.mono


def test_ticks_are_those_of_process_start_times(dwellers: Dwellers) -> None:
    before = read_ticks()
    text = read_identity(dwellers().pid)
    assert text is not None
    known = parse_identity(text)
    assert known is not None
    assert before <= known.start <= read_ticks()


def test_an_earlier_instant_is_never_put_too_late() -> None:
    instant = read_instant()
    assert 0 < ticks_at(instant) <= read_ticks()


def test_before_an_instant_of_another_boot_nothing_began() -> None:
    assert ticks_at(read_instant()._replace(boot="another")) == 0
