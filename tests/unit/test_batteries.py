"""The part of a battery that runs by default."""

from __future__ import annotations

from tests.fixtures.batteries import draw


def test_a_tenth_of_each_battery_is_drawn_and_always_the_same() -> None:
    cases = [f"tests/test_a.py::test_kill[{number}]" for number in range(95)]
    drawn = draw(cases)
    assert len(drawn) == 10
    assert drawn <= set(cases)
    assert drawn == draw(cases)


def test_of_every_battery_at_least_one_case_is_drawn() -> None:
    assert draw(["a.py::test_x", "a.py::test_y[1]", "a.py::test_y[2]"]) >= {"a.py::test_x"}
    assert len(draw(["a.py::test_x", "a.py::test_y[1]", "a.py::test_y[2]"])) == 2
