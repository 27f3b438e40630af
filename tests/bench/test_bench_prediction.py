"""The figures about predictions are the right ones."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.bench.prediction.fit import average_precision, brier, calibration_error, fit
from tests.bench.prediction.made import write_made
from tests.bench.prediction.tracker import list_names, read_tracker
from tests.bench.rows.prediction import fit_on, predict
from tracks.conflicts.predict import Example, Signs, chance_of


def test_average_precision_is_1_in_the_right_order_and_the_share_in_none() -> None:
    assert average_precision([(0.9, True), (0.8, True), (0.1, False)]) == 1
    assert average_precision([(0.5, True), (0.5, False), (0.5, False), (0.5, False)]) == 0.25
    assert average_precision([(0.9, False), (0.8, True)]) == 0.5


def test_errors_are_0_where_chances_are_what_happens() -> None:
    sure = [(1.0, True)] * 10 + [(0.0, False)] * 10
    assert calibration_error(sure) == brier(sure) == 0
    assert calibration_error([(0.9, False)] * 10) == pytest.approx(0.9)


def test_a_fit_finds_the_weights_that_made_the_data() -> None:
    draw = Random(1)
    made = []
    for _ in range(3000):
        signs = Signs(0.0, draw.random(), draw.random(), 0.0)
        chance = chance_of(-2 + 3 * signs.likeness)
        made.append((Example(signs, draw.random() < chance), 1.0))
    weights = fit(made)
    assert weights.level == pytest.approx(-2, abs=0.3)
    assert weights.likeness == pytest.approx(3, abs=0.4)
    assert weights.together == pytest.approx(0, abs=0.3)


def test_a_made_up_tracker_is_predicted_better_than_by_chance(tmp_path: Path) -> None:
    write_made(tmp_path, seed=1)
    (name,) = list_names(tmp_path)
    tracker = read_tracker(tmp_path, name)
    share = sum(tracker.happened) / len(tracker.happened)
    scored = predict(tracker, fit_on([tracker], seed=1))
    assert average_precision(scored) > 2 * share
    assert calibration_error(scored) < 0.1
