"""What two tasks may both change: the quick sum against the plain one, and what outweighs what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import exp, log1p
from random import Random

import pytest

from tracks.conflicts.texts import Texts
from tracks.conflicts.touching import FLOOR, meeting_odds, telling, touch_of, usual_of
from tracks.conflicts.words import vectors_of
from tracks.footprints.learned import Change
from tracks.tasks.task import Task

FILES = tuple(f"src/{letter}.py" for letter in "abcdefghij")
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def change(number: int, *files: str) -> Change:
    return Change(f"t-{number}", float(number), frozenset(files))


def chance(one: object, other: object, past: list[Change]) -> float:
    return exp(meeting_odds(one, other, usual_of(past))) - FLOOR  # type: ignore[arg-type]


def test_the_sum_over_named_files_alone_is_about_the_one_over_all() -> None:
    draw = Random(3)
    for _ in range(50):
        past = [change(number, *draw.sample(FILES, draw.randint(1, 4))) for number in range(40)]
        usual = usual_of(past)
        both = []
        for _ in range(2):
            near = [(draw.random(), each) for each in draw.sample(past, draw.randint(0, 4))]
            named = {file: draw.uniform(0.1, 0.7) for file in draw.sample(FILES, draw.randint(0, 2))}
            both.append(touch_of(near, named, usual))
        one, other = both
        none = sum(
            log1p(-one.chances.get(file, one.rest * heat) * other.chances.get(file, other.rest * heat))
            for file, heat in usual.chances.items()
        )
        assert chance(one, other, past) == pytest.approx(1 - exp(none), abs=0.05)
        assert chance(one, other, past) == pytest.approx(chance(other, one, past))


def test_what_a_task_names_takes_the_place_of_what_tasks_like_it_changed() -> None:
    past = [change(number, "src/a.py") for number in range(10)]
    near = [(0.9, past[0])]
    usual = usual_of(past)
    silent, b, c = (touch_of(near, named, usual) for named in ({}, {"src/b.py": 0.6}, {"src/c.py": 0.6}))
    assert b.chances["src/a.py"] < silent.chances["src/a.py"]
    assert chance(silent, silent, past) > chance(silent, b, past) > chance(b, c, past)
    assert chance(b, b, past) > chance(b, c, past)


def test_a_sweeping_change_says_little_of_each_file_and_no_past_nothing() -> None:
    assert telling(change(1, *FILES)) == 0.4
    assert telling(change(1, "src/a.py")) == 1
    assert telling(change(1)) == 0
    assert chance(touch_of([], {}, usual_of([])), touch_of([], {}, usual_of([])), []) == pytest.approx(0)


def test_short_texts_are_less_like_and_tasks_made_together_are_closer() -> None:
    tasks = [
        Task("a", "guard commands", created=WHEN),
        Task("b", "guard commands", created=WHEN + timedelta(hours=1)),
        Task(
            "c", long := "guard commands of hooks that check every commit for files of others", created=WHEN
        ),
        Task("d", long),
    ]
    texts = Texts({each.id: each for each in tasks}, vectors_of(tasks), {})
    assert texts.likeness("a", "b") < texts.likeness("c", "d") < 1
    assert (texts.together("a", "c"), texts.together("a", "b"), texts.together("c", "d")) == (1, 0.5, 0)
