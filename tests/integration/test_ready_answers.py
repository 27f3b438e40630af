"""What real `bd`s of both eras answered about real issue files is what we say, set by set."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.beads import DATA
from tracks.ready.readiness import Readiness, judge
from tracks.ready.rules import Rules
from tracks.tasks.beads import parse_issues

ANSWERS = sorted((DATA / "beads").glob("*.ready-*.json"))
NOW = datetime(2026, 11, 21, tzinfo=UTC)  # when they were asked

pytestmark = pytest.mark.skipif(not ANSWERS, reason=f"no real answers of bd in {DATA}/beads")


def judged(answer: Path) -> Readiness:
    """Our verdict on the file that the answer is about."""
    name, _, version = answer.stem.partition(".ready-")
    rules = Rules.OLD if version.startswith("0.") else Rules.NEW
    return judge(parse_issues((answer.parent / f"{name}.jsonl").read_bytes(), name).tasks, rules, NOW)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda path: path.stem)
def test_what_bd_called_ready_is_ready(answer: Path) -> None:
    assert sorted(judged(answer).ready) == json.loads(answer.read_bytes())["ready"]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda path: path.stem)
def test_what_bd_called_blocked_is_blocked_by_the_same(answer: Path) -> None:
    found = judged(answer)
    said: dict[str, Any] = json.loads(answer.read_bytes())["blocked"]
    assert found.blocked.keys() == said.keys()
    different = {each for each, by in said.items() if list(found.blocked[each]) != by}
    # Of the many parents of a task bd names any one: its rows have random keys.
    assert all(len(found.relations.parents[each]) > 1 and each in found.inherited for each in different)
    assert all(said[each][0] in found.relations.parents[each] for each in different)
