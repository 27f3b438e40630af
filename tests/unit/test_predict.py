"""Chances of collisions: what moves them, and that nothing of them comes from the future."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tracks.conflicts.forecast import forecast
from tracks.conflicts.ground import Ground
from tracks.conflicts.learning import footprint_of
from tracks.conflicts.predict import PRIOR, Case, Example, Signs, calibrated, chance_of, list_cases
from tracks.conflicts.texts import Texts
from tracks.conflicts.words import like_pairs, likeness, stem, vectors_of
from tracks.footprints.claim import Layer
from tracks.footprints.gathering import Facts
from tracks.footprints.learned import Change
from tracks.footprints.tree import Tree
from tracks.globs import compile_globs
from tracks.tasks.task import Task

START = datetime(2026, 1, 1, tzinfo=UTC)
AREAS = ("parser quotes nested", "mailer queue bounce", "ledger balance rounding")
PATHS = ("src/parser.py", "src/mailer.py", "src/ledger.py")
NOTHING = Signs(0.0, 0.0, 0.0, 0.0)


def task(number: int, **fields: object) -> Task:
    """A task of one of three areas."""
    made = START + timedelta(hours=number)
    title = f"{AREAS[number % 3]} step{number}"
    return Task(f"t-{number:02}", title=title, created=made)._replace(**fields)  # type: ignore[arg-type]


def change(number: int, *files: str) -> Change:
    """The commit of a task, long after all were made."""
    moment = (START + timedelta(days=3, hours=number)).timestamp()
    return Change(f"t-{number:02}", moment, frozenset(files or (PATHS[number % 3],)))


def ground(done: int, going: int) -> Ground:
    """Tasks of which the first are done."""
    tasks = [task(number, status="closed" if number < done else "open") for number in range(done + going)]
    return Ground(
        tasks={each.id: each for each in tasks},
        tree=Tree(path.encode() for path in PATHS),
        facts=Facts(),
        past=tuple(change(number) for number in range(done)),
        shared=compile_globs(()),
    )


def going(known: Ground) -> list[str]:
    """The open tasks."""
    return [task_id for task_id, each in known.tasks.items() if not each.is_over]


def test_tasks_that_read_alike_come_first() -> None:
    known = ground(done=12, going=6)
    found = forecast(known, going(known), 0.0).conflicts
    assert len(found) == 15
    assert {(each.a, each.b) for each in found[:3]} == {("t-12", "t-15"), ("t-13", "t-16"), ("t-14", "t-17")}
    assert [each.witness for each in found[:3]] == sorted(PATHS[each] for each in (0, 1, 2)) or {
        each.witness for each in found[:3]
    } == set(PATHS)
    assert {each.layer for each in found[:3]} == {Layer.LEARNED}


def test_without_a_past_the_prior_is_all_there_is() -> None:
    known = ground(done=0, going=6)
    made = forecast(known, going(known), 0.0)
    assert made.weights == PRIOR
    assert made.examples == 0
    assert all(0 < each.probability < 1 for each in made.conflicts)


def test_tasks_without_a_date_were_not_made_together() -> None:
    known = ground(done=0, going=0)
    dated = {"a": Task("a", created=START), "b": Task("b", created=START)}
    chances = [
        forecast(known._replace(tasks=tasks), ["a", "b"], 0.0).conflicts[0].probability
        for tasks in (dated, {"a": Task("a"), "b": Task("b")})
    ]
    assert chances[0] > chances[1]


def test_a_forecast_is_the_same_each_time_and_in_any_order() -> None:
    known = ground(done=12, going=9)
    wanted = going(known)
    assert forecast(known, wanted, 0.0) == forecast(known, wanted[::-1], 0.0)
    assert forecast(known, wanted) == forecast(known, wanted)


def test_an_epic_does_not_collide_with_what_is_below_it() -> None:
    declared = {"files": ["src/parser.py"]}
    tasks = [
        Task("e", metadata=declared),
        Task("e.1", parent="e"),
        Task("e.1.1", parent="e.1"),
        Task("e.2", parent="e"),
    ]
    known = ground(done=0, going=0)._replace(tasks={each.id: each for each in tasks})
    found = forecast(known, [each.id for each in tasks]).conflicts
    assert {(each.a, each.b) for each in found} == {("e.1", "e.2"), ("e.1.1", "e.2")}


def test_a_least_chance_leaves_out_the_others() -> None:
    known = ground(done=12, going=6)
    everything = forecast(known, going(known), 0.0).conflicts
    middle = everything[4].probability
    few = forecast(known, going(known), middle).conflicts
    assert few == tuple(each for each in everything if each.probability >= middle)


def test_what_was_learned_is_a_claim_of_its_own() -> None:
    claims = footprint_of(ground(done=12, going=3), "t-12").claims
    assert [(claim.path, claim.layer) for claim in claims] == [("src/parser.py", Layer.LEARNED)]
    assert "t-09" in claims[0].why
    assert footprint_of(ground(done=12, going=3)._replace(tree=Tree([])), "t-12").claims == ()


def known_by(cases: Iterator[Case], end: int) -> list[tuple[str, str, Signs]]:
    """What was known of the pairs whose first commit came before a change."""
    return [
        (case.a, case.b, case.model.signs(case.a, case.b))
        for case in list(cases)
        if case.moment < change(end).moment
    ]


@pytest.mark.parametrize("end", [3, 8])
def test_for_a_pair_nothing_counts_that_came_after_its_first_commit(end: int) -> None:
    tasks = {each.id: each for each in map(task, range(12))}
    texts = Texts(tasks, vectors_of(tasks.values()), {})
    past = [change(number) for number in range(12)]
    other = past[:end] + [change(number, "elsewhere.py", "src/parser.py") for number in range(end, 12)]
    shorter = past[:end] + past[end:][::-1]
    assert known_by(list_cases(texts, past), end) == known_by(list_cases(texts, other), end)
    assert known_by(list_cases(texts, past), end) == known_by(list_cases(texts, shorter), end)


def test_a_task_made_after_the_other_s_commit_is_no_pair_of_it() -> None:
    tasks = {"t-00": task(0), "t-01": task(1, created=START + timedelta(days=9))}
    assert list(list_cases(Texts(tasks, vectors_of(tasks.values()), {}), [change(0), change(1)])) == []


def test_the_past_moves_the_level_the_more_the_more_there_is() -> None:
    often = [Example(NOTHING, collided=True)] * 3
    few, many = (calibrated(PRIOR, often * times, 3 * times).level for times in (1, 100))
    assert PRIOR.level < few < many
    never = calibrated(PRIOR, [Example(NOTHING, collided=False)] * 300, 300)
    assert never.level < PRIOR.level
    assert chance_of(many) > 0.7


def test_a_crowd_of_the_past_is_known_to_have_named_a_path_in_common() -> None:
    known = ground(60, 1)
    metadata = {"files": ["src/**", "docs/**"]}
    tasks = {name: each._replace(metadata=metadata) for name, each in known.tasks.items()}
    made = forecast(known._replace(tasks=tasks), ["t-60"])
    assert (made.examples, made.weights) == (60 * 59 / 2, PRIOR)  # the level is that of those who name none


def test_words_are_compared_by_their_stems() -> None:
    assert [stem(word) for word in ("Parsing", "parsed", "the", "as", "HTTP")] == [
        "pars",
        "pars",
        "",
        "",
        "http",
    ]
    tasks = [
        Task("a", "parse quotes"),
        Task("b", "Parsing of quoteS"),
        Task("c", "mail"),
        Task("d", "ledger"),
    ]
    vectors = vectors_of(tasks)
    assert likeness(vectors["a"], vectors["b"]) > 0.4
    assert likeness(vectors["a"], vectors["c"]) == 0
    assert like_pairs(vectors) == {("a", "b")}
