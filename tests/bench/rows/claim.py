"""Claims from 16 processes at once: never twice, never "locked", and nobody starves."""

from __future__ import annotations

from collections.abc import Mapping

from tests.bench.bench import Bench
from tests.bench.claims.engine import PLAIN, POOL
from tests.bench.claims.race import PROCESSES, Outcome, Race, run_race
from tests.bench.figures import Check, Row, Series, percentile

NAME = "claim"
TITLE = f"claim under {PROCESSES} processes"
BUDGETS = {"fast": 1.5, "slow": 0.1}
HOLDS = {"fast": 0.0, "slow": 0.004}  # 4 ms: about one fsync of a slow disk
SECONDS = {"fast": 3.0, "slow": 10.0}  # the starved wait for seconds: a short race would not see it
RACES = 3
QUICK_SECONDS, QUICK_RACES = 0.5, 1

Outcomes = Mapping[tuple[str, str], list[Outcome]]


def measure(bench: Bench) -> Row:
    """Fast commits and commits that take 4 ms, with the gate and without, in turns."""
    outcomes: Outcomes = {(speed, contender): [] for speed in HOLDS for contender in (PLAIN, POOL)}
    for number in range(QUICK_RACES if bench.quick else RACES):
        for speed, contender in outcomes:
            seconds = QUICK_SECONDS if bench.quick else SECONDS[speed]
            race = Race(python=bench.python, seconds=seconds, hold=HOLDS[speed])
            directory = bench.scratch / f"claim-{number}-{speed}-{contender.split()[0]}"
            outcomes[speed, contender].append(run_race(bench.shell, race, contender, directory))
    series = {key: join_seconds(key, races) for key, races in outcomes.items()}
    checks = [p99_check(speed, series, judged=not bench.quick) for speed in HOLDS]
    return Row(
        name=NAME,
        title=f"{TITLE}: commits fast, and slow (4 ms)",
        series=tuple(series.values()),
        checks=(*checks, *list_counts(outcomes)),
        notes=tuple(tail_note(each) for each in series.values()),
    )


def join_seconds(key: tuple[str, str], races: list[Outcome]) -> Series:
    """The claims of all races of one kind."""
    speed, contender = key
    seconds = tuple(second for race in races for second in race.seconds)
    return Series(label=f"{contender}, {speed}", seconds=seconds)


def p99_check(speed: str, series: Mapping[tuple[str, str], Series], *, judged: bool) -> Check:
    """The pool's tail against the plain one's."""
    pool, plain = (percentile(series[speed, contender].seconds, 0.99) for contender in (POOL, PLAIN))
    name = f"p99, commits {speed}: {POOL} / {PLAIN}"
    return Check(name=name, value=pool / plain, budget=BUDGETS[speed], judged=judged)


def list_counts(outcomes: Outcomes) -> tuple[Check, ...]:
    """What must never happen to the pool's store, at any speed."""
    races = [race for (_, contender), races in outcomes.items() if contender == POOL for race in races]
    return (
        Check(name="slots granted twice", value=sum(race.duplicates for race in races), budget=0, unit=""),
        Check(name='"database is locked"', value=sum(race.locked for race in races), budget=0, unit=""),
        Check(
            name="claims refused with slots free",
            value=sum(race.refused for race in races),
            budget=0,
            unit="",
        ),
    )


def tail_note(series: Series) -> str:
    """The tail, which the table of medians does not show."""
    p50, p99 = (1000 * percentile(series.seconds, share) for share in (0.5, 0.99))
    return f"{series.label}: {len(series.seconds)} claims, p50 {p50:.2f} ms, p99 {p99:.1f} ms"
