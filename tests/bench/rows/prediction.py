"""How well collisions are predicted on real trackers, against three simple ways.

Each tracker is judged by weights fitted on the others alone, its level set by its own past: for a
pair, by what was known before the first commit of the two. What could not be kept out is that the
text of a task may have been edited later, and that word frequencies are those of all its tasks.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random

from tests.bench.bench import Bench
from tests.bench.figures import Check, Row, Series
from tests.bench.prediction.fit import Scored, average_precision, brier, calibration_error, fit
from tests.bench.prediction.made import write_made
from tests.bench.prediction.tracker import SUFFIX, Tracker, list_names, read_tracker
from tests.fixtures.beads import DATA
from tracks.conflicts.predict import Weights, calibrated

NAME = "prediction"
TITLE = "collisions predicted on real trackers: average precision and calibration"
EACH = 1200  # pairs of a tracker that a fit looks at, so that none outweighs the others
FEWEST = 20  # collisions below which a figure says nothing
AGAIN = 1.15  # the level is set again when the past has grown by so much


def measure(bench: Bench) -> Row:
    """A check per tracker: the best simple way against ours."""
    data = DATA / "beads"
    is_real = any(data.glob(f"*{SUFFIX}"))
    if not is_real:
        data = bench.scratch / "made"
        write_made(data, bench.seed)
    trackers, series, too_few = [], [], []
    for name in list_names(data):
        begun = time.perf_counter()
        tracker = read_tracker(data, name)
        if sum(tracker.happened) < 2:
            too_few.append(f"{name}: {len(tracker.pairs)} pairs, too few to say anything")
        else:
            trackers.append(tracker)
            series.append(
                Series(label=f"{name}, {len(tracker.pairs):,} pairs", seconds=(time.perf_counter() - begun,))
            )
    judged = [judge(tracker, trackers, bench.seed) for tracker in trackers]
    notes = [note for _, note in judged] + too_few
    notes.append(f"weights fitted on all: {words_of(fit_on(trackers, bench.seed))}")
    if not is_real:
        notes.append(f"a made-up tracker: there are no real ones in {DATA / 'beads'}")
    checks = tuple(check for check, _ in judged)
    return Row(name=NAME, title=TITLE, series=tuple(series), checks=checks, notes=tuple(notes))


def judge(tracker: Tracker, trackers: Sequence[Tracker], seed: int) -> tuple[Check, str]:
    """The best simple way against ours, and all figures in words."""
    others = [each for each in trackers if each is not tracker]
    scored = predict(tracker, fit_on(others or [tracker], seed))
    simple = simple_ways(tracker)
    best = max(simple, key=lambda name: simple[name])
    name = f"{tracker.name}, {best} / ours"
    is_judged = sum(tracker.happened) >= FEWEST
    check = Check(name=name, value=simple[best] / average_precision(scored), budget=1, judged=is_judged)
    return check, note(tracker, scored, simple)


def simple_ways(tracker: Tracker) -> dict[str, float]:
    """The average precision of each."""
    ways = {
        "text mention": [pair.mention for pair in tracker.pairs],
        "history alone": [pair.history for pair in tracker.pairs],
        "title keywords": [pair.title for pair in tracker.pairs],
    }
    return {
        name: average_precision(zip(scores, tracker.happened, strict=True)) for name, scores in ways.items()
    }


def note(tracker: Tracker, scored: Sequence[Scored], simple: dict[str, float]) -> str:
    """All figures of a tracker in one line."""
    others = ", ".join(f"{name} {value:.3f}" for name, value in simple.items())
    return (
        f"{tracker.name}: {len(scored):,} pairs, {sum(tracker.happened):,} collided; average precision "
        f"{average_precision(scored):.3f} ({others}); calibration error {calibration_error(scored):.3f}, "
        f"Brier {brier(scored):.3f}"
    )


def fit_on(trackers: Sequence[Tracker], seed: int) -> Weights:
    """Weights from some trackers, each counting as much as the others."""
    draw = Random(seed)
    chosen = []
    for tracker in trackers:
        pairs = tracker.pairs if len(tracker.pairs) <= EACH else draw.sample(tracker.pairs, EACH)
        chosen += [(pair.example, 1000 / len(pairs)) for pair in pairs]
    return fit(chosen)


def predict(tracker: Tracker, weights: Weights) -> list[Scored]:
    """Each pair's chance, the level set by what had happened before."""
    scored: list[Scored] = []
    level, looked, moments = weights, 0, 0
    for at, pair in enumerate(tracker.pairs):
        moments += at == 0 or pair.moment > tracker.pairs[at - 1].moment
        if moments > AGAIN * looked + 2:
            looked = moments
            past = [each.example for each in tracker.pairs[:at] if each.known < pair.moment]
            level = calibrated(weights, past, moments)
        scored.append((pair.example.signs.chance(level), pair.example.collided))
    return scored


def words_of(weights: Weights) -> str:
    """Weights to paste."""
    return ", ".join(f"{name}={value:.2f}" for name, value in weights._asdict().items())
