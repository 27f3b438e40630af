"""The arithmetic and the generator of the benchmark."""

from __future__ import annotations

import pytest

from tests.bench.figures import Check, Row, Series, percentile, ratio
from tests.bench.report import report_text
from tests.bench.repositories import file_path, import_stream
from tests.bench.rounds import Contender, interleave


def test_a_percentile_is_a_measured_value() -> None:
    assert percentile([float(number) for number in range(1, 101)], 0.99) == 99.0
    assert percentile([3.0], 0.99) == 3.0


def test_a_ratio_compares_medians() -> None:
    assert ratio(Series(label="a", seconds=(1.0, 2.0, 9.0)), Series(label="b", seconds=(4.0,))) == 0.5


@pytest.mark.parametrize(
    ("value", "budget", "judged", "verdict"),
    [
        (1.0, 1.0, True, "ok"),
        (1.1, 1.0, True, "over"),
        (9.0, 1.0, False, "not judged"),
        (9.0, None, True, "reported"),
    ],
)
def test_a_check_is_over_only_above_a_judged_budget(
    value: float, budget: float | None, *, judged: bool, verdict: str
) -> None:
    assert Check(name="x", value=value, budget=budget, judged=judged).verdict == verdict


def test_a_row_that_failed_is_over() -> None:
    assert Row(name="x", title="x", failure="no git").is_over


def test_contenders_take_turns_and_another_goes_first_each_round() -> None:
    order: list[str] = []

    def contender(label: str) -> Contender:
        def measure(turn: int) -> float:
            order.append(f"{label}{turn}")
            return float(turn)

        return Contender(label=label, measure=measure)

    series = interleave((contender("a"), contender("b")), rounds=2, warm_up=1)
    assert order == ["a0", "b0", "b1", "a1", "a2", "b2"]
    assert series == (Series(label="a", seconds=(1.0, 2.0)), Series(label="b", seconds=(1.0, 2.0)))


def test_the_report_has_every_contender_check_and_failure() -> None:
    row = Row(
        name="claim",
        title="claims",
        series=(Series(label="plain", seconds=(0.001, 0.0021, 0.003)),),
        checks=(Check(name="p99", value=0.5, budget=1.5),),
    )
    text = report_text((row, Row(name="wake", title="waking", failure="no pool")), "a machine")
    assert "| claim | plain     | 3    | 1.0    | 2.1       | 3.0    |" in text
    assert "| claim | p99    | 0.50 x | ≤ 1.5 x | ok      |" in text
    assert "- wake: FAILED: no pool" in text


def test_the_generator_gives_the_same_files_for_the_same_seed() -> None:
    assert list(import_stream(files=50, seed=3)) == list(import_stream(files=50, seed=3))
    assert list(import_stream(files=50, seed=3)) != list(import_stream(files=50, seed=4))


def test_every_generated_file_has_a_path_of_its_own() -> None:
    assert len({file_path(number) for number in range(50_000)}) == 50_000
